// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "harness/port/types.hh"

namespace harness {

/** Order of events at one tick. What frees or delivers comes before what takes or decides. */
enum class Priority : std::uint8_t {
    /** Data or an acknowledgement reaches the component that waits for it. */
    Response = 0,
    /** A unit of work ends and its resource becomes free. */
    Completion = 1,
    /** The accelerator model is asked; it sees everything that ended at this tick. */
    Exchange = 2,
    /** A component starts new work with what is free at this tick. */
    Issue = 3,
    /** A request reaches the next component on its way. */
    Arrival = 4,
    /** A shared resource picks among all requests of this tick, so their order cannot matter. */
    Arbitrate = 5,
};

/** Names a component in the event order; ids follow the order of registration. */
using ComponentId = std::uint32_t;

/** What a component does when one of its events is due. */
class EventHandler {
  public:
    virtual ~EventHandler() = default;

    /** `kind` and `argument` are what the component itself passed to `schedule`. */
    virtual void handleEvent(std::uint16_t kind, std::uint64_t argument) = 0;
};

/** Why `EventQueue::runUntil` came back. */
enum class RunExit : std::uint8_t {
    /** No event is left. */
    Empty,
    /** The next event is later than the limit. */
    LimitReached,
    /** An event called `requestStop`. */
    Stopped,
};

/**
 * The events of the SoC in one total order: (tick, priority, component, rank, sequence).
 *
 * `rank` is the component's own order (a port, a node id). The sequence number decides only
 * between events of one component with one rank, in the order in which they were scheduled;
 * two components are never ordered by who scheduled first. Scheduling allocates only while
 * the queue grows to its working size.
 *
 * Most events are due within a few clocks. A wheel of buckets takes those of the next 262 ns,
 * each bucket a short sorted list, so that both ends cost a few instructions; a heap takes what
 * lies further ahead or finds its bucket crowded. Which of the two an event went to shows nowhere:
 * the first of both is next.
 */
class EventQueue final {
  public:
    /** Register a component; `handler` must outlive the queue's use. */
    ComponentId addComponent(EventHandler& handler, std::string name);

    const std::string& componentName(ComponentId component) const { return names[component]; }

    /** `when` must not be before `now()`; std::logic_error otherwise (a bug of the caller). */
    void schedule(Tick when, Priority priority, ComponentId component, std::uint16_t kind,
                  std::uint64_t argument = 0, std::uint32_t rank = 0) {
        if (free == nullptr) addEvent();
        Event* event = std::exchange(free, free->next);
        event->tick = when;
        event->order = static_cast<std::uint64_t>(priority) << 56 |
                       static_cast<std::uint64_t>(component) << 32 | rank;
        event->argument = argument;
        event->kind = kind;
        insert(event);
    }

    /** Run every event whose tick is <= `limit`, in order, unless one asks to stop. */
    RunExit runUntil(Tick limit);

    /** Make `runUntil` return after the event that is being handled. */
    void requestStop() { isStopRequested = true; }

    Tick now() const { return currentTick; }
    bool isEmpty() const { return pendingEvents() == 0; }
    std::size_t pendingEvents() const { return nextSequence - handledEvents; }

    /** Tick of the next event, kMaxTick if there is none. */
    Tick nextTick() const {
        const Event* next = first();
        return next == nullptr ? kMaxTick : next->tick;
    }

    /** Events handled so far. */
    std::uint64_t eventCount() const { return handledEvents; }

  private:
    struct Event {
        Tick tick;
        std::uint64_t order;  // priority (8 bits), component (24), rank (32)
        std::uint64_t sequence;
        std::uint64_t argument;
        Event* next;  // of its bucket, or of the free ones
        std::uint16_t kind;
    };

    static constexpr unsigned kBucketShift = 8;  // 256 ps: less than a clock, so that most are free
    static constexpr std::size_t kBuckets = 1024;
    static constexpr unsigned kWordBits = 64;
    static constexpr unsigned kLongestWalk = 16;

    /** Whether `left` comes first if it was scheduled first; no branch but the caller's. */
    static bool isNotAfter(const Event& left, const Event& right) {
        return (left.tick < right.tick) | ((left.tick == right.tick) & (left.order <= right.order));
    }
    /** Of two events whose sequence is not known beforehand. */
    static bool isAfter(const Event* left, const Event* right) {
        if (left->tick != right->tick) return left->tick > right->tick;
        if (left->order != right->order) return left->order > right->order;
        return left->sequence > right->sequence;
    }

    static std::size_t bucketOf(Tick tick) { return tick >> kBucketShift & (kBuckets - 1); }

    /** The bucket of the wheel's first event; an empty one if there is none. */
    std::size_t firstBucket() const {
        const std::size_t present = bucketOf(currentTick);
        return buckets[present] != nullptr ? present : bucketAhead(present);
    }
    std::size_t bucketAhead(std::size_t present) const;
    /** The heap's first event or the wheel's, null if there is neither. */
    Event* earlierOfBoth(Event* inWheel) const {
        if (inWheel != nullptr && inWheel->tick < laterTick) return inWheel;
        if (later.empty()) return inWheel;
        return inWheel == nullptr || isAfter(inWheel, later.front()) ? later.front() : inWheel;
    }
    Event* first() const { return earlierOfBoth(buckets[firstBucket()]); }

    /** Make one more event, the only free one. */
    void addEvent();
    void insert(Event* event);
    /** False if the event's bucket is crowded. */
    bool insertIntoWheel(Event* event);
    void insertLater(Event* event);
    void removeLater();
    void removeFirst(std::size_t bucket);

    std::array<Event*, kBuckets> buckets{};  // first event of each
    std::array<std::uint64_t, kBuckets / kWordBits> occupied{};
    std::vector<Event*> later;  // a heap, the first event in front
    Tick laterTick = kMaxTick;  // of that one
    std::deque<Event> events;   // all that were ever needed at once
    Event* free = nullptr;
    std::vector<EventHandler*> handlers;
    std::vector<std::string> names;
    Tick currentTick = 0;
    std::uint64_t nextSequence = 0;
    std::uint64_t handledEvents = 0;
    bool isStopRequested = false;
};

}  // namespace harness
