// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "harness/kernels/copy.hh"

namespace harness::guest {

/// A copy's place in memory.
struct PlacedCopy {
    CopyShape shape;
    const std::uint8_t* source = nullptr;
    std::uint8_t* destination = nullptr;
};

struct PartitionRule {
    std::uint32_t threads = 1;
    std::uint64_t shareBytes = 1;  // least work of a thread
};

/// A copy's work in bytes; what a run costs besides its bytes counts as bytes too.
std::uint64_t copyWork(const CopyShape& shape);

/**
 * Share copies out to threads: consecutive copies, about equal work, large copies split.
 *
 * The parts are those of harness/soc/partition.cc; only how many threads are worth it is decided
 * by a least share here. The first part is the dispatching thread's own.
 */
std::vector<std::vector<PlacedCopy>> partitionCopies(const std::vector<PlacedCopy>& copies,
                                                     const PartitionRule& rule);

}  // namespace harness::guest
