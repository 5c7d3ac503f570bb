// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
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
    EventQueue() { buckets.fill(kNoNode); }

    /** Register a component; `handler` must outlive the queue's use. */
    ComponentId addComponent(EventHandler& handler, std::string name);

    const std::string& componentName(ComponentId component) const { return names[component]; }

    /** `when` must not be before `now()`; std::logic_error otherwise (a bug of the caller). */
    void schedule(Tick when, Priority priority, ComponentId component, std::uint16_t kind,
                  std::uint64_t argument = 0, std::uint32_t rank = 0);

    /** Run every event whose tick is <= `limit`, in order, unless one asks to stop. */
    RunExit runUntil(Tick limit);

    /** Make `runUntil` return after the event that is being handled. */
    void requestStop() { isStopRequested = true; }

    Tick now() const { return currentTick; }
    bool isEmpty() const { return first() == nullptr; }
    std::size_t pendingEvents() const { return wheelEvents + later.size(); }

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
        std::uint64_t order;            // priority (8 bits), component (24), rank (32)
        std::uint64_t sequenceAndKind;  // sequence (48 bits), kind (16)
        std::uint64_t argument;
    };

    /** An event in its bucket's list, or a free one. */
    struct Node {
        Event event;
        std::uint32_t next;
    };

    static constexpr unsigned kBucketShift = 9;  // 512 ps: about a clock of a bus or a core
    static constexpr std::size_t kBuckets = 512;
    static constexpr unsigned kWordBits = 64;
    static constexpr unsigned kLongestWalk = 16;
    static constexpr std::uint32_t kNoNode = ~std::uint32_t{0};

    static bool isBefore(const Event& left, const Event& right) {
        if (left.tick != right.tick) return left.tick < right.tick;
        if (left.order != right.order) return left.order < right.order;
        return left.sequenceAndKind < right.sequenceAndKind;
    }
    static bool isAfter(const Event& left, const Event& right) { return isBefore(right, left); }

    static std::size_t bucketOf(Tick tick) { return tick >> kBucketShift & (kBuckets - 1); }

    /** The bucket of the wheel's first event; there must be one. */
    std::size_t firstBucket() const {
        // No event lies behind the present bucket: what seems to does so after a turn.
        const std::size_t present = bucketOf(currentTick);
        std::size_t word = present / kWordBits;
        std::uint64_t bits = occupied[word] & ~std::uint64_t{0} << present % kWordBits;
        while (bits == 0) {
            word = (word + 1) % occupied.size();
            bits = occupied[word];
        }
        return word * kWordBits + static_cast<unsigned>(__builtin_ctzll(bits));
    }

    /** The next event, null if there is none. */
    const Event* first() const {
        const Event* next = wheelEvents == 0 ? nullptr : &nodes[buckets[firstBucket()]].event;
        if (!later.empty() && (next == nullptr || isBefore(later.front(), *next))) {
            next = &later.front();
        }
        return next;
    }

    /** False if the event's bucket is crowded. */
    bool insertIntoWheel(const Event& event);
    void removeFirst(const Event* event);

    std::array<std::uint32_t, kBuckets> buckets;  // first node of each
    std::array<std::uint64_t, kBuckets / kWordBits> occupied{};
    std::vector<Node> nodes;
    std::uint32_t freeNode = kNoNode;
    std::size_t wheelEvents = 0;
    std::vector<Event> later;  // a heap, the first event in front
    std::vector<EventHandler*> handlers;
    std::vector<std::string> names;
    Tick currentTick = 0;
    std::uint64_t nextSequence = 0;
    std::uint64_t handledEvents = 0;
    bool isStopRequested = false;
};

}  // namespace harness
