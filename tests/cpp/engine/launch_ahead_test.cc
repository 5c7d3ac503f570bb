// SPDX-License-Identifier: BSD-3-Clause
// Commands that the model gets before they start are held to the bytes that it got.
#include <gtest/gtest.h>

#include <cstring>
#include <utility>
#include <vector>

#include "harness/port/accelerator.hh"

namespace harness {
namespace {

constexpr std::uint64_t kRing = 0x2000, kSlotBytes = 256, kOperandBytes = 16;
constexpr std::uint32_t kDescriptorBytes = 192;

/// Window 0 is memory from address 0 on, which holds the ring, too.
class BytesInMemory final : public DeviceMemory {
  public:
    WindowPlace placeOf(std::uint64_t) const override { return {0, false}; }
    std::uint64_t pageEntry(std::uint64_t, const std::uint8_t*) const override { return 0; }
    bool allows(const CommandOperand& operand) const override {
        return operand.deviceAddress + operand.sizeBytes <= bytes.size();
    }
    std::vector<std::uint8_t> look(const CommandOperand& operand) override {
        ++looks;
        const auto first = bytes.begin() + std::ptrdiff_t(operand.deviceAddress);
        return {first, first + std::ptrdiff_t(operand.sizeBytes)};
    }
    bool movesBytes() const override { return true; }
    const std::uint8_t* arrived(std::uint64_t, std::uint64_t, const std::uint8_t* moved) override {
        return moved;
    }
    void stored(std::uint64_t, const std::uint8_t*, std::uint64_t) override {}
    void noteTransfer(const NodeRecord&, std::uint32_t, Tick) override {}

    std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(0x3000);
    int looks = 0;
};

/// Moves bytes when an access ends.
class MovingPort final : public MemoryPort, public EventHandler {
  public:
    MovingPort(EventQueue& queue, BytesInMemory& memory)
        : queue(queue), memory(memory), id(queue.addComponent(*this, "port")) {}

    std::uint32_t requestorId() const override { return 0; }
    void setListener(AccessListener& told) override { listener = &told; }
    bool canAccept() const override { return true; }
    void move(AccessKind kind, Addr address, std::uint32_t count, std::uint64_t tag,
              std::uint8_t* data) override {
        const bool isRead = kind == AccessKind::Read;
        moves.push_back({isRead ? data : &memory.bytes[address],
                         isRead ? &memory.bytes[address] : data, count, tag});
        queue.schedule(queue.now() + 5000, Priority::Response, id, 0, moves.size() - 1);
    }
    void handleEvent(std::uint16_t, std::uint64_t index) override {
        const Move done = moves[index];
        std::memcpy(done.to, done.from, done.count);
        listener->accessDone(done.tag, queue.now());
    }

