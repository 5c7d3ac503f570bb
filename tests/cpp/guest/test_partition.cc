// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "gem5_configs/guest/runtime/partition.hh"

namespace harness::guest {
namespace {

PlacedCopy copyOf(std::uint64_t rows) {
    PlacedCopy copy;
    copy.shape.rank = 2;
    copy.shape.extents = {rows, 64};
    copy.shape.sourceStridesBytes = {64, 0};
    copy.shape.destinationStridesBytes = {128, 0};
    return copy;
}

TEST(Partition, KeepsWorkThatIsLessThanTwoShares) {
    const std::uint64_t work = copyWork(copyOf(10).shape);
    EXPECT_EQ(partitionCopies({copyOf(10)}, {4, work / 2 + 1}).size(), 1u);
    EXPECT_EQ(partitionCopies({copyOf(10)}, {4, work / 2}).size(), 2u);
}

TEST(Partition, SplitsOneLargeCopyAndKeepsEveryRowOnce) {
    const PlacedCopy whole = copyOf(1000);
    const auto parts = partitionCopies({whole}, {4, 4096});
    ASSERT_EQ(parts.size(), 4u);
    std::uint64_t rows = 0;
    for (const auto& part : parts) {
        EXPECT_FALSE(part.empty());
        for (const PlacedCopy& copy : part) {
            EXPECT_EQ(copy.source, whole.source + rows * 64);
            EXPECT_EQ(copy.destination, whole.destination + rows * 128);
            rows += copy.shape.extents[0];
        }
    }
    EXPECT_EQ(rows, 1000u);
}

TEST(Partition, OfNothingIsOneEmptyPart) {
    const auto parts = partitionCopies({}, {4, 4096});
    ASSERT_EQ(parts.size(), 1u);
    EXPECT_TRUE(parts[0].empty());
}

}  // namespace
}  // namespace harness::guest
