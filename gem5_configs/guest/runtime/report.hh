// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gem5_configs/guest/abi/harness_device.h"
#include "gem5_configs/guest/runtime/arguments.hh"
#include "gem5_configs/guest/runtime/copies.hh"
#include "gem5_configs/guest/runtime/invoker.hh"

namespace harness::guest {

/// What the system counted for this process; 0 where it does not count.
struct SystemCounts {
    std::uint64_t minorFaults = 0;
    std::uint64_t majorFaults = 0;
    std::uint64_t voluntarySwitches = 0;
    std::uint64_t involuntarySwitches = 0;
};

/// All counts since the process began.
struct Counts {
    SystemCounts system;
    InvokerCounts invoker;
    CopyCounts copies;
    std::uint64_t flushedLines = 0;
};

struct Report {
    std::string program;
    std::uint64_t steps = 0;
    std::uint64_t accelerators = 0;
    bool isCoherent = false;
    bool isOptimisedFlush = false;
    bool isDynamic = false;
    std::uint64_t touchedPages = 0;
    std::uint64_t loadFlushedLines = 0;  // once, before the first inference
    std::uint64_t events = 0;
    harness_counters driver{};
    std::string micro = "{}";   // as measureMicro() gives it
    std::vector<Counts> marks;  // before the first inference and after each
};

SystemCounts systemCounts();

/// One JSON object; counts of an inference are differences of `marks`.
std::string reportJson(const Report& report, const Arguments& arguments);

}  // namespace harness::guest
