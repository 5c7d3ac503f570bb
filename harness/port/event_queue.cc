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

EventQueue::Event* EventQueue::firstAhead() const {
    // Nothing lies behind the present bucket: what seems to lies ahead by almost a turn.
    const std::size_t present = bucketOf(currentTick);
    std::size_t word = present / kWordBits;
    std::uint64_t bits = occupied[word] & ~std::uint64_t{0} << present % kWordBits;
    for (std::size_t words = 0; bits == 0; ++words) {
        if (words == occupied.size()) return nullptr;
        word = (word + 1) % occupied.size();
        bits = occupied[word];
    }
    return buckets[word * kWordBits + static_cast<unsigned>(__builtin_ctzll(bits))];
}

EventQueue::Event* EventQueue::earlierOfBoth(Event* next) const {
    if (later.empty()) return next;
    return next == nullptr || isAfter(next, later.front()) ? later.front() : next;
}

void EventQueue::removeLater() {
    std::pop_heap(later.begin(), later.end(), isAfter);
    later.pop_back();
    laterTick = later.empty() ? kMaxTick : later.front()->tick;
}

RunExit EventQueue::runUntil(Tick limit) {
    isStopRequested = false;
    while (Event* event = first()) {
        if (event->tick > limit) return RunExit::LimitReached;
        remove(event);  // its fields stay until the handler schedules another
        currentTick = event->tick;
        ++handledEvents;
        const auto component = static_cast<ComponentId>(event->order >> 32 & (kMaxComponents - 1));
        handlers[component]->handleEvent(event->kind, event->argument);
        if (isStopRequested) return RunExit::Stopped;
    }
    return RunExit::Empty;
}

}  // namespace harness
