// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>

#include "harness/port/types.hh"

namespace harness {

/// Where a window lies: one block, or pages that a list in memory names (pinned user memory).
struct WindowPlace {
    Addr base = 0;  // of the block, or of the list
    bool isPageList = false;
};

/// A page list: one entry of 8 bytes per page of the window, little-endian, in order.
/// gem5_configs/guest/abi/harness_device.h says the same to drivers.
struct PageList {
    static constexpr std::uint64_t kPageBytes = 4096;
    static constexpr std::uint64_t kEntryBytes = 8;
    static constexpr std::uint64_t kPresent = 1;

    static constexpr std::uint64_t pageOf(std::uint64_t offset) { return offset / kPageBytes; }
    static constexpr std::uint64_t inPage(std::uint64_t offset) { return offset % kPageBytes; }
    static constexpr Addr entryAddress(Addr list, std::uint64_t offset) {
        return list + pageOf(offset) * kEntryBytes;
    }

    /// The page's physical address; nothing if the entry names no page.
    static constexpr std::optional<Addr> frameOf(std::uint64_t entry) {
        if (inPage(entry) != kPresent) return std::nullopt;
        return entry - kPresent;
    }
};

}  // namespace harness
