// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/partition.hh"

#include <algorithm>

namespace harness {

namespace {

std::uint64_t workOf(const PlacedCopy& copy, const PartitionRule& rule) {
    return CopyStream::milliInstructions(copy, rule.cost, rule.lineBytes);
}

/// Threads with the shortest estimated time; without memory stalls, so rather too few.
std::uint32_t usefulThreads(std::uint64_t milliInstructions, const PartitionRule& rule) {
    const Tick alone = milliInstructions * rule.rate / 1000000;
    std::uint32_t best = 1;
    Tick shortest = alone;
    for (std::uint32_t threads = 2; threads <= rule.threads; ++threads) {
        const Tick ticks = alone / threads + rule.handoffTicks;
        if (ticks < shortest) {
            shortest = ticks;
            best = threads;
        }
    }
    return best;
}

/// Cut a copy along its outermost loop into pieces of at most `limit` work where that is possible.
void split(const PlacedCopy& copy, std::uint64_t limit, const PartitionRule& rule,
           std::vector<PlacedCopy>& pieces) {
    unsigned axis = 0;
    while (axis + 1 < copy.shape.rank && copy.shape.extents[axis] == 1) ++axis;
    const std::uint64_t work = workOf(copy, rule);
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

std::vector<std::vector<PlacedCopy>> partitionCopies(const std::vector<PlacedCopy>& copies,
                                                     const PartitionRule& rule) {
    std::uint64_t total = 0;
    for (const PlacedCopy& copy : copies) total += workOf(copy, rule);
    const std::uint32_t threads = usefulThreads(total, rule);
    if (threads == 1) return {copies};
    std::vector<PlacedCopy> pieces;
    for (const PlacedCopy& copy : copies) split(copy, total / threads / 2 + 1, rule, pieces);
    std::vector<std::vector<PlacedCopy>> parts(1);
    std::uint64_t taken = 0;
    for (const PlacedCopy& piece : pieces) {
        if (taken >= total * parts.size() / threads && parts.size() < threads) parts.emplace_back();
        parts.back().push_back(piece);
        taken += workOf(piece, rule);
    }
    return parts;
}

}  // namespace harness
