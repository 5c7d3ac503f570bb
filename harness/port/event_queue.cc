// SPDX-License-Identifier: BSD-3-Clause
#include "harness/port/event_queue.hh"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace harness {

namespace {
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
    const Tick ahead = (when >> kBucketShift) - (currentTick >> kBucketShift);
    if (ahead < kBuckets && insertIntoWheel(event)) return;
    later.push_back(event);
    std::push_heap(later.begin(), later.end(), isAfter);
}

bool EventQueue::insertIntoWheel(const Event& event) {
    if (freeNode == kNoNode) {
        freeNode = static_cast<std::uint32_t>(nodes.size());
        nodes.push_back(Node{event, kNoNode});
    }
    const std::size_t bucket = bucketOf(event.tick);
    std::uint32_t* link = &buckets[bucket];
    for (unsigned steps = 0; *link != kNoNode; ++steps) {
        Node& other = nodes[*link];
        if (isBefore(event, other.event)) break;
        if (steps == kLongestWalk) return false;
        link = &other.next;
    }
    const std::uint32_t id = freeNode;
    freeNode = nodes[id].next;
    nodes[id] = Node{event, *link};
    *link = id;
    occupied[bucket / kWordBits] |= std::uint64_t{1} << bucket % kWordBits;
    ++wheelEvents;
    return true;
}

void EventQueue::removeFirst(const Event* event) {
    if (!later.empty() && event == &later.front()) {
        std::pop_heap(later.begin(), later.end(), isAfter);
        later.pop_back();
        return;
    }
    const std::size_t bucket = bucketOf(event->tick);
    const std::uint32_t id = buckets[bucket];
    buckets[bucket] = nodes[id].next;
    if (buckets[bucket] == kNoNode) {
        occupied[bucket / kWordBits] &= ~(std::uint64_t{1} << bucket % kWordBits);
    }
    nodes[id].next = freeNode;
    freeNode = id;
    --wheelEvents;
}

RunExit EventQueue::runUntil(Tick limit) {
    isStopRequested = false;
    while (const Event* next = first()) {
        if (next->tick > limit) return RunExit::LimitReached;
        const Event event = *next;
        removeFirst(next);
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
