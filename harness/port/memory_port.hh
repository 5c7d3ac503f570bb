// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "harness/port/types.hh"

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

/** Told when accesses end. Called from inside events; it may call `access` again at once. */
class AccessListener {
  public:
    virtual ~AccessListener() = default;

    /** The access issued with `tag` ended now: read data arrived or the write is ordered. */
    virtual void accessDone(std::uint64_t tag, Tick now) = 0;

    /** As accessDone, but the memory system refused it: a bus error. Not on the embedded SoC. */
    virtual void accessFailed(std::uint64_t tag, Tick now) { accessDone(tag, now); }

    /**
     * The requestor `requestorId` takes accesses again.
     *
     * Called when `canAccept()` turned from false to true; accesses made by an earlier
     * listener at this tick may have used the room up, so look at `canAccept()` again.
     */
    virtual void accessAllowed(std::uint32_t requestorId, Tick now) = 0;
};

/** A port through which a device moves bytes, whichever simulator it belongs to. */
class MemoryPort {
  public:
    virtual ~MemoryPort() = default;

    /** Number of the port in the whole system; also its name in hazards. */
    virtual std::uint32_t requestorId() const = 0;

    /** Whoever uses the port; set once before the first access. */
    virtual void setListener(AccessListener& listener) = 0;

    /** False while all MSHRs, write buffers or queue entries are in use. Changes nothing. */
    virtual bool canAccept() const = 0;

    /**
     * Start an access at the queue's present tick. Only while `canAccept()`.
     *
     * `accessDone(tag)` follows exactly once, never from inside this call. Any number may
     * be outstanding as far as `canAccept` goes; accesses to different lines end in any order.
     *
     * @param data Where a read's bytes go and a write's bytes are; it must live until the access
     *     has ended. Simulators whose bytes lie in flat memory do not look at it.
     */
    virtual void move(AccessKind kind, Addr addr, std::uint32_t sizeBytes, std::uint64_t tag,
                      std::uint8_t* data) = 0;
};

}  // namespace harness
