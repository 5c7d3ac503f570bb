// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/staging.hh"

#include <algorithm>
#include <cstring>

#include "gem5_configs/guest/runtime/error.hh"

namespace harness::guest {

namespace {

constexpr std::uint64_t kStagingBytes = 256 * 1024;

}  // namespace

Staging::Staging(Device& device)
    : device(device),
      window(device.allocate(kStagingBytes, 0)),
      memory(device.mapWindow(window, kStagingBytes)) {}

void Staging::write(std::uint64_t number, const void* data, std::uint64_t sizeBytes) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    for (std::uint64_t done = 0; done < sizeBytes;) {
        const std::uint64_t part = std::min(kStagingBytes, sizeBytes - done);
        std::memcpy(memory, bytes + done, part);
        writeFile(device, {number, window, 0, done, part});
        done += part;
    }
}

void writeFile(Device& device, const harness_file& request) {
    const std::uint64_t moved = device.writeFile(request);
    if (moved != request.count)
        throw RuntimeError("file " + std::to_string(request.number) + ": wrote " +
                           std::to_string(moved) + " of " + std::to_string(request.count) +
                           " bytes at offset " + std::to_string(request.file_offset));
}

}  // namespace harness::guest
