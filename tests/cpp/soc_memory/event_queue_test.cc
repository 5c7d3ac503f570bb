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
