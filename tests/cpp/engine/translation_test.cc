// SPDX-License-Identifier: BSD-3-Clause
// How transfers to page-list windows find their pages, and what it costs.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "harness/port/device_tlb.hh"
#include "harness/port/page_list.hh"
#include "harness/port/transfer_engine.hh"
#include "harness/port/translator.hh"

namespace harness {
namespace {

constexpr Addr kList = 0x10000, kBlock = 0x400000;
constexpr std::uint64_t kPage = PageList::kPageBytes, kWindow1 = std::uint64_t(1) << kWindowShift;
constexpr Tick kPeriod = 1000, kLatency = 20500, kFirstEdge = 21000;
constexpr std::uint32_t kLine = 64;

/// Window 0 is a page list over scattered frames, window 1 a block.
class ListedMemory final : public DeviceMemory {
  public:
    explicit ListedMemory(std::vector<std::uint64_t> entries) : entries(std::move(entries)) {}

    WindowPlace placeOf(std::uint64_t address) const override {
        ++looks;
        return windowNumber(address) == 0 ? WindowPlace{kList, true} : WindowPlace{kBlock, false};
    }
    std::uint64_t pageEntry(std::uint64_t, const std::uint8_t* moved) const override {
        std::uint64_t entry;
        std::memcpy(&entry, moved, sizeof entry);
        return entry;
    }
    bool allows(const CommandOperand&) const override { return true; }
    std::vector<std::uint8_t> look(const CommandOperand&) override { return {}; }
    bool movesBytes() const override { return true; }
    const std::uint8_t* arrived(std::uint64_t, std::uint64_t, const std::uint8_t* moved) override {
        return moved;
    }
    void stored(std::uint64_t, const std::uint8_t*, std::uint64_t) override {}
    void noteTransfer(const NodeRecord&, std::uint32_t, Tick) override {}

    std::vector<std::uint64_t> entries;
    mutable int looks = 0;
};

struct Sent {
    Tick tick;
    Addr address;
    std::uint32_t bytes;
    bool operator==(const Sent& o) const {
        return tick == o.tick && address == o.address && bytes == o.bytes;
    }
};

/// Answers after `kLatency`, with the list's entries where the list lies.
class RecordingPort final : public MemoryPort, public EventHandler {
  public:
    RecordingPort(EventQueue& queue, const ListedMemory& memory)
        : queue(queue), memory(memory), id(queue.addComponent(*this, "port")) {}

    std::uint32_t requestorId() const override { return 0; }
    void setListener(AccessListener& told) override { listener = &told; }
    bool canAccept() const override { return true; }
    void move(AccessKind, Addr address, std::uint32_t bytes, std::uint64_t tag,
              std::uint8_t* data) override {
        sent.push_back({queue.now(), address, bytes});
        if (address >= kList && address < kList + kPage)
            std::memcpy(data, &memory.entries.at((address - kList) / 8), 8);
        queue.schedule(queue.now() + kLatency, Priority::Response, id, 0, tag);
    }
    void handleEvent(std::uint16_t, std::uint64_t tag) override {
        listener->accessDone(tag, queue.now());
    }

    std::vector<Sent> sent;

  private:
    EventQueue& queue;
    const ListedMemory& memory;
    ComponentId id;
    AccessListener* listener = nullptr;
};

class Ends final : public TransferListener {
  public:
    void transferStarted(std::uint32_t index, Tick now) override { starts[index] = now; }
    void transferEnded(std::uint32_t index, Tick now, bool isOk) override {
        ends[index] = {now, isOk};
    }
    std::map<std::uint32_t, Tick> starts;
    std::map<std::uint32_t, std::pair<Tick, bool>> ends;
};

struct Bench {
    Bench(std::vector<std::uint64_t> entries, std::uint32_t tlbEntries)
        : memory(std::move(entries)),
          port(queue, memory),
          translator(memory, tlbEntries),
          engine(queue, port, {kLine, 16, 0}, Clock(kPeriod), kLine, translator, ends, "engine") {}

    void run(std::uint32_t index, std::uint64_t address, std::uint32_t bytes) {
        Transfer transfer;
        transfer.id = transfer.index = index;
        transfer.address = address;
        transfer.rowBytes = bytes;
        transfer.rows = 1;
        transfer.data = data.data();
        engine.submit(transfer);
        queue.runUntil(kMaxTick);
    }

