// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/partition.hh"

#include <algorithm>

namespace harness::guest {

namespace {

/// A run's own instructions, as bytes. Source: harness/kernels/costs.json, copy_nd: 32.0 per run,
/// 7.16 per line of 64 bytes.
constexpr std::uint64_t kRunBytes = 286;

/// Cut a copy along its outermost loop into pieces of at most `limit` work where that is possible.
void split(const PlacedCopy& copy, std::uint64_t limit, std::vector<PlacedCopy>& pieces) {
    unsigned axis = 0;
    while (axis + 1 < copy.shape.rank && copy.shape.extents[axis] == 1) ++axis;
    const std::uint64_t work = copyWork(copy.shape);
    if (work <= limit || axis + 1 >= copy.shape.rank) return pieces.push_back(copy);
    const std::uint64_t extent = copy.shape.extents[axis];
    const std::uint64_t count = std::min(extent, (work + limit - 1) / limit);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t first = extent * i / count, last = extent * (i + 1) / count;
        PlacedCopy piece = copy;
        piece.shape.extents[axis] = last - first;
        piece.source += first * std::uint64_t(copy.shape.sourceStridesBytes[axis]);
        piece.destination += first * std::uint64_t(copy.shape.destinationStridesBytes[axis]);
        pieces.push_back(piece);
    }
}

}  // namespace

std::uint64_t copyWork(const CopyShape& shape) {
    return shape.runs() * (kRunBytes + shape.runBytes());
}

std::vector<std::vector<PlacedCopy>> partitionCopies(const std::vector<PlacedCopy>& copies,
                                                     const PartitionRule& rule) {
    std::uint64_t total = 0;
    for (const PlacedCopy& copy : copies) total += copyWork(copy.shape);
    const std::uint64_t threads =
        std::clamp<std::uint64_t>(total / rule.shareBytes, 1, rule.threads);
    if (threads == 1) return {copies};
    std::vector<PlacedCopy> pieces;
    for (const PlacedCopy& copy : copies) split(copy, total / threads / 2 + 1, pieces);
    std::vector<std::vector<PlacedCopy>> parts(1);
    std::uint64_t taken = 0;
    for (const PlacedCopy& piece : pieces) {
        if (taken >= total * parts.size() / threads && parts.size() < threads) parts.emplace_back();
        parts.back().push_back(piece);
        taken += copyWork(piece.shape);
    }
    return parts;
}

}  // namespace harness::guest
