// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <atomic>

#include "gem5_configs/guest/runtime/pool.hh"
#include "gem5_configs/guest/runtime/self_test.hh"

namespace harness::guest {
namespace {

void countRounds(std::uint32_t threads, std::uint32_t spins) {
    Pool pool(threads, spins);
    std::atomic<std::uint64_t> seen{0};
    std::uint64_t expected = 0;
    for (std::uint32_t round = 0; round < 2000; ++round) {
        const std::uint32_t count = 1 + round % threads;
        const Pool::Job job = [&](std::uint32_t thread) { seen += thread; };
        pool.start(count, job);
        pool.join();
        expected += count * (count - 1) / 2;
        ASSERT_EQ(seen.load(), expected) << "round " << round;
        ASSERT_TRUE(pool.isDone());
    }
}

TEST(Pool, GivesEachThreadItsPartInEveryRound) { countRounds(4, 200); }

TEST(Pool, MissesNoRaiseWhenThreadsSleepAtOnce) { countRounds(3, 0); }

TEST(SelfTest, PassesHere) {
    EXPECT_NO_THROW(selfTest(1, 10));
    EXPECT_NO_THROW(selfTest(4, 10));
}

}  // namespace
}  // namespace harness::guest
