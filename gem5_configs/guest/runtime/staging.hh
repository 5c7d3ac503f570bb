// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "gem5_configs/guest/runtime/device.hh"

namespace harness::guest {

/// A window through which results in ordinary memory reach files of the run.
class Staging final {
  public:
    explicit Staging(Device& device);

    void write(std::uint64_t number, const void* data, std::uint64_t sizeBytes);

  private:
    Device& device;
    std::uint64_t window;
    std::uint8_t* memory;
};

/// Write bytes of a window to a file; throws RuntimeError if not all were written.
void writeFile(Device& device, const harness_file& request);

}  // namespace harness::guest
