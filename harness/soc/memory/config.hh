// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "harness/port/types.hh"

namespace harness {

/**
 * One cache. The values come from the Target; there are no defaults for hardware numbers.
 *
 * A size of 0 leaves an optional cache (acp, acceleratorCache, ioCache) out.
 */
struct CacheConfig {
    std::uint64_t sizeBytes = 0;
    std::uint32_t associativity = 0;
    /** From access to done on a hit. */
    Tick hitTicks = 0;
    /** From access to the moment a miss is ready for the bus (tag lookup). */
    Tick missTicks = 0;
    /** From the line's arrival to done of the accesses that waited for it. */
    Tick fillTicks = 0;
    /** Lines that may be outstanding. */
    std::uint32_t mshrs = 0;
    /** Evicted dirty lines that may wait for the bus before the cache takes no more accesses. */
    std::uint32_t writeBuffers = 0;
};

/** One bus (or crossbar) with separate request and response channels. */
struct BusConfig {
    Tick clockTicks = 0;
    std::uint32_t widthBytes = 0;
    /** From grant to arrival of a request, without its payload. */
    Tick requestTicks = 0;
    /** From grant to arrival of a response, without its payload. */
    Tick responseTicks = 0;
    /** Requests of one DMA port that may wait for the bus. */
    std::uint32_t queueDepth = 0;
    /**
     * True: one request layer per destination and one response layer per requestor, as gem5's
     * crossbars. False: one request channel and one response channel shared by all.
     */
    bool isCrossbar = true;
};

/** DRAM behind one controller per channel; address map row, rank, bank, column, channel. */
struct DramConfig {
    std::uint32_t channels = 0;
    std::uint32_t ranks = 0;
    /** Banks of one rank, in all bank groups together. */
    std::uint32_t banks = 0;
    /** 0 or 1: no bank groups, tCCD_L unused. */
    std::uint32_t bankGroups = 0;
    /** Row buffer of one rank of one channel (all devices together). */
    std::uint32_t rowBytes = 0;
    /** Bytes that one burst of tBURST moves. */
    std::uint32_t burstBytes = 0;

    Tick tRCD = 0;
    Tick tRP = 0;
    Tick tCL = 0;
    Tick tRAS = 0;
    Tick tBURST = 0;
    Tick tWR = 0;
    Tick tRTP = 0;
    Tick tRRD = 0;
    Tick tCCD_L = 0;
    Tick tWTR = 0;
    /** Gap on the data bus between a read burst and a write burst. */
    Tick tRTW = 0;
    /** Window that may hold at most four activates of a rank; 0: not modelled. */
    Tick tXAW = 0;
    Tick tRFC = 0;
    /** 0: no refresh. */
    Tick tREFI = 0;

    Tick frontendLatencyTicks = 0;
    Tick backendLatencyTicks = 0;
    std::uint32_t readQueueEntries = 0;
    std::uint32_t writeQueueEntries = 0;
    /** Draining of writes starts above high and ends below low. gem5 MemCtrl.py: 85 %, 50 %. */
    std::uint32_t writeHighPercent = 85;
    std::uint32_t writeLowPercent = 50;
    /** Writes before the controller may turn back to reads. gem5 MemCtrl.py: 16. */
    std::uint32_t minimumWritesPerSwitch = 16;
    /** A row is closed after so many accesses; 0: never. gem5 DRAMInterface.py: 16. */
    std::uint32_t maximumAccessesPerRow = 16;
};

/** The whole memory system, every latency already in ticks. */
struct MemoryConfig {
    std::uint32_t lineBytes = 0;
    std::uint32_t cores = 0;
    std::uint32_t accelerators = 0;
    CacheConfig l1d;
    CacheConfig l2;
    /** Small coherent cache of each accelerator's ACP, on the bus between L1 and L2. */
    CacheConfig acp;
    /** Private coherent cache of each accelerator, on the bus between L1 and L2. */
    CacheConfig acceleratorCache;
    /** Cache that all coherent DMA goes through, on the memory bus; used if isDmaCoherent. */
    CacheConfig ioCache;
    BusConfig l2Bus;
    BusConfig memoryBus;
    DramConfig dram;
    bool isDmaCoherent = false;
};

/** Throws std::invalid_argument that names the first field that makes no sense. */
void checkConfig(const MemoryConfig& config);

}  // namespace harness
