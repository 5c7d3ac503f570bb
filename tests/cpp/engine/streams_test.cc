// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/streams.hh"

#include <gtest/gtest.h>

#include <map>

namespace harness {
namespace {

constexpr std::uint32_t kLine = 64;
constexpr std::uint64_t kRate = 200000;  // 200 ticks per instruction

struct Totals {
    std::map<Addr, int> reads, writes, others;
    Tick ticks = 0;
};

Totals drain(AccessStream& stream) {
    Totals totals;
    StreamAccess access{};
    while (stream.next(access)) {
        auto& seen = access.kind == AccessKind::Read
                         ? totals.reads
                         : (access.kind == AccessKind::Write ? totals.writes : totals.others);
        ++seen[access.address];
        totals.ticks += access.ticksBefore;
    }
    totals.ticks += stream.tailTicks();
    return totals;
}

TEST(CopyStream, ReadsAndWritesEachLineOfEachRunOnce) {
    PlacedCopy copy;
    copy.shape.rank = 2;
    copy.shape.extents = {3, 100};
    copy.shape.sourceStridesBytes = {256, 0};
    copy.shape.destinationStridesBytes = {128, 0};
    copy.source = 0x1000 + 60;  // crosses one line more than its size needs
    copy.destination = 0x8000;
    CopyStream stream({copy}, {10000, 5000, 2000}, kRate, kLine);
    const Totals totals = drain(stream);
    EXPECT_EQ(totals.reads.size(), 3u * 3u);
    EXPECT_EQ(totals.writes.size(), 3u * 2u);
    // 10 per call, 5 per run, 2 per destination line, at 200 ticks
    EXPECT_EQ(totals.ticks, (10u + 3 * 5 + 6 * 2) * 200);
}

TEST(RoutineStream, SpreadsItsInstructionsOverItsLinesAndLosesNone) {
    RoutineStream stream({{0x0, 640, false}, {0x10000, 64, false}, {0x20000, 256, true}}, 1234567,
                         kRate, kLine);
    const Totals totals = drain(stream);
    EXPECT_EQ(totals.reads.size(), 11u);
    EXPECT_EQ(totals.writes.size(), 4u);
    EXPECT_EQ(totals.ticks, 1234567u * kRate / 1000000);
}

TEST(RoutineStream, WithoutMemoryStillTakesItsInstructions) {
    RoutineStream stream({}, 5000, kRate, kLine);
    EXPECT_EQ(drain(stream).ticks, 1000u);
}

TEST(LineStream, CoversPartialLinesAtBothEnds) {
    LineStream stream(AccessKind::Flush, {{0x1010, 0x40}, {0x2000, 0}, {0x3000, 1}}, 7, kLine);
    const Totals totals = drain(stream);
    EXPECT_EQ(totals.others, (std::map<Addr, int>{{0x1000, 1}, {0x1040, 1}, {0x3000, 1}}));
    EXPECT_EQ(totals.ticks, 3u * 7);
}

}  // namespace
}  // namespace harness
