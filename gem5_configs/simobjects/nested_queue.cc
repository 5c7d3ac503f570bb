// SPDX-License-Identifier: BSD-3-Clause
#include "nested_queue.hh"

namespace gem5 {

namespace {

/// After the responses of a tick have come (gem5's default), before CPUs start their cycle.
constexpr Event::Priority afterResponses = Event::CPU_Tick_Pri - 5;

}  // namespace

NestedQueue::NestedQueue(EventManager& manager, const std::string& name)
    : manager(manager), event([this] { run(); }, name + ".executor", false, afterResponses) {}

void NestedQueue::schedule(Tick when, harness::Priority priority, harness::ComponentId component,
                           std::uint16_t kind, std::uint64_t argument) {
    if (isStopped) return;
    events.schedule(when, priority, component, kind, argument);
    arm();
}

void NestedQueue::stopForGood() {
    isStopped = true;
    if (event.scheduled()) manager.deschedule(event);
}

void NestedQueue::run() {
    isRunning = true;
    while (!isStopped && events.runUntil(curTick()) == harness::RunExit::Stopped) onStop();
    isRunning = false;
    arm();
    if (events.isEmpty() && onEmpty) onEmpty();
}

void NestedQueue::arm() {
    if (isRunning || isStopped || events.isEmpty()) return;
    const Tick next = events.nextTick();
    if (!event.scheduled())
        manager.schedule(event, next);
    else if (next < event.when())
        manager.reschedule(event, next);
}

}  // namespace gem5
