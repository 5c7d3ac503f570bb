// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "harness/port/types.hh"

namespace harness {

/**
 * Which caches of a group have a line, so that nobody looks into those that have not.
 *
 * The tag arrays keep it up to date; it says nothing that they do not.
 */
class LineHolders final {
  public:
    /** Bit i: the cache i of the group. */
    using Mask = std::uint64_t;
    static constexpr std::uint32_t kMostCaches = 64;

    explicit LineHolders(std::uint32_t lineBytes)
        : lineShift(static_cast<unsigned>(__builtin_ctz(lineBytes))) {}

    Mask of(Addr line) const {
        const Addr number = line >> lineShift;
        const Addr page = number / kPageLines;
        return page < pages.size() && pages[page] ? (*pages[page])[number % kPageLines] : 0;
    }
    bool has(Addr line, std::uint32_t cache) const { return of(line) >> cache & 1; }
    void add(Addr line, std::uint32_t cache) { at(line) |= Mask{1} << cache; }
    void remove(Addr line, std::uint32_t cache) { at(line) &= ~(Mask{1} << cache); }

  private:
    static constexpr std::size_t kPageLines = 4096;
    using Page = std::array<Mask, kPageLines>;

    Mask& at(Addr line) {
        const Addr number = line >> lineShift;
        const Addr page = number / kPageLines;
        if (page >= pages.size() || !pages[page]) addPage(page);
        return (*pages[page])[number % kPageLines];
    }
    void addPage(Addr page) {
        if (page >= pages.size()) pages.resize(page + 1);
        pages[page] = std::make_unique<Page>(Page{});
    }

    unsigned lineShift;
    std::vector<std::unique_ptr<Page>> pages;  // of memory that some cache has had a line of
};

}  // namespace harness
