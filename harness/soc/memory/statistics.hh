// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "harness/port/types.hh"

namespace harness {

/** Counts of one cache since the last reset. Accesses are line accesses. */
struct CacheStatistics {
    std::uint64_t readHits = 0;
    std::uint64_t readMisses = 0;
    std::uint64_t writeHits = 0;
    std::uint64_t writeMisses = 0;
    /** Misses that joined an MSHR (counted in the misses above as well). */
    std::uint64_t mshrHits = 0;
    /** Misses that had the line but not the right to write it (counted above as well). */
    std::uint64_t upgrades = 0;
    /** Lines dropped to make room. */
    std::uint64_t replacements = 0;
    /** Dirty lines written to the next level to make room. */
    std::uint64_t writebacks = 0;
    std::uint64_t flushes = 0;
    std::uint64_t uncachedAccesses = 0;
    /** Snoops that looked into this cache, found the line, dropped it, supplied its data. */
    std::uint64_t snoops = 0;
    std::uint64_t snoopHits = 0;
    std::uint64_t snoopInvalidations = 0;
    std::uint64_t snoopSupplies = 0;
    /** Sum over MSHRs of the time from allocation to fill. */
    Tick missTicks = 0;
    /** Times that the cache stopped taking accesses. */
    std::uint64_t blocked = 0;
    /** Misses that waited because another requestor's access to the same line was under way. */
    std::uint64_t lineConflicts = 0;
};

/** Counts of one bus since the last reset. */
struct BusStatistics {
    std::uint64_t requests = 0;
    std::uint64_t responses = 0;
    std::uint64_t requestBytes = 0;
    std::uint64_t responseBytes = 0;
    /** Sums over all layers; utilisation = busy / (elapsed * layers). */
    Tick requestBusyTicks = 0;
    Tick responseBusyTicks = 0;
    std::uint32_t requestLayers = 0;
    std::uint32_t responseLayers = 0;
    /** Sum of the time that requests were ready and waited for their grant. */
    Tick requestWaitTicks = 0;
    /** Lookups in other caches on behalf of a request on this bus. */
    std::uint64_t snoops = 0;
};

/** Counts of one DRAM channel since the last reset. Bursts unless said otherwise. */
struct DramStatistics {
    std::uint64_t readRequests = 0;
    std::uint64_t writeRequests = 0;
    std::uint64_t readBursts = 0;
    std::uint64_t writeBursts = 0;
    std::uint64_t readRowHits = 0;
    std::uint64_t writeRowHits = 0;
    std::uint64_t activates = 0;
    std::uint64_t precharges = 0;
    std::uint64_t refreshes = 0;
    /** Reads answered by the write queue; writes merged into a waiting write. */
    std::uint64_t servicedByWriteQueue = 0;
    std::uint64_t mergedWriteBursts = 0;
    /** Data moved over the DRAM's pins (gem5: dram.bytesRead::total, bytesWritten). */
    std::uint64_t bytesRead = 0;
    std::uint64_t bytesWritten = 0;
    /** Data that requestors asked for (gem5: mem_ctrl bytesReadSys, bytesWrittenSys). */
    std::uint64_t requestedBytesRead = 0;
    std::uint64_t requestedBytesWritten = 0;
    Tick dataBusBusyTicks = 0;
    /** Sum over read bursts from arrival to the column command, and to data at the pins. */
    Tick readQueueTicks = 0;
    Tick readAccessTicks = 0;
    std::uint64_t readToWriteSwitches = 0;
};

/** Counts of one DMA port since the last reset. */
struct DmaStatistics {
    std::uint64_t reads = 0;
    std::uint64_t writes = 0;
    std::uint64_t bytesRead = 0;
    std::uint64_t bytesWritten = 0;
    std::uint64_t blocked = 0;
};

}  // namespace harness
