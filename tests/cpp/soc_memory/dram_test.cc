// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "harness/soc/memory/dram_timing.hh"
#include "tests/cpp/soc_memory/memory_fixture.hh"

namespace harness {
namespace {

class DramTest : public MemoryTest {
  protected:
    /** Time of a DMA read of a line, if DRAM takes `dramTicks` from arrival to the bus. */
    Tick dmaRead(Tick dramTicks) const {
        const BusConfig& bus = config.memoryBus;
        return ceilTo(bus.requestTicks + dramTicks, bus.clockTicks) + bus.responseTicks +
               payload(bus, kLine);
    }
    Tick latency() const {
        return config.dram.frontendLatencyTicks + config.dram.backendLatencyTicks;
    }
    /** Address of the first line of `row` in `bank`. */
    Addr at(Addr row, Addr bank) const {
        return (row * config.dram.banks + bank) * config.dram.rowBytes;
    }
};

TEST_F(DramTest, ClosedRowNeedsActivateAndHitOnlyTheColumn) {
    build(smallConfig());
    const DramConfig& dram = config.dram;
    EXPECT_EQ(time(memory->dma(0), AccessKind::Read, 0), dmaRead(dramClosed()));
    alignTo(kAligned);
    EXPECT_EQ(time(memory->dma(0), AccessKind::Read, kLine),
              dmaRead(dram.tCL + dram.tBURST + latency()));
    EXPECT_EQ(memory->dramStatistics(0).readRowHits, 1u);
    EXPECT_EQ(memory->dramStatistics(0).activates, 1u);
}

TEST_F(DramTest, ConflictPaysPrecharge) {
    build(smallConfig());
    time(memory->dma(0), AccessKind::Read, at(0, 3));
    alignTo(kAligned);
    EXPECT_EQ(time(memory->dma(0), AccessKind::Read, at(1, 3)),
              dmaRead(config.dram.tRP + dramClosed()));
    EXPECT_EQ(memory->dramStatistics(0).precharges, 1u);
}

TEST_F(DramTest, ConflictingReadsAreATRasAndATRpApart) {
    build(smallConfig());
    const DramConfig& dram = config.dram;
    memory->dma(0).access(AccessKind::Read, at(0, 0), kLine, 1);
    memory->dma(0).access(AccessKind::Read, at(1, 0), kLine, 2);
    queue.runUntil(kMaxTick);
    EXPECT_EQ(recorder.done[2] - recorder.done[1], dram.tRAS + dram.tRP);  // tRC
}

TEST_F(DramTest, ReadsOfTwoBanksOverlapAllButTheBurst) {
    MemoryConfig wanted = smallConfig();
    wanted.memoryBus.widthBytes = 64;
    build(wanted);
    memory->dma(0).access(AccessKind::Read, at(0, 0), kLine, 1);
    memory->dma(1).access(AccessKind::Read, at(0, 1), kLine, 2);
    queue.runUntil(kMaxTick);
    const Tick apart = std::max(config.dram.tBURST, config.dram.tRRD);
    EXPECT_EQ(recorder.done[2] - recorder.done[1], apart);
}

TEST_F(DramTest, RowHitOvertakesAnOlderConflict) {
    MemoryConfig wanted = smallConfig();
    wanted.memoryBus.queueDepth = 64;
    build(wanted);
    time(memory->dma(0), AccessKind::Read, at(0, 0));
    alignTo(kAligned);
    const std::uint64_t fillers = 14;  // keep the data bus busy while the others arrive
    for (std::uint64_t i = 0; i < fillers; ++i) {
        memory->dma(0).access(AccessKind::Read, at(0, 1) + i * kLine, kLine, 100 + i);
    }
    memory->dma(0).access(AccessKind::Read, at(1, 0), kLine, 200);
    memory->dma(0).access(AccessKind::Read, at(0, 0) + kLine, kLine, 300);
    memory->dma(0).access(AccessKind::Read, at(0, 0) + 2 * kLine, kLine, 400);
    queue.runUntil(kMaxTick);
    EXPECT_LT(recorder.done[300], recorder.done[200]);
    EXPECT_LT(recorder.done[400], recorder.done[200]);
}

TEST_F(DramTest, RowClosesEarlyIfOnlyAConflictWaits) {
    build(smallConfig());
    memory->dma(0).access(AccessKind::Read, at(0, 0), kLine, 1);
    memory->dma(0).access(AccessKind::Read, at(1, 0), kLine, 2);
    memory->dma(0).access(AccessKind::Read, at(1, 1), kLine, 3);
    queue.runUntil(kMaxTick);
    EXPECT_EQ(memory->dramStatistics(0).activates, 3u);
    EXPECT_EQ(memory->dramStatistics(0).readRowHits, 0u);
}

TEST_F(DramTest, WaitingWritesCloseNoRowUnderReads) {
    build(smallConfig());
    memory->dma(1).access(AccessKind::Write, at(1, 0), kLine, 999);  // waits for company
    for (std::uint64_t i = 0; i < 3; ++i) {
        alignTo(kAligned);
        time(memory->dma(0), AccessKind::Read, at(0, 0) + i * kLine);
    }
    EXPECT_EQ(memory->dramStatistics(0).writeBursts, 0u);
    EXPECT_EQ(memory->dramStatistics(0).activates, 1u);
    EXPECT_EQ(memory->dramStatistics(0).readRowHits, 2u);
}

TEST_F(DramTest, WriteIsDoneWhenTheControllerHasIt) {
    build(smallConfig());
    const BusConfig& bus = config.memoryBus;
    const Tick arrival = bus.requestTicks + payload(bus, kLine);
    EXPECT_EQ(
        time(memory->dma(0), AccessKind::Write, 0),
        ceilTo(arrival + config.dram.frontendLatencyTicks, bus.clockTicks) + bus.responseTicks);
    EXPECT_EQ(memory->dramStatistics(0).writeBursts, 0u);  // below the low watermark it waits
    alignTo(kAligned);
    EXPECT_EQ(time(memory->dma(0), AccessKind::Read, 0), dmaRead(config.dram.frontendLatencyTicks));
    EXPECT_EQ(memory->dramStatistics(0).servicedByWriteQueue, 1u);
}

TEST_F(DramTest, RefreshClosesRowsAndBlocksTheRank) {
    MemoryConfig wanted = smallConfig();
    wanted.dram.tREFI = 2 * kAligned;
    build(wanted);
    time(memory->dma(0), AccessKind::Read, 0);
    while (queue.now() < wanted.dram.tREFI) alignTo(kAligned);
    ASSERT_EQ(queue.now(), wanted.dram.tREFI);
    const DramConfig& dram = config.dram;
    const Tick closed = dram.tRP + dram.tRFC - config.memoryBus.requestTicks;  // left on arrival
    EXPECT_EQ(time(memory->dma(0), AccessKind::Read, kLine), dmaRead(closed + dramClosed()));
    EXPECT_EQ(memory->dramStatistics(0).refreshes, 1u);
}

TEST_F(DramTest, BurstsSmallerThanALineAreAllCounted) {
    MemoryConfig wanted = smallConfig();
    wanted.dram.burstBytes = 32;
    build(wanted);
    const DramConfig& dram = config.dram;
    EXPECT_EQ(time(memory->dma(0), AccessKind::Read, 0), dmaRead(dramClosed() + dram.tBURST));
    EXPECT_EQ(memory->dramStatistics(0).readBursts, 2u);
}

TEST_F(DramTest, ReadAfterWriteWaitsForTheTurnaround) {
    DramStatistics stats;
    DramConfig dram = smallConfig().dram;
    DramTiming timing(dram, stats);
    const DramPlace place = timing.decode(0);
    const Tick end = timing.issue(place, true, 0);
    EXPECT_EQ(end, dram.tRCD + dram.tCL + dram.tBURST);
    EXPECT_EQ(timing.earliestColumn(place, false, 0), end + dram.tWTR);
    EXPECT_EQ(timing.earliestColumn(place, true, 0), dram.tRCD + dram.tBURST);
    const DramPlace conflict = timing.decode(dram.rowBytes / dram.burstBytes * dram.banks);
    ASSERT_EQ(conflict.bank, place.bank);
    EXPECT_EQ(timing.earliestColumn(conflict, true, 0), end + dram.tWR + dram.tRP + dram.tRCD);
}

TEST_F(DramTest, BankGroupsSpaceBurstsOfOneGroup) {
    DramStatistics stats;
    DramConfig dram = smallConfig().dram;
    dram.bankGroups = 4;
    dram.tCCD_L = dram.tBURST + 1000;
    DramTiming timing(dram, stats);
    const Tick column = timing.issue(timing.decode(0), false, 0) - dram.tCL - dram.tBURST;
    EXPECT_EQ(timing.earliestColumn(timing.decode(1), false, 0), column + dram.tCCD_L);
    EXPECT_EQ(timing.earliestBus(false, 0), column + dram.tBURST);
}

TEST_F(DramTest, FifthActivateWaitsForTheWindow) {
    DramStatistics stats;
    DramConfig dram = smallConfig().dram;
    dram.tXAW = 40000;
    DramTiming timing(dram, stats);
    const std::uint64_t page = dram.rowBytes / dram.burstBytes;
    for (std::uint64_t bank = 0; bank < 4; ++bank) {
        timing.issue(timing.decode(bank * page), false, 0);
    }
    EXPECT_EQ(timing.earliestColumn(timing.decode(4 * page), false, 0), dram.tXAW + dram.tRCD);
}

}  // namespace
}  // namespace harness
