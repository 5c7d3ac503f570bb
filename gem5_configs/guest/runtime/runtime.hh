// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "gem5_configs/guest/runtime/arguments.hh"
#include "gem5_configs/guest/runtime/device.hh"

namespace harness::guest {

/// Load the run's program, make all inferences and hand the results to the device's files.
/// What it throws is in the run's messages as well, if the device could be opened.
void runInferences(const Arguments& arguments, const DeviceOpener& open);

}  // namespace harness::guest
