// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "gem5_configs/guest/runtime/event_log.hh"
#include "gem5_configs/guest/runtime/partition.hh"
#include "gem5_configs/guest/runtime/pool.hh"
#include "gem5_configs/guest/runtime/windows.hh"

namespace harness::guest {

struct CopyCounts {
    std::uint64_t calls = 0;
    std::uint64_t runs = 0;
    std::uint64_t bytes = 0;
    std::uint64_t shared = 0;  // steps that workers helped with

    CopyCounts& operator+=(const CopyCounts& other) {
        calls += other.calls;
        runs += other.runs;
        bytes += other.bytes;
        shared += other.shared;
        return *this;
    }
};

/// Scatters tensors into tiles and gathers them again, shared out to the pool once and for all.
class Copies final {
  public:
    Copies(const Program& program, const Windows& windows, const PartitionRule& rule, Pool& pool,
           std::vector<ThreadLog>& logs);

    /// Do a Prepare or Finalize step; returns when all threads have ended their parts.
    void run(std::uint32_t step);
    const CopyCounts& counts() const { return total; }

  private:
    /// What a step copies, by thread.
    struct Plan {
        std::vector<std::vector<PlacedCopy>> parts;
        CopyCounts counts;
    };

    void runPart(std::uint32_t thread);

    const Program& program;
    Pool& pool;
    std::vector<ThreadLog>& logs;
    std::vector<Plan> plans;  // by step; empty for steps that copy nothing
    Pool::Job job;
    std::uint32_t current = 0;
    CopyCounts total;
};

}  // namespace harness::guest
