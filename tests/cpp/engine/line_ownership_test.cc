// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/line_ownership.hh"

#include <gtest/gtest.h>

#include <vector>

namespace harness {
namespace {

class Told final : public HazardListener {
  public:
    void coherenceHazard(const CoherenceHazard& hazard) override { met.push_back(hazard); }
    std::vector<CoherenceHazard> met;
};

class LineOwnershipTest : public testing::Test {
  protected:
    static constexpr std::uint32_t kLine = 64;
    static constexpr Addr kFirst = 4 * kLine;

    LineOwnershipTest() { lines.setListener(told); }

    WindowImage window() const {
        WindowImage image{};
        image.sizeBytes = 4096;
        image.isWritable = true;
        return image;
    }

    AddressSpace space{{window()}, {""}};
    Told told;
    LineOwnership lines{space, kLine};
};

TEST_F(LineOwnershipTest, ReadNeedsFlushAfterHostWrites) {
    lines.cacheWrites(kFirst, kLine);
    lines.deviceReads(7, kFirst + kLine, kLine, 1);
    EXPECT_TRUE(told.met.empty());
    lines.deviceReads(7, kFirst - kLine, 3 * kLine, 2);
    ASSERT_EQ(told.met.size(), 1u);
    EXPECT_EQ(told.met[0].kind, HazardKind::ReadMeetsUnflushedLine);
    EXPECT_EQ(told.met[0].addr, kFirst);
    EXPECT_EQ(told.met[0].requestorId, 7u);
    EXPECT_EQ(told.met[0].tick, Tick(2));
}

TEST_F(LineOwnershipTest, CleanCopiesDisturbWritesOnly) {
    lines.cacheReads(0, kFirst, 1, 1);
    lines.deviceReads(7, kFirst, kLine, 2);
    EXPECT_TRUE(told.met.empty());
    lines.deviceWrites(7, kFirst, kLine, 3);
    ASSERT_EQ(told.met.size(), 1u);
    EXPECT_EQ(told.met[0].kind, HazardKind::WriteMeetsUnflushedLine);
}

TEST_F(LineOwnershipTest, ResultsNeedInvalidateBeforeTheyAreReadThroughCaches) {
    lines.deviceWrites(7, kFirst, 2 * kLine, 1);
    lines.dropped(kFirst, kLine);
    lines.cacheReads(0, kFirst, kLine, 2);
    EXPECT_TRUE(told.met.empty());
    lines.cacheReads(0, kFirst, kLine + 1, 3);
    ASSERT_EQ(told.met.size(), 1u);
    EXPECT_EQ(told.met[0].kind, HazardKind::CacheReadsDeviceLine);
    EXPECT_EQ(told.met[0].addr, kFirst + kLine);
}

TEST_F(LineOwnershipTest, FlushMakesBothAccessesRight) {
    lines.cacheWrites(kFirst, kLine);
    lines.dropped(kFirst, kLine);
    lines.deviceReads(7, kFirst, kLine, 1);
    lines.deviceWrites(7, kFirst, kLine, 2);
    EXPECT_TRUE(told.met.empty());
}

}  // namespace
}  // namespace harness
