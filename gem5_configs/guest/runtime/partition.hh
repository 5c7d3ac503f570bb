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

/// Share copies out to as many threads as have a least share each (`shareCopies`).
std::vector<std::vector<PlacedCopy>> partitionCopies(const std::vector<PlacedCopy>& copies,
                                                     const PartitionRule& rule);

}  // namespace harness::guest
