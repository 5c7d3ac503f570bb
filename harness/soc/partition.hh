// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "harness/soc/streams.hh"

namespace harness {

/// What sharing out copies may cost and save.
struct PartitionRule {
    CostImage cost;
    std::uint64_t rate = 0;  // thousandths of a tick per instruction
    std::uint32_t lineBytes = 0;
    std::uint32_t threads = 1;
    Tick handoffTicks = 0;
};

/**
 * Share copies out to threads (`shareCopies`).
 *
 * A thread more is used only if its part saves more than the hand-off costs, so that a larger
 * pool never makes a small tensor slower.
 */
std::vector<std::vector<PlacedCopy>> partitionCopies(const std::vector<PlacedCopy>& copies,
                                                     const PartitionRule& rule);

}  // namespace harness
