// SPDX-License-Identifier: BSD-3-Clause
#include "tests/cpp/soc_memory/memory_fixture.hh"

namespace harness {
namespace {

TEST_F(MemoryTest, SoleReaderGetsTheLineExclusiveAndASecondReaderSharesIt) {
    build(smallConfig());
    time(memory->core(0), AccessKind::Read, 0);
    EXPECT_EQ(memory->l1dState(0, 0), LineState::Exclusive);
    time(memory->core(1), AccessKind::Read, 0);
    EXPECT_EQ(memory->l1dState(0, 0), LineState::Shared);
    EXPECT_EQ(memory->l1dState(1, 0), LineState::Shared);
}

TEST_F(MemoryTest, WriteInvalidatesEveryOtherCopy) {
    build(smallConfig());
    time(memory->core(0), AccessKind::Read, 0);
    time(memory->core(1), AccessKind::Read, 0);
    time(memory->acp(0), AccessKind::Read, 0);
    time(memory->acceleratorCache(1), AccessKind::Read, 0);
    alignTo(kAligned);
    const Tick upgrade = time(memory->core(1), AccessKind::Write, 0, 8);
    EXPECT_EQ(upgrade, missToL2Bus(config.l1d, config.l2.hitTicks, 0));  // a right, no data
    EXPECT_EQ(memory->l1dStatistics(1).upgrades, 1u);
    EXPECT_EQ(memory->l1dState(1, 0), LineState::Modified);
    EXPECT_EQ(memory->l1dState(0, 0), LineState::Invalid);
    EXPECT_EQ(memory->acpState(0, 0), LineState::Invalid);
    EXPECT_EQ(memory->acceleratorCacheState(1, 0), LineState::Invalid);
}

TEST_F(MemoryTest, DirtyLineIsSuppliedByItsOwner) {
    build(smallConfig());
    time(memory->core(0), AccessKind::Write, 0);
    alignTo(kAligned);
    EXPECT_EQ(time(memory->acp(0), AccessKind::Read, 0),
              missToL2Bus(config.acp, config.l1d.hitTicks, kLine));
    EXPECT_EQ(memory->l1dState(0, 0), LineState::Owned);
    EXPECT_EQ(memory->acpState(0, 0), LineState::Shared);
    EXPECT_EQ(memory->l1dStatistics(0).snoopSupplies, 1u);
    EXPECT_EQ(memory->dramStatistics(0).readRequests, 1u);
    time(memory->acp(0), AccessKind::Write, 0);
    EXPECT_EQ(memory->l1dState(0, 0), LineState::Invalid);
    EXPECT_EQ(memory->acpState(0, 0), LineState::Modified);
}

TEST_F(MemoryTest, RacingWritersToOneLineTakeTurns) {
    build(smallConfig());
    memory->core(1).access(AccessKind::Write, 0, 8, 1);
    memory->core(0).access(AccessKind::Write, 0, 8, 2);
    queue.runUntil(kMaxTick);
    EXPECT_LT(recorder.done[1], recorder.done[2]);
    EXPECT_EQ(memory->l1dState(0, 0), LineState::Modified);
    EXPECT_EQ(memory->l1dState(1, 0), LineState::Invalid);
    EXPECT_EQ(memory->l1dStatistics(0).lineConflicts, 1u);
    EXPECT_EQ(memory->outstandingAccesses(), 0u);
}

TEST_F(MemoryTest, FlushWritesDirtyDataToMemoryAndDropsEveryCopy) {
    build(smallConfig());
    time(memory->core(0), AccessKind::Write, 0);
    time(memory->core(1), AccessKind::Read, 0);
    time(memory->core(1), AccessKind::Flush, 0);
    EXPECT_EQ(memory->l1dState(0, 0), LineState::Invalid);
    EXPECT_EQ(memory->l1dState(1, 0), LineState::Invalid);
    EXPECT_EQ(memory->l2State(0), LineState::Invalid);
    EXPECT_EQ(memory->dramStatistics(0).writeRequests, 1u);
}

TEST_F(MemoryTest, FlushOfACleanLineWritesNothing) {
    build(smallConfig());
    time(memory->core(0), AccessKind::Read, 0);
    time(memory->core(0), AccessKind::Flush, 0);
    EXPECT_EQ(memory->l2State(0), LineState::Invalid);
    EXPECT_EQ(memory->dramStatistics(0).writeRequests, 0u);
}

TEST_F(MemoryTest, DmaReadOfADirtyLineIsAHazardAndStopsTheSimulation) {
    build(smallConfig());
    time(memory->core(0), AccessKind::Write, 128);
    memory->dma(1).access(AccessKind::Read, 136, 8, 77);
    EXPECT_EQ(queue.runUntil(kMaxTick), RunExit::Stopped);
    ASSERT_TRUE(recorder.hazard.has_value());
    EXPECT_EQ(recorder.hazard->requestorId, memory->dma(1).requestorId());
    EXPECT_EQ(recorder.hazard->addr, 136u);
    EXPECT_EQ(recorder.hazard->kind, HazardKind::ReadMeetsDirtyLine);
    EXPECT_EQ(recorder.hazard->state, LineState::Modified);
    EXPECT_EQ(recorder.hazard->holder, "l1d0");
}

TEST_F(MemoryTest, DmaWriteOfACachedLineIsAHazardEvenIfItIsClean) {
    build(smallConfig());
    time(memory->core(0), AccessKind::Read, 0);
    memory->dma(0).access(AccessKind::Write, 0, kLine, 77);
    EXPECT_EQ(queue.runUntil(kMaxTick), RunExit::Stopped);
    ASSERT_TRUE(recorder.hazard.has_value());
    EXPECT_EQ(recorder.hazard->kind, HazardKind::WriteMeetsCachedLine);
}

TEST_F(MemoryTest, DmaAfterFlushAndDmaReadOfACleanLineAreNoHazard) {
    build(smallConfig());
    time(memory->core(0), AccessKind::Write, 0);
    time(memory->core(0), AccessKind::Flush, 0);
    time(memory->dma(0), AccessKind::Read, 0);
    time(memory->dma(0), AccessKind::Write, 0);
    time(memory->core(0), AccessKind::Read, 512);
    time(memory->dma(0), AccessKind::Read, 512);
    EXPECT_FALSE(recorder.hazard.has_value());
}

TEST_F(MemoryTest, CoherentDmaGetsDirtyDataAndItsWritesInvalidate) {
    MemoryConfig wanted = smallConfig();
    wanted.isDmaCoherent = true;
    build(wanted);
    time(memory->core(0), AccessKind::Write, 0);
    time(memory->dma(0), AccessKind::Read, 0);
    EXPECT_EQ(memory->l1dState(0, 0), LineState::Owned);
    EXPECT_EQ(memory->ioCacheState(0), LineState::Shared);
    EXPECT_EQ(memory->dramStatistics(0).readRequests, 1u);  // the core's own miss
    time(memory->dma(1), AccessKind::Write, 0);
    EXPECT_EQ(memory->l1dState(0, 0), LineState::Invalid);
    EXPECT_EQ(memory->l2State(0), LineState::Invalid);
    EXPECT_EQ(memory->ioCacheState(0), LineState::Modified);
    time(memory->core(1), AccessKind::Read, 0);
    EXPECT_EQ(memory->ioCacheState(0), LineState::Owned);
    EXPECT_EQ(memory->l1dState(1, 0), LineState::Shared);
    time(memory->core(1), AccessKind::Write, 0);
    EXPECT_EQ(memory->ioCacheState(0), LineState::Invalid);
    EXPECT_EQ(memory->l1dState(1, 0), LineState::Modified);
    EXPECT_FALSE(recorder.hazard.has_value());
}

}  // namespace
}  // namespace harness
