// SPDX-License-Identifier: BSD-3-Clause
// What single actions of the runtime cost on this CPU, in cycles of the time-stamp counter.
//
// The embedded SoC's costs of software are set from these (harness/run/calibration).
#pragma once

#include <string>

#include "gem5_configs/guest/runtime/device.hh"
#include "gem5_configs/guest/runtime/pool.hh"

namespace harness::guest {

/// One JSON object: name of a measurement -> {"units": actions per sample, "cycles": [samples]}.
/// To be called when no command runs.
std::string measureMicro(Device& device, Pool& pool);

}  // namespace harness::guest
