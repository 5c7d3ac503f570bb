// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_NESTED_QUEUE_HH
#define HARNESS_NESTED_QUEUE_HH

#include <functional>
#include <string>

#include "harness/port/event_queue.hh"
#include "sim/eventq.hh"

namespace gem5 {

/**
 * The executor's own event queue, run by one gem5 event.
 *
 * Its total order (tick, priority, component, rank) holds for all accelerators of a bridge, so
 * that gem5's order of events at one tick, last in first out, never decides anything. Whatever
 * comes from gem5 (a response, a doorbell) enters as an event at the present tick.
 */
class NestedQueue final {
  public:
    NestedQueue(EventManager& manager, const std::string& name);

    harness::EventQueue events;

    /// What to do when an event has asked to stop: the model must answer.
    std::function<void()> onStop;
    /// Called when the last event was run: nothing goes on any more.
    std::function<void()> onEmpty;

    /// Schedules an event of the inner queue; must not be called with a tick in the past.
    void schedule(Tick when, harness::Priority priority, harness::ComponentId component,
                  std::uint16_t kind, std::uint64_t argument = 0);

    bool isEmpty() const { return events.isEmpty(); }

    /// Forgets what was scheduled: the bridge has failed and nothing is to happen any more.
    void stopForGood();

  private:
    void run();
    void arm();

    EventManager& manager;
    EventFunctionWrapper event;
    bool isRunning = false;
    bool isStopped = false;
};

}  // namespace gem5

#endif
