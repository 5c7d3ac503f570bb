// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "harness/soc/memory/config.hh"
#include "harness/soc/types.hh"

namespace harness {

/// How one kind of accelerator port moves bytes.
struct PortConfig {
    std::uint32_t burstBytes = 0;
    std::uint32_t maximumOutstanding = 0;
    Tick setupTicks = 0;
};

struct HostConfig {
    std::uint32_t threads = 1;
    Tick clockTicks = 0;
    /// Thousandths of a tick that one instruction takes without memory stalls.
    std::uint64_t milliTicksPerInstruction = 0;
    std::uint32_t maximumOutstandingMisses = 0;
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

struct AcceleratorConfig {
    Tick clockTicks = 0;
    std::uint32_t units = 0;
    std::uint32_t queueDepth = 0;
    std::uint32_t commandFetchBytes = 0;
    PortConfig dma;
    PortConfig acp;
    PortConfig cache;
};

struct EngineConfig {
    MemoryConfig memory;
    HostConfig host;
    AcceleratorConfig accelerator;
    /// KERNEL mode: operand bytes at Launch, timed reads compared with them.
    bool isKernelMode = true;
};

}  // namespace harness
