// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "harness/port/types.hh"

namespace harness {

/** What travels on a bus. */
enum class PacketKind : std::uint8_t {
    /** Fetch the line to read it. */
    ReadShared,
    /** Fetch the line to write it. */
    ReadExclusive,
    /** Take the right to write: the data is already there or will be overwritten whole. */
    Claim,
    /** Write back and drop everywhere; carries no data itself. */
    Flush,
    UncachedRead,
    UncachedWrite,
    /** Dirty data on its way down; nobody waits for an answer. */
    Writeback,
    /** Accesses of a DMA port below the point of coherency. */
    DmaRead,
    DmaWrite,
};

using PacketId = std::uint32_t;
inline constexpr PacketId kNoPacket = ~PacketId{0};

/** One transaction; the same packet goes from its requestor to memory and back. */
struct Packet {
    Addr addr = 0;
    Addr line = 0;
    std::uint64_t tag = 0;
    Tick readyTick = 0;
    std::uint32_t sizeBytes = 0;
    std::uint32_t mshr = 0;
    std::uint32_t responseBytes = 0;
    std::uint32_t burstsLeft = 0;
    PacketId next = kNoPacket;
    std::uint16_t l2BusSource = 0;
    std::uint16_t memoryBusSource = 0;
    PacketKind kind = PacketKind::ReadShared;
    /** The requestor's copy becomes dirty, because dirty data is passed to it. */
    bool isDirtyPassed = false;
    /** Someone else keeps a copy. */
    bool isShared = false;
    /** The answer brings the line, not only a right. */
    bool needsData = true;
};

/** True if the request itself carries data over a bus. */
inline bool carriesData(PacketKind kind) {
    return kind == PacketKind::Writeback || kind == PacketKind::UncachedWrite ||
           kind == PacketKind::DmaWrite;
}

/** Owns all packets. Ids are recycled and never decide an order. */
class PacketPool final {
  public:
    PacketId allocate() {
        ++used;
        if (firstFree == kNoPacket) addBlock();
        const PacketId id = firstFree;
        Packet& packet = (*this)[id];
        firstFree = packet.next;
        packet = Packet{};
        return id;
    }

    void release(PacketId id) {
        --used;
        (*this)[id].next = firstFree;
        firstFree = id;
    }

    /** The reference stays valid while the pool grows. */
    Packet& operator[](PacketId id) { return (*blocks[id / kBlock])[id % kBlock]; }
    std::uint64_t inUse() const { return used; }

  private:
    static constexpr PacketId kBlock = 64;
    using Block = std::array<Packet, kBlock>;

    void addBlock() {
        const auto first = static_cast<PacketId>(blocks.size() * kBlock);
        blocks.push_back(std::make_unique<Block>());
        for (PacketId id = first + kBlock; id-- > first;) {
            (*this)[id].next = firstFree;
            firstFree = id;
        }
    }

    std::vector<std::unique_ptr<Block>> blocks;
    PacketId firstFree = kNoPacket;
    std::uint64_t used = 0;
};

}  // namespace harness
