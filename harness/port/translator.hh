// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>

#include "harness/port/device_memory.hh"
#include "harness/port/device_tlb.hh"
#include "harness/port/types.hh"

namespace harness {

struct TranslationStatistics {
    std::uint64_t hits = 0;    // requests to a page whose translation was there
    std::uint64_t misses = 0;  // requests that had to read the page list first
};

/**
 * From device addresses to physical ones, for all interfaces of an accelerator.
 *
 * A contiguous window costs nothing. A page of a page-list window is looked up in the TLB; on a
 * miss whoever asks reads the list's entry through its own port and gives it to `learn`.
 */
class Translator final {
  public:
    Translator(const DeviceMemory& memory, std::uint32_t tlbEntries)
        : memory(memory), tlb(tlbEntries) {}

    /// What all addresses of a contiguous window lack to physical ones; nothing: it has a page
    /// list.
    std::optional<std::uint64_t> displacementOf(std::uint64_t deviceAddress) const;
    /// The physical address, or nothing: the entry at `entryAddress` must be read first.
    std::optional<Addr> find(std::uint64_t deviceAddress);
    Addr entryAddress(std::uint64_t deviceAddress) const;
    /// The entry has been read; `moved` is what the port brought, null if ports move no bytes.
    /// The physical address, or nothing: the list names no page there.
    std::optional<Addr> learn(std::uint64_t deviceAddress, const std::uint8_t* moved);
    /// The driver has changed a window.
    void forget() { tlb.clear(); }

    const TranslationStatistics& statistics() const { return counts; }

  private:
    const DeviceMemory& memory;
    DeviceTlb tlb;
    TranslationStatistics counts;
};

}  // namespace harness
