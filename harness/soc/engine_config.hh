// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "harness/port/config.hh"
#include "harness/port/types.hh"
#include "harness/soc/memory/config.hh"

namespace harness {

struct HostConfig {
    std::uint32_t threads = 1;
    Tick clockTicks = 0;
    /// Thousandths of a tick that one instruction takes without memory stalls.
    std::uint64_t milliTicksPerInstruction = 0;
    std::uint32_t maximumOutstandingMisses = 0;
    std::uint32_t maximumOutstandingStores = 0;
    Tick storeLineTicks = 0;
    Tick uncachedWriteTicks = 0;
    Tick handoffTicks = 0;
    Tick dispatchTicks = 0;
    Tick submitTicks = 0;
    Tick doorbellTicks = 0;
    bool isPolling = false;
    Tick pollIntervalTicks = 0;
    Tick uncachedReadTicks = 0;
    Tick interruptLatencyTicks = 0;
    Tick interruptHandlerTicks = 0;
    Tick wakeupTicks = 0;
    Tick flushLineTicks = 0;
    std::uint32_t flushMaximumOutstanding = 0;
    Tick fenceTicks = 0;
};

struct EngineConfig {
    MemoryConfig memory;
    HostConfig host;
    AcceleratorConfig accelerator;
};

}  // namespace harness
