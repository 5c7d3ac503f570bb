// SPDX-License-Identifier: BSD-3-Clause
#pragma once

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
 * the heap grows to its working size.
 */
class EventQueue final {
  public:
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
    bool isEmpty() const { return heap.empty(); }
    std::size_t pendingEvents() const { return heap.size(); }

    /** Tick of the next event, kMaxTick if there is none. */
    Tick nextTick() const { return heap.empty() ? kMaxTick : heap.front().tick; }

    /** Events handled so far. */
    std::uint64_t eventCount() const { return handledEvents; }

  private:
    struct Event {
        Tick tick;
        std::uint64_t order;            // priority (8 bits), component (24), rank (32)
        std::uint64_t sequenceAndKind;  // sequence (48 bits), kind (16)
        std::uint64_t argument;
    };

    static bool isBefore(const Event& left, const Event& right) {
        if (left.tick != right.tick) return left.tick < right.tick;
        if (left.order != right.order) return left.order < right.order;
        return left.sequenceAndKind < right.sequenceAndKind;
    }

    Event popFirst();

    std::vector<Event> heap;  // 4-ary: shallower than binary, children share a cache line pair
    std::vector<EventHandler*> handlers;
    std::vector<std::string> names;
    Tick currentTick = 0;
    std::uint64_t nextSequence = 0;
    std::uint64_t handledEvents = 0;
    bool isStopRequested = false;
};

}  // namespace harness
