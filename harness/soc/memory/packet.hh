// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <deque>

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
    /** Behind it in a queue. */
    Packet* next = nullptr;
    std::uint16_t l2BusSource = 0;
    std::uint16_t memoryBusSource = 0;
    /** Of these two, on the bus that carries the response now. */
    std::uint16_t responseSource = 0;
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

/** A packet as an event's argument; it decides no order. */
inline std::uint64_t argumentOf(Packet& packet) {
    return reinterpret_cast<std::uintptr_t>(&packet);
}
inline Packet& packetOf(std::uint64_t argument) {
    return *reinterpret_cast<Packet*>(static_cast<std::uintptr_t>(argument));
}

/** Owns all packets. They are recycled and never move. */
class PacketPool final {
  public:
    Packet& allocate() {
        if (firstFree == nullptr) return packets.emplace_back();
        Packet& packet = *firstFree;
        firstFree = packet.next;
        return packet = Packet{};
    }

    void release(Packet& packet) {
        packet.next = firstFree;
        firstFree = &packet;
    }

  private:
    std::deque<Packet> packets;
    Packet* firstFree = nullptr;
};

}  // namespace harness
