// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

#include "harness/port/event_queue.hh"
#include "harness/soc/memory/bus.hh"
#include "harness/soc/memory/coherence.hh"
#include "harness/soc/memory/config.hh"
#include "harness/soc/memory/packet.hh"
#include "harness/soc/memory/private_cache.hh"
#include "harness/soc/memory/statistics.hh"
#include "harness/soc/memory/tag_array.hh"

namespace harness {

/**
 * The L2: below the L2 bus, above the memory bus, mostly inclusive (a fill allocates, an
 * eviction does not recall the copies above).
 *
 * A request keeps one of its MSHRs from its grant on the L2 bus until its answer leaves. Lines
 * are serialised above it (LineLocks), so that its MSHRs never merge.
 */
class SharedCache final : public BusTarget, public BusSource, public WritebackSink {
  public:
    SharedCache(EventQueue& queue, PacketPool& packets, Bus& upperBus, Bus& memoryBus,
                Coherence& coherence, const CacheConfig& config, std::uint32_t lineBytes);

    std::uint32_t requestLayer(const Packet&) const override { return 0; }
    bool canGrant(const Packet& packet) const override;
    bool granted(Packet& packet, Tick arrival) override;
    void requestArrived(Packet& packet) override;

    void requestGranted(Packet& packet) override;
    void responseArrived(Packet& packet) override;

    void absorb(Addr line, LineState state) override;

    /** Send a dirty line that was dropped to memory. */
    void writeBack(Addr line);

    std::uint16_t memoryBusSource() const { return source; }
    TagArray& tagArray() { return tags; }
    CacheStatistics& statistics() { return stats; }
    void resetStatistics() { stats = CacheStatistics{}; }
    const CacheConfig& configuration() const { return config; }
    std::string pendingWork() const;

  private:
    bool grantRead(Packet& packet, Tick arrival);
    bool grantOwnership(Packet& packet, Tick arrival);
    void lookUpRead(Packet& packet);
    void lookUpOwnership(Packet& packet);
    void dropLine(Packet& packet);
    void respond(Packet& packet, Tick readyTick);
    void forward(Packet& packet);
    void fill(Addr line, LineState state);

    EventQueue& queue;
    PacketPool& packets;
    Bus& upperBus;
    Bus& memoryBus;
    Coherence& coherence;
    CacheConfig config;
    std::uint32_t lineBytes;
    std::uint16_t source;
    TagArray tags;
    CacheStatistics stats;
    std::uint32_t usedMshrs = 0;
    std::uint32_t waitingWritebacks = 0;
};

}  // namespace harness
