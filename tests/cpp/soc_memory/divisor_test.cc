// SPDX-License-Identifier: BSD-3-Clause
#include "harness/port/divisor.hh"

#include <gtest/gtest.h>

#include <random>

namespace harness {
namespace {

constexpr std::uint64_t kMost = ~std::uint64_t{0};

void expectExact(std::uint64_t number, std::uint64_t divisor) {
    const Divisor tested(divisor);
    EXPECT_EQ(tested.quotient(number), number / divisor) << number << " / " << divisor;
    EXPECT_EQ(tested.remainder(number), number % divisor) << number << " % " << divisor;
}

TEST(Divisor, IsExactAroundMultiples) {
    for (const std::uint64_t divisor : {1ull, 2ull, 3ull, 64ull, 400ull, 625ull, 1000ull, 1249ull,
                                        (1ull << 32) + 1, (1ull << 63) - 1, 1ull << 63, ~0ull}) {
        const std::uint64_t largest = kMost / divisor * divisor;
        for (const std::uint64_t multiple : {std::uint64_t{0}, divisor, largest}) {
            for (const std::uint64_t number : {multiple - 1, multiple, multiple + 1}) {
                expectExact(number, divisor);
            }
        }
        expectExact(kMost, divisor);
    }
}

TEST(Divisor, IsExactForAnySizes) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 100000; ++i) {
        expectExact(random() >> random() % 64, (random() >> random() % 64) | 1);
    }
}

}  // namespace
}  // namespace harness