  private:
    struct Move {
        std::uint8_t* to;
        const std::uint8_t* from;
        std::uint32_t count;
        std::uint64_t tag;
    };
    EventQueue& queue;
    BytesInMemory& memory;
    ComponentId id;
    AccessListener* listener = nullptr;
    std::vector<Move> moves;
};

/// Command i reads 16 bytes at 64 i and writes 16 bytes at `writtenAt`.
std::string descriptorOf(std::uint32_t i, std::uint64_t writtenAt) {
    std::string bytes(kDescriptorBytes, 0);
    const auto put = [&bytes](std::size_t at, auto value) {
        std::memcpy(&bytes[at], &value, sizeof value);
    };
    put(0, std::uint32_t(0x314D4348));
    put(4, kDescriptorBytes);
    put(8, i);
    put(12, std::uint16_t(2));
    for (std::size_t k = 0; k < 2; ++k) {
        put(32 + 64 * k, k == 0 ? std::uint64_t(64) * i : writtenAt);
        put(40 + 64 * k, kOperandBytes);
        put(48 + 64 * k, std::uint8_t(Interface::Dma));
        put(49 + 64 * k, std::uint8_t(1 + k));
    }
    return bytes;
}

NodeRecord transfer(std::uint32_t id, NodeKind kind, std::uint32_t operand, std::uint64_t address,
                    std::uint32_t count) {
    NodeRecord node;
    node.id = id;
    node.kind = kind;
    node.interface = Interface::Dma;
    node.operand = operand;
    node.address = address;
    node.rowBytes = count;
    node.rows = 1;
    return node;
}

class LaunchAheadTest : public ::testing::Test,
                        protected ExchangeListener,
                        protected AcceleratorListener {
  protected:
    LaunchAheadTest() : port(queue, memory) {
        for (std::size_t i = 0; i < 256; ++i) memory.bytes[i] = std::uint8_t(i);
    }

    void exchangeNeeded(Exchange needed) override {
        exchange = std::move(needed);
        queue.requestStop();
    }
    void commandEnded(std::uint32_t, const Ticket&, Tick) override { ++ended; }
    void commandRefused(std::uint32_t, const std::string& what) override { refusal = what; }
    void interruptRaised(std::uint32_t, const Ticket&, Tick) override {}

    void submit(std::uint32_t i, std::uint64_t writtenAt = 0x1000, bool isForeseen = true) {
        const std::string descriptor = descriptorOf(i, writtenAt);
        Ticket ticket;
        ticket.command = i;
        ticket.descriptorAddress = kRing + i * kSlotBytes;
        std::memcpy(&memory.bytes[ticket.descriptorAddress], descriptor.data(), descriptor.size());
        accelerator.submitUnread(ticket, kDescriptorBytes, isForeseen ? descriptor : "");
    }

    void run() { queue.runUntil(kMaxTick); }

    /// Answers with a READ of `readBytes` bytes from command i's input, finally.
    void answer(std::uint32_t i, std::uint32_t readBytes = kOperandBytes) {
        const NodeRecord read = transfer(0, NodeKind::Read, 0, std::uint64_t(64) * i, readBytes);
        ActionsView actions;
        actions.nodes = &read;
        actions.nodeCount = 1;
        actions.isFinal = true;
        EXPECT_EQ(accelerator.answer(actions), "");
    }

    /// Command 0 runs, command 1 was launched ahead.
    Exchange runToAhead(std::uint64_t writtenAt = 0x1000) {
        submit(0);
        submit(1, writtenAt);
        run();
        answer(0);
        return accelerator.launchAhead();
    }

    EventQueue queue;
    BytesInMemory memory;
    MovingPort port;
    std::vector<TimelineRecord> timeline;
    Accelerator accelerator{queue,  {&port, nullptr, nullptr},
                            memory, {1000, 1, 16, 64, true, 0, {64, 4, 0}, {}, {}},
                            0,      *this,
                            *this,  timeline};
    Exchange exchange;
    std::string refusal;
    int ended = 0;
};

TEST_F(LaunchAheadTest, TheNextCommandIsOneBehindACommandThatNeedsTheModelNoMore) {
    submit(0);
    submit(1);
    EXPECT_EQ(accelerator.next(), nullptr);
    run();
    EXPECT_EQ(accelerator.next(), nullptr);
    answer(0);
    ASSERT_NE(accelerator.next(), nullptr);
    EXPECT_EQ(accelerator.next()->operands[0].deviceAddress, 64U);
    accelerator.launchAhead();
    EXPECT_EQ(accelerator.next(), nullptr);
}

TEST_F(LaunchAheadTest, ACommandThatNobodyForesawIsNone) {
    submit(0);
    submit(1, 0x1000, false);
    run();
    answer(0);
    EXPECT_EQ(accelerator.next(), nullptr);
}

TEST_F(LaunchAheadTest, WhatWasSentIsWhatTheOperandsHeldAndIsNotLookedAtAgain) {
    const Exchange sent = runToAhead();
    EXPECT_EQ(sent.data, std::string(memory.bytes.begin() + 64, memory.bytes.begin() + 80));
    EXPECT_EQ(sent.descriptor, descriptorOf(1, 0x1000));
    run();
    EXPECT_TRUE(exchange.isAhead);
    EXPECT_EQ(exchange.commandId, 1U);
    EXPECT_TRUE(exchange.data.empty());
    answer(1);
    run();
    EXPECT_EQ(ended, 2);
    EXPECT_EQ(refusal, "");
    EXPECT_EQ(memory.looks, 2);
}

TEST_F(LaunchAheadTest, ACommandThatCouldNotBeSentIsLaunchedWhenItStarts) {
    runToAhead();
    accelerator.forgoLaunchAhead();
    EXPECT_EQ(accelerator.next(), nullptr);
    memory.bytes[64] = 99;
    run();
    EXPECT_FALSE(exchange.isAhead);
    EXPECT_EQ(exchange.data.front(), 99);
    answer(1);
    run();
    EXPECT_EQ(refusal, "");
}

TEST_F(LaunchAheadTest, AChangedByteIsRefusedWhenAReadBringsIt) {
    runToAhead();
    memory.bytes[64] = 99;
    run();
    answer(1);
    EXPECT_EQ(refusal, "");
    run();
    EXPECT_EQ(refusal, "operand 0 was changed after the command was submitted");
    EXPECT_EQ(accelerator.statistics().readMismatches, 1U);
}

TEST_F(LaunchAheadTest, AChangedByteThatNoReadBringsIsRefusedAtTheStart) {
    runToAhead();
    memory.bytes[64 + kOperandBytes - 1] = 99;
    run();
    answer(1, kOperandBytes - 1);
    EXPECT_EQ(refusal, "operand 0 was changed after the command was submitted");
}

TEST_F(LaunchAheadTest, AnOperandThatTheCommandWritesIsComparedAtTheStart) {
    runToAhead(64);
    run();
    memory.bytes[64] = 99;
    answer(1);
    EXPECT_EQ(refusal, "operand 0 was changed after the command was submitted");
}

TEST_F(LaunchAheadTest, AChangedDescriptorIsRefused) {
    runToAhead();
    memory.bytes[kRing + kSlotBytes + 16] = 'x';
    run();
    EXPECT_EQ(refusal, "it changed in the ring after it was submitted");
}

TEST_F(LaunchAheadTest, ACommandThatIsWrittenIntoIsKnown) {
    submit(0, 64);
    submit(1);
    run();
    answer(0);
    EXPECT_TRUE(accelerator.writesInto(*accelerator.next(), 1));
    EXPECT_FALSE(accelerator.writesInto(*accelerator.next(), 0));
}

}  // namespace
}  // namespace harness
