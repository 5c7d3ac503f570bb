// SPDX-License-Identifier: BSD-3-Clause
#include "harness/kernels/copy.hh"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "harness/kernels/half.hh"

namespace harness {
namespace {

std::vector<std::uint8_t> counted(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t(1));
    return bytes;
}

TEST(CopyNd, MovesABlockOutOfAnImage) {
    CopyShape shape;
    shape.rank = 3;
    shape.extents = {2, 3, 4};
    shape.sourceStridesBytes = {40, 8, 0};
    shape.destinationStridesBytes = {12, 4, 0};
    const auto source = counted(80);
    std::vector<std::uint8_t> destination(24);
    copyNd(destination.data(), source.data(), shape);
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 3; ++j)
            for (int k = 0; k < 4; ++k)
                EXPECT_EQ(destination[i * 12 + j * 4 + k], source[i * 40 + j * 8 + k]);
}

TEST(CopyNd, VisitsAsManyRunsAsItSays) {
    CopyShape shape;
    shape.rank = 4;
    shape.extents = {2, 1, 5, 16};
    std::uint64_t runs = 0;
    for (RunCursor cursor(shape); !cursor.isDone(); cursor.advance()) ++runs;
    EXPECT_EQ(runs, shape.runs());
    EXPECT_EQ(runs, 10u);
}

TEST(CopyNd, OfRankZeroMovesNothing) {
    std::uint8_t source = 1, destination = 2;
    copyNd(&destination, &source, CopyShape{});
    EXPECT_EQ(destination, 2);
}

TEST(CopyNd, GoesBackwardsOverNegativeStrides) {
    CopyShape shape;
    shape.rank = 2;
    shape.extents = {4, 1};
    shape.sourceStridesBytes = {-1, 0};
    shape.destinationStridesBytes = {1, 0};
    const auto source = counted(4);
    std::vector<std::uint8_t> destination(4);
    copyNd(destination.data(), source.data() + 3, shape);
    EXPECT_EQ(destination, (std::vector<std::uint8_t>{4, 3, 2, 1}));
}

TEST(Half, EveryFiniteValueSurvivesARoundTrip) {
    for (std::uint32_t half = 0; half < 0x10000; ++half) {
        if ((half & 0x7c00) == 0x7c00 && (half & 0x3ff)) continue;  // not a number
        EXPECT_EQ(floatToHalf(halfToFloat(std::uint16_t(half))), half);
    }
}

}  // namespace
}  // namespace harness
