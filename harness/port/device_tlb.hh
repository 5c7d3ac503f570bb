// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/port/types.hh"

namespace harness {

/// Translations that an accelerator keeps: fully associative, the least recently used one goes.
class DeviceTlb final {
  public:
    explicit DeviceTlb(std::uint32_t entries) : capacity(entries) {}

    /// The physical page of a page of device addresses, which becomes the most recent one.
    std::optional<Addr> find(std::uint64_t devicePage);
    void fill(std::uint64_t devicePage, Addr frame);
    void clear() { entries.clear(); }

  private:
    struct Entry {
        std::uint64_t devicePage;
        Addr frame;
    };

    std::uint32_t capacity;
    std::vector<Entry> entries;  // the most recently used first
};

}  // namespace harness
