// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/partition.hh"

#include <algorithm>

#include "harness/kernels/sharing.hh"

namespace harness::guest {

namespace {

/// A run's own instructions, as bytes. Source: harness/kernels/costs.json, copy_nd: 32.0 per run,
/// 7.16 per line of 64 bytes.
constexpr std::uint64_t kRunBytes = 286;

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
    return shareCopies(copies, total, threads,
                       [](const PlacedCopy& copy) { return copyWork(copy.shape); });
}

}  // namespace harness::guest