    EventQueue queue;
    ListedMemory memory;
    RecordingPort port;
    Translator translator;
    Ends ends;
    TransferEngine engine;
    std::vector<std::uint8_t> data = std::vector<std::uint8_t>(4 * kPage);
};

constexpr std::uint64_t frame(std::uint64_t number) { return number * kPage | PageList::kPresent; }

TEST(DeviceTlb, DropsTheLeastRecentlyUsedTranslation) {
    DeviceTlb tlb(2);
    tlb.fill(1, 0x1000);
    tlb.fill(2, 0x2000);
    EXPECT_EQ(tlb.find(1), Addr(0x1000));
    tlb.fill(3, 0x3000);
    EXPECT_EQ(tlb.find(2), std::nullopt);
    EXPECT_EQ(tlb.find(1), Addr(0x1000));
    EXPECT_EQ(tlb.find(3), Addr(0x3000));
}

TEST(DeviceTlb, KeepsOneTranslationOfAPageThatTwoInterfacesHaveRead) {
    DeviceTlb tlb(2);
    tlb.fill(1, 0x1000);
    tlb.fill(2, 0x2000);
    tlb.fill(1, 0x1000);
    EXPECT_EQ(tlb.find(2), Addr(0x2000));
}

TEST(PageList, NamesAPageOnlyWithTheMarkAndNothingElse) {
    EXPECT_EQ(PageList::frameOf(0x7001), Addr(0x7000));
    EXPECT_EQ(PageList::frameOf(0x7000), std::nullopt);
    EXPECT_EQ(PageList::frameOf(0x7003), std::nullopt);
    EXPECT_EQ(PageList::frameOf(0), std::nullopt);
}

TEST(Translation, AMissReadsTheEntryThroughTheSamePortAndHoldsTheTransferUp) {
    Bench bench({frame(0x77), frame(0x33)}, 8);
    bench.run(0, 0x40, 128);
    const std::vector<Sent> expected = {
        {0, kList, 8}, {kFirstEdge, 0x77040, 64}, {kFirstEdge + kPeriod, 0x77080, 64}};
    EXPECT_EQ(bench.port.sent, expected);
    EXPECT_EQ(bench.ends.starts[0], Tick(0));
    EXPECT_EQ(bench.ends.ends[0], std::make_pair(kFirstEdge + kPeriod + kLatency, true));
}

TEST(Translation, AHitCostsNothing) {
    Bench listed({frame(0x77)}, 8), block({}, 8);
    listed.run(0, 0, 64);
    const Tick begin = listed.queue.now();
    listed.run(1, 64, 256);
    block.run(0, kWindow1, 256);
    const Tick edge = Clock(kPeriod).edgeAtOrAfter(begin);
    EXPECT_EQ(listed.ends.ends[1].first - edge, block.ends.ends[0].first);
    EXPECT_EQ(listed.translator.statistics().hits, 4u);
    EXPECT_EQ(listed.translator.statistics().misses, 1u);
}

TEST(Translation, AContiguousWindowIsLookedUpOnceATransfer) {
    Bench bench({}, 8);
    bench.run(0, kWindow1 + 0x1040, 4 * kLine);
    ASSERT_EQ(bench.port.sent.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_EQ(bench.port.sent[i].address, kBlock + 0x1040 + i * kLine);
    EXPECT_EQ(bench.memory.looks, 1);
    bench.run(1, kWindow1, kLine);
    EXPECT_EQ(bench.memory.looks, 2);
}

TEST(TransferEngine, MakesOneEventForEachRequestThoughMostWaitForAnAnswer) {
    constexpr std::uint32_t kRequests = 100;
    static_assert(kRequests > 16 && kLatency > 16 * kPeriod, "all that may be are outstanding");
    Bench bench({}, 8);
    bench.run(0, kWindow1, kRequests * kLine);
    ASSERT_EQ(bench.port.sent.size(), kRequests);
    EXPECT_EQ(bench.queue.eventCount(), 2 * kRequests) << "the other half are the answers";
}

TEST(Translation, ATransferThatCrossesPagesGoesToEachFrame) {
    Bench bench({frame(0x77), frame(0x33), frame(0x55)}, 8);
    bench.run(0, kPage - 64, std::uint32_t(kPage + 128));
    EXPECT_EQ(bench.port.sent[1].address, 0x77fc0u);
    EXPECT_EQ(bench.port.sent[2].address, kList + 8);
    EXPECT_EQ(bench.port.sent[3].address, 0x33000u);
    EXPECT_EQ(bench.port.sent[3 + 64].address, kList + 16);
    EXPECT_EQ(bench.port.sent.back().address, 0x55000u);
    EXPECT_EQ(bench.translator.statistics().misses, 3u);
    EXPECT_TRUE(bench.ends.ends[0].second);
}

TEST(Translation, AnUnalignedTransferIsSplitAtThePagesEdge) {
    Bench bench({frame(0x77), frame(0x33)}, 8);
    bench.run(0, kPage - 10, 30);
    ASSERT_EQ(bench.port.sent.size(), 4u);
    EXPECT_EQ(bench.port.sent[1].address, 0x77ff6u);
    EXPECT_EQ(bench.port.sent[1].bytes, 10u);
    EXPECT_EQ(bench.port.sent[3].address, 0x33000u);
    EXPECT_EQ(bench.port.sent[3].bytes, 20u);
}

TEST(Translation, ATlbThatIsTooSmallReadsEntriesAgain) {
    Bench bench({frame(0x77), frame(0x33)}, 1);
    for (std::uint32_t i = 0; i < 4; ++i) bench.run(i, i % 2 * kPage, 64);
    EXPECT_EQ(bench.translator.statistics().misses, 4u);
    EXPECT_EQ(bench.translator.statistics().hits, 0u);
}

TEST(Translation, WhatTheDriverChangedIsReadAnew) {
    Bench bench({frame(0x77)}, 8);
    bench.run(0, 0, 64);
    bench.memory.entries[0] = frame(0x99);
    bench.run(1, 0, 64);
    EXPECT_EQ(bench.port.sent.back().address, 0x77000u) << "a device keeps its translations";
    bench.translator.forget();
    bench.run(2, 0, 64);
    EXPECT_EQ(bench.port.sent.back().address, 0x99000u);
}

TEST(Translation, APageThatIsNotThereEndsTheTransferAsRefused) {
    Bench bench({frame(0x77), 0, frame(0x55)}, 8);
    bench.run(0, 0, std::uint32_t(3 * kPage));
    EXPECT_FALSE(bench.ends.ends[0].second);
    EXPECT_EQ(bench.port.sent.back().address, kList + 8)
        << "nothing is sent beyond the missing page";
    EXPECT_TRUE(bench.engine.isIdle());
    bench.run(1, 2 * kPage, 64);
    EXPECT_TRUE(bench.ends.ends[1].second);
    bench.run(2, kPage, 64);
    EXPECT_FALSE(bench.ends.ends[2].second);
}

}  // namespace
}  // namespace harness
