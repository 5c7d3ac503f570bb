// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/partition.hh"

#include "harness/kernels/sharing.hh"

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

}  // namespace

std::vector<std::vector<PlacedCopy>> partitionCopies(const std::vector<PlacedCopy>& copies,
                                                     const PartitionRule& rule) {
    std::uint64_t total = 0;
    for (const PlacedCopy& copy : copies) total += workOf(copy, rule);
    const std::uint32_t threads = usefulThreads(total, rule);
    return shareCopies(copies, total, threads,
                       [&rule](const PlacedCopy& copy) { return workOf(copy, rule); });
}

}  // namespace harness
