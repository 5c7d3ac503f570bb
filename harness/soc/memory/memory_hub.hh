// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/soc/memory/bus.hh"
#include "harness/soc/memory/coherence.hh"
#include "harness/soc/memory/dram_channel.hh"
#include "harness/soc/memory/hazard.hh"
#include "harness/soc/memory/line_locks.hh"
#include "harness/soc/memory/packet.hh"
#include "harness/soc/memory/private_cache.hh"
#include "harness/soc/memory/shared_cache.hh"

namespace harness {

/**
 * What is below the memory bus: the point of coherency and the DRAM channels behind it.
 *
 * DMA ports that are not coherent join here; their accesses are checked against every cache.
 */
class MemoryHub final : public BusTarget, public DramClient {
  public:
    MemoryHub(EventQueue& queue, PacketPool& packets, Bus& bus, Coherence& coherence,
              LineLocks& locks, const MemoryConfig& config);

    void setProcessorSide(SharedCache& cache) { l2 = &cache; }
    void setIoCache(PrivateCache& cache) { ioCache = &cache; }
    void setHazardListener(HazardListener& listener) { hazardListener = &listener; }

    std::uint32_t requestLayer(const Packet& packet) const override {
        if (channels.size() == 1) return 0;
        return static_cast<std::uint32_t>(
            channelCountDivisor.remainder(interleaveBytes.quotient(packet.addr)));
    }
    bool canGrant(const Packet& packet) const override;
    bool granted(Packet& packet, Tick arrival) override;
    void requestArrived(Packet& packet) override;
    void dramDone(Packet& packet) override;
    void dramRetry() override { bus.retry(); }

    DramChannel& channel(std::uint32_t index) { return *channels[index]; }
    std::uint32_t channelCount() const { return static_cast<std::uint32_t>(channels.size()); }

  private:
    DramChannel& channelOf(const Packet& packet) const { return *channels[requestLayer(packet)]; }
    bool isFromProcessorSide(const Packet& packet) const {
        return packet.memoryBusSource == l2->memoryBusSource();
    }
    SnoopResult snoopOthers(const Packet& packet, SnoopKind kind);
    /** Coherent fetch or claim; returns false if it needs no memory. */
    bool orderCached(Packet& packet, Tick arrival);
    /** Flush and uncached accesses: nobody keeps the line. */
    bool orderUncached(Packet& packet, Tick arrival);
    void checkHazard(const Packet& packet);

    EventQueue& queue;
    Bus& bus;
    Coherence& coherence;
    LineLocks& locks;
    std::uint32_t lineBytes;
    Divisor interleaveBytes;
    Divisor channelCountDivisor;
    Tick aboveL2Ticks;
    SharedCache* l2 = nullptr;
    PrivateCache* ioCache = nullptr;
    HazardListener* hazardListener = nullptr;
    std::vector<std::unique_ptr<DramChannel>> channels;
};

}  // namespace harness
