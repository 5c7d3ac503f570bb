// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "harness/port/types.hh"
#include "harness/soc/address_space.hh"
#include "harness/soc/memory/hazard.hh"

namespace harness {

/**
 * What software owes to DMA that is not coherent: a Flush or an Invalidate between the host's
 * accesses to a line and a device's.
 *
 * Caches may be clean by luck where one is missing, because they had to make room, so that their
 * states (see MemoryHub) do not show every mistake. Here a line counts as cached from the host's
 * access until it is flushed or invalidated. Accesses of devices through caches count as the
 * host's. The rule is Linux's: dma_sync_single_for_device before a device uses a buffer,
 * dma_sync_single_for_cpu before the CPU reads what it wrote (Documentation/core-api/dma-api.rst).
 */
class LineOwnership final {
  public:
    LineOwnership(const AddressSpace& space, std::uint32_t lineBytes);

    /// Told of wrong accesses; without a listener nothing is checked.
    void setListener(HazardListener& told) { listener = &told; }

    void dropped(Addr address, std::uint64_t bytes);
    void cacheReads(std::uint32_t requestorId, Addr address, std::uint64_t bytes, Tick now);
    void cacheWrites(Addr address, std::uint64_t bytes);
    void deviceReads(std::uint32_t requestorId, Addr address, std::uint64_t bytes, Tick now);
    void deviceWrites(std::uint32_t requestorId, Addr address, std::uint64_t bytes, Tick now);

  private:
    enum class State : std::uint8_t {
        Memory,        // no cache may have it
        Held,          // a cache may have it, as it is in memory
        Dirty,         // a cache may have it, newer than memory
        DeviceNewest,  // memory is newer than what a cache may have fetched meanwhile
    };

    template <typename Visit>
    void visit(Addr address, std::uint64_t bytes, Visit each);
    void report(HazardKind kind, std::uint32_t requestorId, Addr line, Tick now);

    std::uint32_t lineBytes;
    std::vector<State> states;  // by line of the simulated address
    HazardListener* listener = nullptr;
};

}  // namespace harness
