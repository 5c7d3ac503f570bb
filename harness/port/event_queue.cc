// SPDX-License-Identifier: BSD-3-Clause
#include "harness/port/event_queue.hh"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace harness {

namespace {
constexpr ComponentId kMaxComponents = 1u << 24;
}  // namespace

ComponentId EventQueue::addComponent(EventHandler& handler, std::string name) {
    if (handlers.size() >= kMaxComponents) throw std::logic_error("too many components");
    handlers.push_back(&handler);
    names.push_back(std::move(name));
    return static_cast<ComponentId>(handlers.size() - 1);
}

void EventQueue::addEvent() { free = &events.emplace_back(); }

void EventQueue::insert(Event* event) {
    if (event->tick < currentTick) throw std::logic_error("event scheduled in the past");
    event->sequence = nextSequence++;
    const Tick ahead = (event->tick >> kBucketShift) - (currentTick >> kBucketShift);
    if (ahead >= kBuckets || !insertIntoWheel(event)) insertLater(event);
}

bool EventQueue::insertIntoWheel(Event* event) {
    const std::size_t bucket = bucketOf(event->tick);
    Event** link = &buckets[bucket];
    for (unsigned steps = 0; *link != nullptr && isNotAfter(**link, *event); ++steps) {
        if (steps == kLongestWalk) return false;
        link = &(*link)->next;
    }
    event->next = *link;
    *link = event;
    occupied[bucket / kWordBits] |= std::uint64_t{1} << bucket % kWordBits;
    return true;
}

void EventQueue::insertLater(Event* event) {
    later.push_back(event);
    std::push_heap(later.begin(), later.end(), isAfter);
    laterTick = later.front()->tick;
}

std::size_t EventQueue::bucketAhead(std::size_t present) const {
    // Nothing lies behind the present bucket: what seems to lies ahead by almost a turn.
    std::size_t word = present / kWordBits;
    std::uint64_t bits = occupied[word] & ~std::uint64_t{0} << present % kWordBits;
    for (std::size_t words = 0; bits == 0; ++words) {
        if (words == occupied.size()) return present;
        word = (word + 1) % occupied.size();
        bits = occupied[word];
    }
    return word * kWordBits + static_cast<unsigned>(__builtin_ctzll(bits));
}

void EventQueue::removeFirst(std::size_t bucket) {
    Event* const second = buckets[bucket]->next;
    const std::uint64_t isLast = second == nullptr;
    buckets[bucket] = second;
    occupied[bucket / kWordBits] &= ~(isLast << bucket % kWordBits);
}

void EventQueue::removeLater() {
    std::pop_heap(later.begin(), later.end(), isAfter);
    later.pop_back();
    laterTick = later.empty() ? kMaxTick : later.front()->tick;
}

RunExit EventQueue::runUntil(Tick limit) {
    isStopRequested = false;
    while (true) {
        const std::size_t bucket = firstBucket();
        Event* const inWheel = buckets[bucket];
        Event* const event = earlierOfBoth(inWheel);
        if (event == nullptr) return RunExit::Empty;
        if (event->tick > limit) return RunExit::LimitReached;
        event == inWheel ? removeFirst(bucket) : removeLater();
        event->next = free;
        free = event;  // its fields stay until the handler schedules another
        currentTick = event->tick;
        ++handledEvents;
        const auto component = static_cast<ComponentId>(event->order >> 32 & (kMaxComponents - 1));
        handlers[component]->handleEvent(event->kind, event->argument);
        if (isStopRequested) return RunExit::Stopped;
    }
}

}  // namespace harness
