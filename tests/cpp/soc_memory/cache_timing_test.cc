// SPDX-License-Identifier: BSD-3-Clause
#include <stdexcept>

#include "tests/cpp/soc_memory/memory_fixture.hh"

namespace harness {
namespace {

TEST_F(MemoryTest, MissTakesEveryHopOfTheWayAndTheNextAccessHits) {
    build(smallConfig());
    EXPECT_EQ(time(memory->core(0), AccessKind::Read, 0), missToMemory(dramClosed()));
    EXPECT_EQ(time(memory->core(0), AccessKind::Read, 8, 8), config.l1d.hitTicks);
    EXPECT_EQ(memory->l1dStatistics(0).readMisses, 1u);
    EXPECT_EQ(memory->l1dStatistics(0).readHits, 1u);
    EXPECT_EQ(memory->l2Statistics().readMisses, 1u);
    EXPECT_EQ(memory->dramStatistics(0).bytesRead, kLine);
    EXPECT_EQ(memory->outstandingAccesses(), 0u);
    EXPECT_TRUE(memory->pendingWork().empty());
}

TEST_F(MemoryTest, MissIsNotDoneOneTickBeforeItsTime) {
    build(smallConfig());
    memory->core(0).access(AccessKind::Read, 0, 8, 1);
    queue.runUntil(missToMemory(dramClosed()) - 1);
    EXPECT_EQ(recorder.done.count(1), 0u);
    EXPECT_EQ(memory->outstandingAccesses(), 1u);
    EXPECT_FALSE(memory->pendingWork().empty());
    queue.runUntil(missToMemory(dramClosed()));
    EXPECT_EQ(recorder.done.count(1), 1u);
}

TEST_F(MemoryTest, LineOfTheL2ComesFromThere) {
    build(smallConfig());
    time(memory->core(0), AccessKind::Read, 0);
    for (Addr i = 1; i <= 2; ++i) time(memory->core(0), AccessKind::Read, i * 512);  // same L1 set
    ASSERT_EQ(memory->l1dState(0, 0), LineState::Invalid);
    alignTo(kAligned);
    EXPECT_EQ(time(memory->core(0), AccessKind::Read, 0),
              missToL2Bus(config.l1d, config.l2.hitTicks, kLine));
}

TEST_F(MemoryTest, FastPathAgreesWithTheEventPath) {
    build(smallConfig());
    EXPECT_EQ(memory->core(0).accessIfHit(AccessKind::Read, 0, 8), 0u);
    time(memory->core(0), AccessKind::Read, 0);
    EXPECT_EQ(memory->core(0).accessIfHit(AccessKind::Write, 0, 8),
              queue.now() + config.l1d.hitTicks);
    EXPECT_EQ(memory->l1dState(0, 0), LineState::Modified);
}

TEST_F(MemoryTest, MissesToOneLineShareOneMshr) {
    build(smallConfig());
    memory->core(0).access(AccessKind::Read, 0, 8, 1);
    memory->core(0).access(AccessKind::Read, 8, 8, 2);
    memory->core(0).access(AccessKind::Write, 16, 8, 3);
    queue.runUntil(kMaxTick);
    EXPECT_EQ(recorder.done[1], missToMemory(dramClosed()));
    EXPECT_EQ(recorder.done[2], recorder.done[1]);
    EXPECT_EQ(recorder.done[3], recorder.done[1]);  // it joined before the request was ordered
    EXPECT_EQ(memory->l1dStatistics(0).mshrHits, 2u);
    EXPECT_EQ(memory->dramStatistics(0).readRequests, 1u);
    EXPECT_EQ(memory->l1dState(0, 0), LineState::Modified);
}

TEST_F(MemoryTest, WholeLineWriteFetchesNothing) {
    build(smallConfig());
    time(memory->core(0), AccessKind::WriteFullLine, 0);
    EXPECT_EQ(memory->l1dState(0, 0), LineState::Modified);
    EXPECT_EQ(memory->dramStatistics(0).readRequests, 0u);
}

TEST_F(MemoryTest, EvictedDirtyLineGoesDownLevelByLevel) {
    build(smallConfig());
    time(memory->core(0), AccessKind::Write, 0);
    for (Addr i = 1; i <= 2; ++i) time(memory->core(0), AccessKind::Read, i * 512);
    EXPECT_EQ(memory->l1dState(0, 0), LineState::Invalid);
    EXPECT_EQ(memory->l2State(0), LineState::Modified);
    EXPECT_EQ(memory->l1dStatistics(0).writebacks, 1u);
    EXPECT_EQ(memory->dramStatistics(0).writeRequests, 0u);
    for (Addr i = 1; i <= 5; ++i) time(memory->core(1), AccessKind::Read, i * 2048);
    EXPECT_EQ(memory->l2State(0), LineState::Invalid);
    EXPECT_EQ(memory->l2Statistics().writebacks, 1u);
    EXPECT_EQ(memory->dramStatistics(0).writeRequests, 1u);
}

TEST_F(MemoryTest, PayloadHoldsTheResponseLayer) {
    MemoryConfig wanted = smallConfig();
    wanted.memoryBus.widthBytes = 1;  // 64 cycles for a line: slower than DRAM
    build(wanted);
    memory->dma(0).access(AccessKind::Read, 0, kLine, 1);
    memory->dma(0).access(AccessKind::Read, kLine, kLine, 2);
    queue.runUntil(kMaxTick);
    const Tick occupied = config.memoryBus.clockTicks + payload(config.memoryBus, kLine);
    EXPECT_EQ(recorder.done[2] - recorder.done[1], occupied);
    EXPECT_EQ(memory->memoryBusStatistics().responseBusyTicks, 2 * occupied);
}

TEST_F(MemoryTest, PayloadHoldsTheRequestLayer) {
    build(smallConfig());
    memory->dma(0).access(AccessKind::Write, 0, kLine, 1);
    memory->dma(1).access(AccessKind::Write, kLine, kLine, 2);
    queue.runUntil(kMaxTick);
    const Tick occupied = config.memoryBus.clockTicks + payload(config.memoryBus, kLine);
    EXPECT_EQ(recorder.done[2] - recorder.done[1], occupied);
    EXPECT_EQ(memory->memoryBusStatistics().requestBusyTicks, 2 * occupied);
    EXPECT_EQ(memory->memoryBusStatistics().requestWaitTicks, occupied);
}

TEST_F(MemoryTest, CrossingALineOrIgnoringCanAcceptIsRefused) {
    build(smallConfig());
    EXPECT_THROW(memory->core(0).access(AccessKind::Read, 60, 8, 1), std::logic_error);
    for (Addr i = 0; i < config.l1d.mshrs; ++i) {
        ASSERT_TRUE(memory->core(0).canAccept());
        memory->core(0).access(AccessKind::Read, i * kLine, 8, i);
    }
    EXPECT_FALSE(memory->core(0).canAccept());
    EXPECT_THROW(memory->core(0).access(AccessKind::Read, 0, 8, 9), std::logic_error);
}

TEST_F(MemoryTest, ConfigurationErrorsNameTheField) {
    MemoryConfig wanted = smallConfig();
    wanted.l2.associativity = 3;
    try {
        MemorySystem broken(queue, wanted);
        FAIL() << "accepted 3 ways";
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("l2.sizeBytes"), std::string::npos);
    }
}

}  // namespace
}  // namespace harness
