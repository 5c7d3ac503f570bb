// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "harness/port/types.hh"

namespace harness {

/// How one kind of accelerator port moves bytes.
struct PortConfig {
    std::uint32_t burstBytes = 0;
    std::uint32_t maximumOutstanding = 0;
    Tick setupTicks = 0;
};

struct AcceleratorConfig {
    Tick clockTicks = 0;
    std::uint32_t units = 0;
    std::uint32_t queueDepth = 0;
    std::uint32_t lineBytes = 0;
    /// KERNEL mode: operand bytes at Launch, timed reads compared with them.
    bool isKernelMode = true;
    /// Translations of page-list windows that are kept; 0: there may be no such window.
    std::uint32_t tlbEntries = 0;
    PortConfig dma;
    PortConfig acp;
    PortConfig cache;
};

}  // namespace harness
