// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/port/event_queue.hh"
#include "harness/soc/memory/config.hh"
#include "harness/soc/memory/hazard.hh"
#include "harness/soc/memory/statistics.hh"

namespace harness {

/**
 * Caches, buses and DRAM of the SoC, wired together. Timing and line states only: the bytes
 * live in the simulator's flat memory.
 *
 *     core 0 .. n          accelerator 0 .. m
 *       L1D          acp cache   accelerator cache       dma (coherent)   dma (not coherent)
 *        +--------- L2 bus ------------+                    I/O cache            |
 *                     L2                                       |                 |
 *                      +-------------------- memory bus -------+-----------------+
 *                                       DRAM channels
 */
class MemorySystem final {
  public:
    /** Throws std::invalid_argument with the field's name if `config` makes no sense. */
    MemorySystem(EventQueue& queue, const MemoryConfig& config);
    ~MemorySystem();
    MemorySystem(const MemorySystem&) = delete;
    MemorySystem& operator=(const MemorySystem&) = delete;

    const MemoryConfig& config() const;
    void setHazardListener(HazardListener& listener);

    /** Port of core `index` into its L1D. */
    Requestor& core(std::uint32_t index);
    /** DMA port of accelerator `index`: through the I/O cache if isDmaCoherent. */
    Requestor& dma(std::uint32_t index);
    /** Only if config.acp.sizeBytes > 0. */
    Requestor& acp(std::uint32_t index);
    /** Only if config.acceleratorCache.sizeBytes > 0. */
    Requestor& acceleratorCache(std::uint32_t index);

    /** State of the line of `addr` in a core's L1D, the L2, ...; for tests and hazard reports. */
    LineState l1dState(std::uint32_t core, Addr addr) const;
    LineState l2State(Addr addr) const;
    LineState acpState(std::uint32_t accelerator, Addr addr) const;
    LineState acceleratorCacheState(std::uint32_t accelerator, Addr addr) const;
    LineState ioCacheState(Addr addr) const;

    const CacheStatistics& l1dStatistics(std::uint32_t core) const;
    const CacheStatistics& l2Statistics() const;
    const CacheStatistics& acpStatistics(std::uint32_t accelerator) const;
    const CacheStatistics& acceleratorCacheStatistics(std::uint32_t accelerator) const;
    const CacheStatistics& ioCacheStatistics() const;
    const BusStatistics& l2BusStatistics() const;
    const BusStatistics& memoryBusStatistics() const;
    const DramStatistics& dramStatistics(std::uint32_t channel) const;
    /** Counts of the port, coherent or not. */
    const DmaStatistics& dmaStatistics(std::uint32_t accelerator) const;
    void resetStatistics();

    /** Accesses that were started and have not ended. */
    std::uint64_t outstandingAccesses() const;
    /** One line for each component that waits ("l1d0: 2 MSHRs, 0 write buffers"), for reports. */
    std::vector<std::string> pendingWork() const;

  private:
    Addr lineOf(Addr addr) const;

    struct Parts;
    std::unique_ptr<Parts> parts;
};

}  // namespace harness
