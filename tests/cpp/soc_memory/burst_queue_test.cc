// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/burst_queue.hh"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace harness {
namespace {

TEST(BurstQueue, KeepsTheOrderOfArrivalWhicheverBurstIsTaken) {
    std::mt19937 random(2);
    BurstQueue queue;
    std::deque<std::uint64_t> expected;
    for (std::uint64_t number = 0; number < 3000; ++number) {
        queue.push(number, DramPlace{}, nullptr, number);
        expected.push_back(number);
        while (expected.size() > 1 + random() % 40) {
            const std::size_t chosen = random() % expected.size();
            EXPECT_EQ(queue.take(queue.begin() + chosen).number, expected[chosen]);
            expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(chosen));
        }
        ASSERT_EQ(queue.size(), expected.size());
        const Burst* burst = queue.begin();
        for (const std::uint64_t each : expected) ASSERT_EQ((burst++)->number, each);
        ASSERT_EQ(burst, queue.end());
    }
}

}  // namespace
}  // namespace harness
