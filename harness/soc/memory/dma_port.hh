// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

#include "harness/port/event_queue.hh"
#include "harness/soc/memory/bus.hh"
#include "harness/soc/memory/hazard.hh"
#include "harness/soc/memory/packet.hh"
#include "harness/soc/memory/statistics.hh"

namespace harness {

/** DMA straight to the memory bus, below the point of coherency. Its queue is the bus's. */
class DmaPort final : public Requestor, public BusSource, public EventHandler {
  public:
    DmaPort(EventQueue& queue, PacketPool& packets, Bus& bus, std::uint32_t requestorId,
            std::string name, std::uint32_t lineBytes);

    std::uint32_t requestorId() const override { return id; }
    const std::string& requestorName() const override { return name; }
    void setListener(AccessListener& user) override { listener = &user; }
    bool canAccept() const override;
    void access(AccessKind kind, Addr addr, std::uint32_t sizeBytes, std::uint64_t tag) override;
    /** There is no cache: never hits. */
    Tick accessIfHit(AccessKind, Addr, std::uint32_t) override { return 0; }

    void requestGranted(Packet& packet) override;
    void responseArrived(Packet& packet) override;
    void handleEvent(std::uint16_t kind, std::uint64_t argument) override;

    const DmaStatistics& statistics() const { return stats; }
    void resetStatistics() { stats = DmaStatistics{}; }
    std::uint64_t outstandingAccesses() const { return outstanding; }
    std::string pendingWork() const;

  private:
    EventQueue& queue;
    PacketPool& packets;
    Bus& bus;
    std::uint32_t id;
    std::string name;
    std::uint32_t lineBytes;
    ComponentId component;
    std::uint16_t source;
    AccessListener* listener = nullptr;
    std::uint64_t outstanding = 0;
    bool isBlocked = false;
    DmaStatistics stats;
};

}  // namespace harness
