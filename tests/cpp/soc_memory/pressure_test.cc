// SPDX-License-Identifier: BSD-3-Clause
#include <random>
#include <vector>

#include "tests/cpp/soc_memory/memory_fixture.hh"

namespace harness {
namespace {

/** Issues a list of accesses as fast as its port takes them. */
class Stream final : public AccessListener {
  public:
    struct Item {
        AccessKind kind;
        Addr addr;
        std::uint32_t bytes;
    };

    Stream(Requestor& requestor, std::vector<Item> list) : port(requestor), items(std::move(list)) {
        port.setListener(*this);
    }
    void issue() {
        while (issued < items.size() && port.canAccept()) {
            const Item& item = items[issued];
            port.access(item.kind, item.addr, item.bytes, issued);
            ++issued;
        }
    }
    void accessDone(std::uint64_t tag, Tick now) override {
        ends.push_back({tag, now});
        issue();
    }
    void accessAllowed(std::uint32_t, Tick) override { issue(); }

    Requestor& port;
    std::vector<Item> items;
    std::size_t issued = 0;
    std::vector<std::pair<std::uint64_t, Tick>> ends;
};

std::vector<Stream::Item> sequential(Addr begin, std::size_t lines, AccessKind kind) {
    std::vector<Stream::Item> items;
    for (std::size_t i = 0; i < lines; ++i) {
        items.push_back({kind, begin + i * kLine, static_cast<std::uint32_t>(kLine)});
    }
    return items;
}

Tick timeDma(const MemoryConfig& config, std::uint32_t ports, std::size_t lines, AccessKind kind) {
    EventQueue queue;
    MemorySystem memory(queue, config);
    std::vector<std::unique_ptr<Stream>> streams;
    for (std::uint32_t i = 0; i < ports; ++i) {
        streams.push_back(std::make_unique<Stream>(
            memory.dma(i), sequential(i * lines / ports * kLine, lines / ports, kind)));
        streams.back()->issue();
    }
    queue.runUntil(kMaxTick);
    for (const auto& stream : streams) EXPECT_EQ(stream->ends.size(), lines / ports);
    EXPECT_TRUE(memory.pendingWork().empty());
    return queue.now();
}

TEST_F(MemoryTest, FullQueueRefusesAndTellsWhenThereIsRoom) {
    build(smallConfig());
    Requestor& port = memory->dma(0);
    for (std::uint64_t i = 0; i < config.memoryBus.queueDepth; ++i) {
        ASSERT_TRUE(port.canAccept());
        port.access(AccessKind::Read, i * kLine, kLine, i);
    }
    EXPECT_FALSE(port.canAccept());
    queue.runUntil(config.memoryBus.clockTicks - 1);
    EXPECT_TRUE(recorder.allowed.empty());
    queue.runUntil(config.memoryBus.clockTicks);
    EXPECT_EQ(recorder.allowed[port.requestorId()], config.memoryBus.clockTicks);
    EXPECT_EQ(memory->dmaStatistics(0).blocked, 1u);
}

TEST_F(MemoryTest, StreamOfReadsReachesTheSlowestResource) {
    MemoryConfig wanted = smallConfig();
    wanted.memoryBus.widthBytes = 64;
    const std::size_t lines = 4096;
    const Tick ticks = timeDma(wanted, 1, lines, AccessKind::Read);
    EXPECT_GE(ticks, lines * wanted.dram.tBURST);
    EXPECT_LE(ticks, lines * wanted.dram.tBURST * 11 / 10);  // rows change behind the bursts
}

TEST_F(MemoryTest, StreamOfWritesDrainsThroughTheWatermarks) {
    MemoryConfig wanted = smallConfig();
    wanted.memoryBus.widthBytes = 64;
    const std::size_t lines = 4096;
    const Tick ticks = timeDma(wanted, 1, lines, AccessKind::Write);
    const std::size_t drained = lines - wanted.dram.writeQueueEntries;
    EXPECT_GE(ticks, drained * wanted.dram.tBURST);
    EXPECT_LE(ticks, lines * wanted.dram.tBURST * 12 / 10);
}

TEST_F(MemoryTest, WiderBusAndMoreChannelsAreNotSlower) {
    MemoryConfig wanted = smallConfig();
    Tick previous = kMaxTick;
    for (std::uint32_t width : {4u, 8u, 16u, 32u, 64u}) {
        wanted.memoryBus.widthBytes = width;
        const Tick ticks = timeDma(wanted, 2, 2048, AccessKind::Read);
        EXPECT_LE(ticks, previous) << "width " << width;
        previous = ticks;
    }
    wanted.dram.channels = 2;
    EXPECT_LT(timeDma(wanted, 2, 2048, AccessKind::Read), previous);
}

TEST_F(MemoryTest, TwoPortsAreNotSlowerThanOne) {
    const MemoryConfig wanted = smallConfig();
    // The two halves begin in one bank, so that one row cycle more may show.
    const Tick rowCycle = wanted.dram.tRAS + wanted.dram.tRP;
    EXPECT_LE(timeDma(wanted, 2, 2048, AccessKind::Read),
              timeDma(wanted, 1, 2048, AccessKind::Read) + rowCycle);
}

/** Random traffic of all ports on few lines; returns a digest of every end. */
std::uint64_t storm(MemoryConfig config, std::uint64_t seed) {
    EventQueue queue;
    MemorySystem memory(queue, config);
    std::mt19937_64 random(seed);
    std::vector<std::unique_ptr<Stream>> streams;
    const auto add = [&](Requestor& port, bool mayFlush) {
        std::vector<Stream::Item> items;
        for (int i = 0; i < 3000; ++i) {
            const auto kind = static_cast<AccessKind>(random() % (mayFlush ? 6 : 3));
            const std::uint32_t bytes = kind == AccessKind::WriteFullLine ? 64 : 8;
            items.push_back({kind, random() % 400 * kLine, bytes});
        }
        streams.push_back(std::make_unique<Stream>(port, std::move(items)));
    };
    for (std::uint32_t i = 0; i < 2; ++i) {
        add(memory.core(i), true);
        add(memory.acp(i), false);
        add(memory.acceleratorCache(i), false);
        if (config.isDmaCoherent) add(memory.dma(i), true);
    }
    for (auto& stream : streams) stream->issue();
    EXPECT_EQ(queue.runUntil(kMaxTick), RunExit::Empty);
    EXPECT_EQ(memory.outstandingAccesses(), 0u);
    EXPECT_TRUE(memory.pendingWork().empty());
    std::uint64_t digest = queue.now();
    for (const auto& stream : streams) {
        EXPECT_EQ(stream->ends.size(), 3000u);
        for (const auto& [tag, tick] : stream->ends) digest = digest * 1000003 + tag * 31 + tick;
    }
    for (Addr line = 0; line < 400 * kLine; line += kLine) {
        std::vector<LineState> states{memory.l1dState(0, line), memory.l1dState(1, line),
                                      memory.ioCacheState(line)};
        for (std::uint32_t i = 0; i < 2; ++i) {
            states.push_back(memory.acpState(i, line));
            states.push_back(memory.acceleratorCacheState(i, line));
        }
        std::size_t valid = 0;
        std::size_t dirty = 0;
        std::size_t writable = 0;
        for (LineState state : states) {
            valid += state != LineState::Invalid;
            dirty += isDirty(state);
            writable += isWritable(state);
        }
        EXPECT_LE(dirty, 1u) << "two owners of line " << line;
        EXPECT_TRUE(writable == 0 || valid == 1) << "a writer and another copy of line " << line;
    }
    return digest;
}

TEST_F(MemoryTest, RandomTrafficEndsKeepsOneOwnerAndRepeatsExactly) {
    for (bool isCoherent : {false, true}) {
        MemoryConfig wanted = smallConfig();
        wanted.isDmaCoherent = isCoherent;
        wanted.l2.mshrs = 3;  // less than the L1s ask for: pressure everywhere
        wanted.l2.writeBuffers = 2;
        wanted.dram.writeQueueEntries = 8;
        wanted.dram.tREFI = 7800000;
        EXPECT_EQ(storm(wanted, 11), storm(wanted, 11));
        wanted.memoryBus.isCrossbar = false;
        wanted.l2Bus.isCrossbar = false;
        EXPECT_NE(storm(wanted, 11), storm(wanted, 12));
    }
}

TEST_F(MemoryTest, BusesLookAtTheirQueuesOnlyWhenSomethingCanChange) {
    // Both accelerators' caches ask for more lines than the L2 has MSHRs. A line needs eight
    // events: per bus a grant, the request's arrival and the response's, in the DRAM a decision
    // and an end.
    constexpr std::size_t kLines = 100;
    MemoryConfig crowded = smallConfig();
    crowded.l2.mshrs = 2;
    build(crowded);
    Stream first(memory->acceleratorCache(0), sequential(0, kLines, AccessKind::Read));
    Stream second(memory->acceleratorCache(1), sequential(1 << 20, kLines, AccessKind::Read));
    first.issue();
    second.issue();
    queue.runUntil(kMaxTick);
    ASSERT_EQ(first.ends.size() + second.ends.size(), 2 * kLines);
    EXPECT_LE(queue.eventCount(), 2 * kLines * 9);
}

}  // namespace
}  // namespace harness
