// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/partition.hh"

#include <gtest/gtest.h>

namespace harness {
namespace {

/// One instruction per line, one tick per instruction.
PartitionRule rule(std::uint32_t threads, Tick handoffTicks) {
    return {{0, 0, 1000}, 1000, 64, threads, handoffTicks};
}

PlacedCopy copyOf(std::uint64_t rows) {
    PlacedCopy copy;
    copy.shape.rank = 2;
    copy.shape.extents = {rows, 63};
    copy.shape.sourceStridesBytes = {64, 0};
    copy.shape.destinationStridesBytes = {128, 0};
    copy.source = 0x1000;
    copy.destination = 0x100000;
    return copy;
}

std::uint64_t rowsOf(const std::vector<PlacedCopy>& part) {
    std::uint64_t rows = 0;
    for (const PlacedCopy& copy : part) rows += copy.shape.runs();
    return rows;
}

TEST(Partition, KeepsWorkThatIsShorterThanAHandOff) {
    EXPECT_EQ(partitionCopies({copyOf(50)}, rule(8, 100)).size(), 1u);
}

TEST(Partition, SharesLargeWorkOutEvenly) {
    const auto parts = partitionCopies({copyOf(1000), copyOf(1000)}, rule(4, 100));
    ASSERT_EQ(parts.size(), 4u);
    for (const auto& part : parts) EXPECT_NEAR(double(rowsOf(part)), 500, 250);
}

TEST(Partition, SplitsOneLargeCopyAndKeepsEveryRowOnce) {
    const auto parts = partitionCopies({copyOf(1000)}, rule(4, 10));
    Addr source = 0x1000, destination = 0x100000;
    std::uint64_t rows = 0;
    for (const auto& part : parts)
        for (const PlacedCopy& copy : part) {
            EXPECT_EQ(copy.source, source);
            EXPECT_EQ(copy.destination, destination);
            source += copy.shape.extents[0] * 64;
            destination += copy.shape.extents[0] * 128;
            rows += copy.shape.extents[0];
        }
    EXPECT_EQ(rows, 1000u);
    EXPECT_GT(parts.size(), 1u);
}

TEST(Partition, OfNothingIsOneEmptyPart) {
    const auto parts = partitionCopies({}, rule(4, 10));
    ASSERT_EQ(parts.size(), 1u);
    EXPECT_TRUE(parts[0].empty());
}

}  // namespace
}  // namespace harness
