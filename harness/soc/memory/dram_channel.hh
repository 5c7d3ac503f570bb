// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "harness/port/event_queue.hh"
#include "harness/soc/memory/burst_queue.hh"
#include "harness/soc/memory/config.hh"
#include "harness/soc/memory/dram_timing.hh"
#include "harness/soc/memory/packet.hh"
#include "harness/soc/memory/statistics.hh"

namespace harness {

/** Whoever sends requests to a channel. */
class DramClient {
  public:
    virtual ~DramClient() = default;
    /** The access is done at this tick: data is ready for the bus, or the write is ordered. */
    virtual void dramDone(Packet& packet) = 0;
    /** A queue has room again. */
    virtual void dramRetry() = 0;
};

/**
 * Memory controller and DRAM of one channel: a read queue, a write queue that is drained
 * between watermarks, first-ready first-come-first-served choice, open rows that close when
 * only conflicts wait (gem5's "open_adaptive"), all as gem5's mem_ctrl.cc decides it.
 */
class DramChannel final : public EventHandler {
  public:
    DramChannel(EventQueue& queue, PacketPool& packets, DramClient& client,
                const DramConfig& config, std::uint32_t interleaveBytes, std::string name);

    /** True if the bursts of an access find room. Changes nothing. */
    bool canAccept(Addr addr, std::uint32_t sizeBytes, bool isWrite) const;
    /** Keep room for an access that is on its way. */
    void reserve(Addr addr, std::uint32_t sizeBytes, bool isWrite);
    /** The access that `reserve` announced. A Writeback's packet ends here. */
    void arrive(Packet& packet, bool isWrite);

    void handleEvent(std::uint16_t kind, std::uint64_t argument) override;

    const DramStatistics& statistics() const { return stats; }
    void resetStatistics() { stats = DramStatistics{}; }
    std::string pendingWork() const;

  private:
    enum Kind : std::uint16_t { kDecide, kBurstDone, kAnswer };
    static constexpr std::size_t kHashes = 256;

    std::uint32_t burstCount(Addr addr, std::uint32_t sizeBytes) const;
    std::uint64_t firstBurst(Addr addr) const;
    void arriveRead(Packet& packet);
    void arriveWrite(Packet& packet);
    bool isInWriteQueue(std::uint64_t burst) const;
    std::uint32_t& writesLike(std::uint64_t burst) { return writesByHash[burst % kHashes]; }
    void scheduleDecision(Tick tick);
    void decide();
    bool chooseDirection();
    void serve(BurstQueue& bursts);
    const Burst* chooseBurst(const BurstQueue& bursts) const;
    /// Of the bursts of one direction: gem5's controller passes the queue that it is serving, so
    /// that writes which wait for company close no row under a stream of reads.
    static bool hasOnlyConflicts(const BurstQueue& bursts, const DramPlace& place);
    void afterWrite();

    EventQueue& queue;
    PacketPool& packets;
    DramClient& client;
    DramConfig config;
    unsigned burstShift;
    unsigned interleaveShift;
    Divisor channels;
    ComponentId component;
    DramStatistics stats;
    DramTiming timing;
    std::uint32_t writeHigh;
    std::uint32_t writeLow;
    BurstQueue reads;
    BurstQueue writes;
    std::array<std::uint32_t, kHashes> writesByHash{};  // how many of them; mostly none
    std::uint32_t usedReads = 0;   // from grant to answer, as gem5 counts its response queue
    std::uint32_t usedWrites = 0;  // from grant to column command
    std::uint32_t writesThisTime = 0;
    Tick nextDecisionTick = kMaxTick;
    bool isWriting = false;
};

}  // namespace harness
