// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "harness/port/types.hh"

namespace harness {

/**
 * Which caches have a line, so that nobody looks into those that have not.
 *
 * The tag arrays keep it up to date; it says nothing that they do not.
 */
class LineHolders final {
  public:
    /** Caches above the L2 on the one hand, the L2 and the I/O cache on the other. */
    enum Group : std::uint32_t { kUpper, kLower };
    /** Bit i: the cache i of the group. */
    using Mask = std::uint64_t;

    /** A cache in its group. */
    struct Member {
        Group group;
        std::uint32_t number;
    };

    explicit LineHolders(std::uint32_t lineBytes)
        : lineShift(static_cast<unsigned>(__builtin_ctz(lineBytes))) {}

    Mask of(Addr line, Group group) const {
        const Addr number = line >> lineShift;
        const Addr page = number / kPageLines;
        return page < pages.size() && pages[page] ? (*pages[page])[number % kPageLines][group] : 0;
    }
    bool has(Addr line, Member cache) const { return of(line, cache.group) >> cache.number & 1; }
    void add(Addr line, Member cache) { at(line, cache.group) |= Mask{1} << cache.number; }
    void remove(Addr line, Member cache) { at(line, cache.group) &= ~(Mask{1} << cache.number); }

  private:
    static constexpr std::size_t kPageLines = 2048;
    using Page = std::array<std::array<Mask, 2>, kPageLines>;

    Mask& at(Addr line, Group group) {
        const Addr number = line >> lineShift;
        const Addr page = number / kPageLines;
        if (page >= pages.size() || !pages[page]) addPage(page);
        return (*pages[page])[number % kPageLines][group];
    }
    void addPage(Addr page) {
        if (page >= pages.size()) pages.resize(page + 1);
        pages[page] = std::make_unique<Page>(Page{});
    }

    unsigned lineShift;
    std::vector<std::unique_ptr<Page>> pages;  // of memory that some cache has had a line of
};

}  // namespace harness
