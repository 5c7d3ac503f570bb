// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gem5_configs/guest/runtime/device.hh"

namespace harness::guest {

/// A window through which files of the run reach ordinary memory and come from it.
class Staging final {
  public:
    explicit Staging(Device& device);

    /// The whole file. Throws RuntimeError, with `what` in its text, if the run has no such file.
    std::vector<std::uint8_t> read(std::uint64_t number, const std::string& what);
    void write(std::uint64_t number, const void* data, std::uint64_t sizeBytes);

  private:
    Device& device;
    std::uint64_t window;
    std::uint8_t* memory;
};

/// Size of a file of the run; throws RuntimeError if there is none.
std::uint64_t fileBytes(Device& device, std::uint64_t number, const std::string& what);

/// Move bytes between a file and a window; throws RuntimeError if not all were moved.
void moveFile(Device& device, const harness_file& request);

}  // namespace harness::guest
