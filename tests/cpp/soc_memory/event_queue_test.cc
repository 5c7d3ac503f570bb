// SPDX-License-Identifier: BSD-3-Clause
#include "harness/port/event_queue.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <tuple>
#include <vector>

namespace harness {
namespace {

class Log final : public EventHandler {
  public:
    explicit Log(std::vector<std::uint64_t>& log) : seen(log) {}
    void handleEvent(std::uint16_t, std::uint64_t argument) override { seen.push_back(argument); }
    std::vector<std::uint64_t>& seen;
};

TEST(EventQueue, OrdersByTickThenPriorityThenComponentThenRankThenSequence) {
    std::vector<std::uint64_t> seen;
    Log first(seen);
    Log second(seen);
    EventQueue queue;
    const ComponentId a = queue.addComponent(first, "a");
    const ComponentId b = queue.addComponent(second, "b");
    queue.schedule(20, Priority::Response, a, 0, 8);
    queue.schedule(10, Priority::Arbitrate, a, 0, 7);
    queue.schedule(10, Priority::Issue, b, 0, 6, 0);
    queue.schedule(10, Priority::Issue, a, 0, 5, 2);
    queue.schedule(10, Priority::Issue, a, 0, 3, 1);
    queue.schedule(10, Priority::Issue, a, 0, 4, 1);
    queue.schedule(10, Priority::Response, b, 0, 2);
    queue.schedule(9, Priority::Arbitrate, b, 0, 1);
    EXPECT_EQ(queue.runUntil(kMaxTick), RunExit::Empty);
    EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8}));
    EXPECT_EQ(queue.eventCount(), 8u);
}

TEST(EventQueue, RandomEventsComeOutSorted) {
    std::mt19937_64 random(7);
    std::vector<std::uint64_t> seen;
    Log log(seen);
    EventQueue queue;
    const ComponentId id = queue.addComponent(log, "log");
    std::vector<std::tuple<Tick, std::uint64_t, std::uint64_t>> expected;
    for (std::uint64_t i = 0; i < 5000; ++i) {
        const Tick tick = random() % 97;
        const auto rank = static_cast<std::uint32_t>(random() % 5);
        queue.schedule(tick, Priority::Issue, id, 0, i, rank);
        expected.emplace_back(tick, rank, i);
    }
    std::sort(expected.begin(), expected.end());
    queue.runUntil(kMaxTick);
    ASSERT_EQ(seen.size(), expected.size());
    for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], std::get<2>(expected[i]));
}

/** Schedules events at all distances until enough are made, and remembers what came when. */
class Chain final : public EventHandler {
  public:
    explicit Chain(EventQueue& events) : queue(events), id(events.addComponent(*this, "chain")) {}

    void handleEvent(std::uint16_t, std::uint64_t number) override {
        seen.push_back(expected[number]);
        for (int i = 0; i < 3 && expected.size() < 20000; ++i) schedule();
    }

    void schedule() {
        const Tick distance = random() % (Tick{1} << random() % 22);  // none to far over the wheel
        const auto rank = static_cast<std::uint32_t>(random() % 3);
        const std::uint64_t number = expected.size();
        queue.schedule(queue.now() + distance, Priority::Issue, id, 0, number, rank);
        expected.emplace_back(queue.now() + distance, rank, number);
    }

    EventQueue& queue;
    ComponentId id;
    std::mt19937_64 random{11};
    std::vector<std::tuple<Tick, std::uint64_t, std::uint64_t>> expected, seen;
};

TEST(EventQueue, NearAndFarEventsComeOutInOneOrder) {
    EventQueue queue;
    Chain chain(queue);
    for (int i = 0; i < 100; ++i) chain.schedule();
    EXPECT_EQ(queue.pendingEvents(), 100u);
    EXPECT_EQ(queue.runUntil(kMaxTick), RunExit::Empty);
    EXPECT_EQ(queue.pendingEvents(), 0u);
    // An event made late in a tick may have to follow a later rank of the same tick.
    const auto tickBefore = [](const auto& left, const auto& right) {
        return std::get<0>(left) < std::get<0>(right);
    };
    EXPECT_TRUE(std::is_sorted(chain.seen.begin(), chain.seen.end(), tickBefore));
    std::sort(chain.seen.begin(), chain.seen.end());
    std::sort(chain.expected.begin(), chain.expected.end());
    EXPECT_EQ(chain.seen, chain.expected);
}

TEST(EventQueue, AnEventMetFromAfarComesBeforeOnesMadeLaterForItsTick) {
    std::vector<std::uint64_t> seen;
    Log log(seen);
    EventQueue queue;
    const ComponentId id = queue.addComponent(log, "log");
    const Tick far = 1000000;
    queue.schedule(far, Priority::Issue, id, 0, 2, 1);
    queue.schedule(far - 1, Priority::Issue, id, 0, 0);
    EXPECT_EQ(queue.runUntil(far - 1), RunExit::LimitReached);
    queue.schedule(far, Priority::Issue, id, 0, 3, 1);
    queue.schedule(far, Priority::Issue, id, 0, 1, 0);
    EXPECT_EQ(queue.nextTick(), far);
    EXPECT_EQ(queue.runUntil(far), RunExit::Empty);
    EXPECT_EQ(seen, (std::vector<std::uint64_t>{0, 1, 2, 3}));
}

TEST(EventQueue, StopsAtTheLimitAndNotOneTickEarlier) {
    std::vector<std::uint64_t> seen;
    Log log(seen);
    EventQueue queue;
    const ComponentId id = queue.addComponent(log, "log");
    queue.schedule(100, Priority::Issue, id, 0, 1);
    EXPECT_EQ(queue.runUntil(99), RunExit::LimitReached);
    EXPECT_TRUE(seen.empty());
    EXPECT_EQ(queue.runUntil(100), RunExit::Empty);
    EXPECT_EQ(seen.size(), 1u);
    EXPECT_EQ(queue.now(), 100u);
}

TEST(EventQueue, RefusesAnEventInThePast) {
    std::vector<std::uint64_t> seen;
    Log log(seen);
    EventQueue queue;
    const ComponentId id = queue.addComponent(log, "log");
    queue.schedule(100, Priority::Issue, id, 0);
    queue.runUntil(kMaxTick);
    EXPECT_THROW(queue.schedule(99, Priority::Issue, id, 0), std::logic_error);
}

}  // namespace
}  // namespace harness
