// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "harness/kernels/copy.hh"

namespace harness {

/**
 * Cut a copy along its outermost loop into pieces of at most `limit` work where that is possible.
 *
 * `Copy` has a `shape`, and a `source` and `destination` that bytes can be added to: pointers in
 * the guest, simulated addresses in the embedded SoC.
 */
template <typename Copy>
void cutCopy(const Copy& copy, std::uint64_t work, std::uint64_t limit, std::vector<Copy>& pieces) {
    unsigned axis = 0;
    while (axis + 1 < copy.shape.rank && copy.shape.extents[axis] == 1) ++axis;
    if (work <= limit || axis + 1 >= copy.shape.rank) return pieces.push_back(copy);
    const std::uint64_t extent = copy.shape.extents[axis];
    const std::uint64_t count = std::min(extent, (work + limit - 1) / limit);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t first = extent * i / count, last = extent * (i + 1) / count;
        Copy piece = copy;
        piece.shape.extents[axis] = last - first;
        piece.source += first * std::uint64_t(copy.shape.sourceStridesBytes[axis]);
        piece.destination += first * std::uint64_t(copy.shape.destinationStridesBytes[axis]);
        pieces.push_back(piece);
    }
}

/**
 * Share copies out to threads: consecutive copies, about equal work, large copies cut.
 *
 * The first part is the dispatching thread's own. Guest runtime and embedded SoC share alike; how
 * many threads are worth it, each decides by what it knows.
 *
 * @param total The work of all copies.
 * @param workOf A copy's work, in any unit.
 */
template <typename Copy, typename WorkOf>
std::vector<std::vector<Copy>> shareCopies(const std::vector<Copy>& copies, std::uint64_t total,
                                           std::uint64_t threads, WorkOf workOf) {
    if (threads == 1) return {copies};
    std::vector<Copy> pieces;
    for (const Copy& copy : copies) cutCopy(copy, workOf(copy), total / threads / 2 + 1, pieces);
    std::vector<std::vector<Copy>> parts(1);
    std::uint64_t taken = 0;
    for (const Copy& piece : pieces) {
        if (taken >= total * parts.size() / threads && parts.size() < threads) parts.emplace_back();
        parts.back().push_back(piece);
        taken += workOf(piece);
    }
    return parts;
}

}  // namespace harness
