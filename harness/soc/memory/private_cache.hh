// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/port/event_queue.hh"
#include "harness/soc/memory/bus.hh"
#include "harness/soc/memory/config.hh"
#include "harness/soc/memory/hazard.hh"
#include "harness/soc/memory/line_locks.hh"
#include "harness/soc/memory/packet.hh"
#include "harness/soc/memory/statistics.hh"
#include "harness/soc/memory/tag_array.hh"

namespace harness {

/** Takes the state of a dirty line that a cache above drops. */
class WritebackSink {
  public:
    virtual ~WritebackSink() = default;
    virtual void absorb(Addr line, LineState state) = 0;
};

/** Starts a transaction whose line has become free. */
class LockClient {
  public:
    virtual ~LockClient() = default;
    virtual void lockGranted(std::uint16_t mshr) = 0;
};

/** The lines under way and who to tell when one becomes free. */
struct LockService {
    LineLocks locks;
    std::vector<LockClient*> clients;

    explicit LockService(std::uint32_t capacity) : locks(capacity) {}
    void release(Addr line) {
        LineLocks::Owner next{};
        if (locks.release(line, next)) clients[next.cache]->lockGranted(next.mshr);
    }
};

/**
 * A write-back, write-allocate cache with requestors on top: L1D, ACP cache, accelerator
 * cache and the I/O cache of coherent DMA.
 *
 * States change at once: a hit's at the access, a miss's when its bus orders it and when the
 * fill arrives, a victim's when it is replaced; the packets pay the time.
 */
class PrivateCache final : public BusSource, public EventHandler, public LockClient {
  public:
    struct Wiring {
        EventQueue& queue;
        PacketPool& packets;
        Bus& bus;
        LockService& lockService;
        /** Next cache, null if write-backs go to memory. */
        WritebackSink* below;
        std::uint32_t lineBytes;
        bool isOnMemoryBus;
    };

    PrivateCache(const Wiring& wiring, const CacheConfig& config, const std::string& name);

    /** Add a port. With `promotesFullWrites` a Write of a whole line needs no fetch. */
    Requestor& addPort(std::uint32_t requestorId, std::string name, bool promotesFullWrites);
    const DmaStatistics& portStatistics(std::size_t port) const { return ports[port]->stats; }

    void requestGranted(Packet& packet) override;
    void responseArrived(Packet& packet) override;
    void lockGranted(std::uint16_t mshr) override;
    void handleEvent(std::uint16_t kind, std::uint64_t argument) override;

    /** Send a dirty line that was dropped to the next level. */
    void writeBack(Addr line, LineState state);

    TagArray& tagArray() { return tags; }
    CacheStatistics& statistics() { return stats; }
    const std::string& name() const { return queue.componentName(component); }
    void resetStatistics();
    std::uint64_t outstandingAccesses() const { return outstanding; }
    /** Empty if nothing waits. */
    std::string pendingWork() const;

  private:
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};
    static constexpr Addr kNoLine = ~Addr{0};
    enum Kind : std::uint16_t { kUnblock, kHitDone };  // kHitDone + port

    class Port final : public Requestor {
      public:
        Port(PrivateCache& owner, std::uint32_t portIndex, std::uint32_t requestor,
             std::string portName, bool promotes)
            : cache(owner),
              index(portIndex),
              id(requestor),
              name(std::move(portName)),
              promotesFullWrites(promotes) {}
        std::uint32_t requestorId() const override { return id; }
        const std::string& requestorName() const override { return name; }
        void setListener(AccessListener& user) override { listener = &user; }
        bool canAccept() const override { return cache.canAccept(); }
        void access(AccessKind kind, Addr addr, std::uint32_t sizeBytes,
                    std::uint64_t tag) override;
        Tick accessIfHit(AccessKind kind, Addr addr, std::uint32_t sizeBytes) override;

        PrivateCache& cache;
        std::uint32_t index;
        std::uint32_t id;
        std::string name;
        bool promotesFullWrites;
        AccessListener* listener = nullptr;
        DmaStatistics stats;

      private:
        AccessKind effectiveKind(AccessKind kind, std::uint32_t sizeBytes) const;
        void count(AccessKind kind, std::uint32_t sizeBytes);
    };

    struct Target {
        std::uint64_t tag;
        Addr addr;
        std::uint32_t sizeBytes;
        std::uint32_t port;
        std::uint32_t next;
        AccessKind kind;
    };
    struct Finished {
        std::uint64_t tag;
        std::uint32_t port;
    };
    struct Mshr {
        std::uint32_t firstTarget = kNone;
        std::uint32_t lastTarget = kNone;
        Tick allocated = 0;
    };

    bool canAccept() const { return !freeMshrs.empty() && waitingWritebacks < config.writeBuffers; }
    bool tryHit(AccessKind kind, Addr line);
    void miss(const Target& target, Addr line);
    std::uint32_t allocateTarget(const Target& target);
    std::uint32_t findMshr(Addr line) const;
    void start(std::uint32_t mshr);
    void send(std::uint32_t mshr);
    bool wantsOwnership(const Mshr& mshr) const;
    void fill(const Packet& packet);
    bool isSatisfied(const Target& target, Addr line) const;
    /** Move the first target, and those after it that the line's new state satisfies, to
     *  `finished`. */
    void finishTargets(Mshr& mshr, Addr line);
    void noteBlocked();
    /** Tell the listeners if there is room again. */
    void unblock();

    EventQueue& queue;
    PacketPool& packets;
    Bus& bus;
    LockService& lockService;
    WritebackSink* below;
    CacheConfig config;
    std::uint32_t lineBytes;
    bool isOnMemoryBus;
    ComponentId component;
    std::uint16_t source;
    std::uint16_t lockIndex;
    TagArray tags;
    CacheStatistics stats;
    std::vector<std::unique_ptr<Port>> ports;
    std::vector<Addr> mshrLines;  // kNoLine: free
    std::vector<Mshr> mshrs;
    std::vector<std::uint32_t> freeMshrs;
    std::vector<Target> targets;
    std::uint32_t freeTarget = kNone;
    std::vector<Finished> finished;
    std::uint32_t waitingWritebacks = 0;
    std::uint64_t outstanding = 0;
    bool isBlocked = false;
};

}  // namespace harness
