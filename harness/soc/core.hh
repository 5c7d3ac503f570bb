// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "harness/port/event_queue.hh"
#include "harness/soc/memory/hazard.hh"

namespace harness {

/// One access of a routine, and the instructions that come before it.
struct StreamAccess {
    AccessKind kind;
    Addr address;
    Tick ticksBefore;
};

/// The memory accesses of one piece of host work, in program order.
class AccessStream {
  public:
    virtual ~AccessStream() = default;
    /// Produce the next access; false when none is left.
    virtual bool next(StreamAccess& access) = 0;
    /// Ticks after the last access.
    virtual Tick tailTicks() const = 0;
};

/// How a core's stores reach the cache: one after the other where they become visible in order.
struct StoreConfig {
    std::uint32_t maximumMisses = 1;  // in flight; a further one waits, and what follows it
    Tick lineTicks = 0;               // of the stores to one line, once the line is there
};

struct CoreStatistics {
    Tick busyTicks = 0;
    Tick stallTicks = 0;
};

/**
 * A core that runs access streams: instructions in order, misses overlapped.
 *
 * A hit costs only its instructions. A miss goes on in the background until as many lines are
 * outstanding as the core can follow; a stream has ended when all of its lines have arrived.
 * Stores have a way of their own to the cache (StoreConfig): the next line's begin when the last
 * line's are through.
 */
class Core final : public EventHandler, public AccessListener {
  public:
    using Done = std::function<void(Tick)>;

    Core(EventQueue& queue, Requestor& port, std::string name, std::uint32_t lineBytes,
         const StoreConfig& stores);

    /// Run `stream` from the present tick on; `done` is called when it has ended.
    void run(std::unique_ptr<AccessStream> stream, std::uint32_t maximumOutstanding, Done done);
    /// As `run`, from `when` on.
    void runAt(Tick when, std::unique_ptr<AccessStream> stream, std::uint32_t maximumOutstanding,
               Done done);

    bool isIdle() const { return !stream; }
    std::uint32_t requestorId() const { return port.requestorId(); }
    const CoreStatistics& statistics() const { return counts; }

    void handleEvent(std::uint16_t kind, std::uint64_t argument) override;
    void accessDone(std::uint64_t tag, Tick now) override;
    void accessAllowed(std::uint32_t requestorId, Tick now) override;

  private:
    struct Line {
        Addr address;
        AccessKind kind;
    };
    enum EventKind : std::uint16_t { kAdvance, kFinish };

    void advance();
    /// True if the access needs nothing more; false if it has to wait at this tick.
    bool tryAccess();
    bool isOutstanding(Addr line, AccessKind kind) const;
    bool hasRoomFor(AccessKind kind) const;
    void wakeUp(Tick now);
    void scheduleAt(Tick when);
    void finishAt(Tick when);

    EventQueue& queue;
    Requestor& port;
    ComponentId component;
    Addr lineMask;
    StoreConfig stores;
    Tick storesFree = 0;  // when the stores of the last line are through
    std::unique_ptr<AccessStream> stream;
    Done done;
    std::vector<Line> outstanding;
    std::uint32_t maximumOutstanding = 0;
    StreamAccess pending{};
    bool hasPending = false;
    bool isBlocked = false;
    bool isDraining = false;
    Tick localTick = 0;
    Tick startTick = 0;
    CoreStatistics counts;
};

}  // namespace harness
