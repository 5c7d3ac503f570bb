// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/port/event_queue.hh"
#include "harness/soc/memory/config.hh"
#include "harness/soc/memory/packet.hh"
#include "harness/soc/memory/statistics.hh"

namespace harness {

/** A component above the bus: sends requests, gets responses. */
class BusSource {
  public:
    virtual ~BusSource() = default;
    /** The packet leaves its queue now; last chance to say what it is. No new access may start. */
    virtual void requestGranted(Packet& packet) = 0;
    /** The response arrived. The source now owns the packet. */
    virtual void responseArrived(Packet& packet) = 0;
};

/** What is below the bus: takes requests, looks after coherence when one is granted. */
class BusTarget {
  public:
    virtual ~BusTarget() = default;
    /** Request layer that leads to the packet's destination. */
    virtual std::uint32_t requestLayer(const Packet& packet) const = 0;
    /** True if the destination has room. Changes nothing; after a false, call `Bus::retry`. */
    virtual bool canGrant(const Packet& packet) const = 0;
    /** The order among all requests to this line is decided here. Returns false if the packet
     *  goes no further (the target answers or has dropped it). */
    virtual bool granted(Packet& packet, Tick arrival) = 0;
    /** The request, with its data, has arrived. */
    virtual void requestArrived(Packet& packet) = 0;
};

/**
 * A bus: requests wait in one first-in first-out queue per source; at each bus clock edge the
 * arbiter takes them round robin, so that simultaneous requests need no other order.
 *
 * A transfer holds its layer one cycle plus its payload (gem5 coherent_xbar.cc does the same)
 * and arrives latency plus payload after its grant.
 */
class Bus final : public EventHandler {
  public:
    Bus(EventQueue& queue, const BusConfig& config, std::string name, std::uint32_t requestLayers);

    void setTarget(BusTarget& busTarget) { target = &busTarget; }

    /** `deliverTicks` is added between a response's arrival and `responseArrived`. */
    std::uint16_t addSource(BusSource& source, Tick deliverTicks);

    /** Queue a request that may be granted from `readyTick` on. */
    void enqueue(std::uint16_t source, Packet& packet, Tick readyTick);

    /** Requests of the source that wait for their grant. */
    std::uint32_t waiting(std::uint16_t source) const { return sources[source].waiting; }

    /** The target has room again. */
    void retry();

    /** Send the response to `source` when it is ready; `bytes` is its payload. */
    void respond(std::uint16_t source, Packet& packet, std::uint32_t bytes, Tick readyTick);

    void countSnoops(std::uint32_t count) { stats.snoops += count; }
    const BusStatistics& statistics() const { return stats; }
    void resetStatistics();
    const BusConfig& configuration() const { return config; }

    void handleEvent(std::uint16_t kind, std::uint64_t argument) override;

  private:
    enum Kind : std::uint16_t { kArbitrate, kArrive, kRespond, kDeliver };

    struct Source {
        BusSource* component;
        Tick deliverTicks;
        Packet* head = nullptr;
        Packet* tail = nullptr;
        std::uint32_t waiting = 0;
        std::uint32_t headLayer = 0;  // of the request at the head
        Tick headReady = 0;
    };

    Tick payloadTicks(std::uint32_t bytes) const;
    void setHead(Source& source, Packet& packet);
    void scheduleArbitration(Tick tick);
    void arbitrate();
    /** Serve some sources, bit i for source i, in order; returns the earliest that `serve` does. */
    Tick serveAll(std::uint64_t chosen);
    /** Try the head of one source; returns when it is worth another look. */
    Tick serve(std::uint16_t index);
    bool canGrantHead(const Source& source);
    void grant(std::uint16_t index, std::uint32_t layer);
    void sendResponse(Packet& packet);

    EventQueue& queue;
    BusConfig config;
    Clock clock;
    Divisor width;
    ComponentId component;
    BusTarget* target = nullptr;
    std::vector<Source> sources;
    std::vector<Tick> requestFree;
    std::vector<Tick> responseFree;
    std::uint64_t waitingSources = 0;  // bit i: source i has a request queued
    std::uint32_t nextSource = 0;
    bool isAnyRefused = false;  // a head waits for room below
    Tick nextArbitration = kMaxTick;
    BusStatistics stats;
};

}  // namespace harness
