// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

#include "harness/soc/types.hh"

namespace harness {

/** What an access does. It never crosses a line. */
enum class AccessKind : std::uint8_t {
    Read,
    Write,
    /** Writes every byte of the line, so that a miss takes ownership without fetching data. */
    WriteFullLine,
    /** clflushopt: write the line back if it is dirty and drop it everywhere. */
    Flush,
    /** Read memory past all caches; a cached copy is written back and dropped first. */
    UncachedRead,
    /** Write memory past all caches; a cached copy is written back and dropped first. */
    UncachedWrite,
};

/** State of a line in one cache. */
enum class LineState : std::uint8_t { Invalid, Shared, Exclusive, Owned, Modified };

inline bool isDirty(LineState state) {
    return state == LineState::Owned || state == LineState::Modified;
}
inline bool isWritable(LineState state) {
    return state == LineState::Exclusive || state == LineState::Modified;
}
const char* lineStateName(LineState state);

/** Told when accesses end. Called from inside events; it may call `access` again at once. */
class AccessListener {
  public:
    virtual ~AccessListener() = default;

    /** The access issued with `tag` ended now: read data arrived or the write is ordered. */
    virtual void accessDone(std::uint64_t tag, Tick now) = 0;

    /**
     * The requestor `requestorId` takes accesses again.
     *
     * Called when `canAccept()` turned from false to true; accesses made by an earlier
     * listener at this tick may have used the room up, so look at `canAccept()` again.
     */
    virtual void accessAllowed(std::uint32_t requestorId, Tick now) = 0;
};

/** One port into the memory system. */
class Requestor {
  public:
    virtual ~Requestor() = default;

    /** Number of the port in the whole system; also its name in hazards. */
    virtual std::uint32_t requestorId() const = 0;
    virtual const std::string& requestorName() const = 0;

    /** Whoever uses the port; set once before the first access. */
    virtual void setListener(AccessListener& listener) = 0;

    /** False while all MSHRs, write buffers or queue entries are in use. Changes nothing. */
    virtual bool canAccept() const = 0;

    /**
     * Start an access at the queue's present tick. Only while `canAccept()`.
     *
     * `accessDone(tag)` follows exactly once, never from inside this call. Any number may
     * be outstanding as far as `canAccept` goes; accesses to different lines end in any order.
     */
    virtual void access(AccessKind kind, Addr addr, std::uint32_t sizeBytes, std::uint64_t tag) = 0;

    /**
     * Do a Read, Write or WriteFullLine at once if it hits and return when it is done.
     *
     * @return Tick at which the access ends; 0 if it does not hit (nothing has changed, use
     *     `access`). No event is made and no listener called: this is the fast path.
     */
    virtual Tick accessIfHit(AccessKind kind, Addr addr, std::uint32_t sizeBytes) = 0;
};

/** What is wrong with an access where DMA is not coherent. */
enum class HazardKind : std::uint8_t {
    /** DMA would read memory while a cache holds newer data: a flush is missing. */
    ReadMeetsDirtyLine,
    /** DMA would write memory while a cache holds a copy: a flush or an invalidate is missing. */
    WriteMeetsCachedLine,
    /** A flush is missing, though the cache happens to have written the line back. */
    ReadMeetsUnflushedLine,
    /** A flush is missing, though the cache happens to have dropped the line. */
    WriteMeetsUnflushedLine,
    /** A read through a cache of what a device wrote: an invalidate is missing. */
    CacheReadsDeviceLine,
};

/** An access that gives wrong data, or does so but for luck. */
struct CoherenceHazard {
    std::uint32_t requestorId;
    /** First byte of the access. */
    Addr addr;
    HazardKind kind;
    /** State in the cache that holds the line (Invalid: the line is on its way to a cache). */
    LineState state;
    /** Name of the cache that holds the line. */
    std::string holder;
    Tick tick;
};

/** Told of the first hazard; the event queue has been asked to stop. */
class HazardListener {
  public:
    virtual ~HazardListener() = default;
    virtual void coherenceHazard(const CoherenceHazard& hazard) = 0;
};

}  // namespace harness
