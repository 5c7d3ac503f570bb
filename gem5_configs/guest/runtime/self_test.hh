// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace harness::guest {

/// Try threads, copies, a kernel, the counter and cache maintenance without a device.
/// Throws RuntimeError that says what does not work.
void selfTest(std::uint32_t threads, std::uint32_t spins);

}  // namespace harness::guest
