// SPDX-License-Identifier: BSD-3-Clause
#include "harness/port/event_queue.hh"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace harness {

namespace {
constexpr std::size_t kChildren = 4;
constexpr unsigned kKindBits = 16;
constexpr std::uint64_t kKindMask = (1u << kKindBits) - 1;
constexpr ComponentId kMaxComponents = 1u << 24;
}  // namespace

ComponentId EventQueue::addComponent(EventHandler& handler, std::string name) {
    if (handlers.size() >= kMaxComponents) throw std::logic_error("too many components");
    handlers.push_back(&handler);
    names.push_back(std::move(name));
    return static_cast<ComponentId>(handlers.size() - 1);
}

void EventQueue::schedule(Tick when, Priority priority, ComponentId component, std::uint16_t kind,
                          std::uint64_t argument, std::uint32_t rank) {
    if (when < currentTick) throw std::logic_error("event scheduled in the past");
    const Event event{when,
                      static_cast<std::uint64_t>(priority) << 56 |
                          static_cast<std::uint64_t>(component) << 32 | rank,
                      nextSequence++ << kKindBits | kind, argument};
    std::size_t hole = heap.size();
    heap.push_back(event);
    while (hole > 0) {
        const std::size_t parent = (hole - 1) / kChildren;
        if (!isBefore(event, heap[parent])) break;
        heap[hole] = heap[parent];
        hole = parent;
    }
    heap[hole] = event;
}

EventQueue::Event EventQueue::popFirst() {
    const Event first = heap.front();
    const Event last = heap.back();
    heap.pop_back();
    const std::size_t size = heap.size();
    std::size_t hole = 0;
    for (;;) {
        const std::size_t child = hole * kChildren + 1;
        if (child >= size) break;
        std::size_t best = child;
        const std::size_t end = std::min(child + kChildren, size);
        for (std::size_t i = child + 1; i < end; ++i) {
            if (isBefore(heap[i], heap[best])) best = i;
        }
        if (!isBefore(heap[best], last)) break;
        heap[hole] = heap[best];
        hole = best;
    }
    if (size > 0) heap[hole] = last;
    return first;
}

RunExit EventQueue::runUntil(Tick limit) {
    isStopRequested = false;
    while (!heap.empty()) {
        if (heap.front().tick > limit) return RunExit::LimitReached;
        const Event event = popFirst();
        currentTick = event.tick;
        ++handledEvents;
        const auto component = static_cast<ComponentId>(event.order >> 32 & (kMaxComponents - 1));
        handlers[component]->handleEvent(
            static_cast<std::uint16_t>(event.sequenceAndKind & kKindMask), event.argument);
        if (isStopRequested) return RunExit::Stopped;
    }
    return RunExit::Empty;
}

}  // namespace harness
