// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "gem5_configs/guest/abi/harness_device.h"

namespace harness::guest {

/// What the runtime asks of /dev/harness; harness_device.h says what each call means.
class Device {
  public:
    virtual ~Device() = default;

    virtual const harness_info& info() const = 0;
    /// The window's number.
    virtual std::uint64_t allocate(std::uint64_t sizeBytes, std::uint64_t flags) = 0;
    /// The same of memory of the caller's own, whole pages, which the device uses where it lies.
    virtual std::uint64_t pin(std::uint8_t* memory, std::uint64_t sizeBytes,
                              std::uint64_t flags) = 0;
    /// After the last allocate() or pin(), before registers and rings are used.
    virtual void reset() = 0;
    /// Cached memory, valid as long as the device.
    virtual std::uint8_t* mapWindow(std::uint64_t window, std::uint64_t sizeBytes) = 0;
    virtual std::uint8_t* mapRing(std::uint64_t instance) = 0;

    /// The command's number.
    virtual std::uint64_t submit(const harness_submit& command) = 0;
    /// Sleep until that many commands have ended; how many have.
    virtual std::uint64_t wait(std::uint64_t instance, std::uint64_t count) = 0;
    /// Bytes written.
    virtual std::uint64_t writeFile(const harness_file& request) = 0;
    virtual void mark(std::uint64_t code, std::uint64_t argument) = 0;
    virtual harness_counters counters() = 0;

    // Mapped registers.
    virtual void ringDoorbell(std::uint64_t instance, std::uint64_t value) = 0;
    virtual std::uint64_t completed(std::uint64_t instance) = 0;
    virtual std::uint64_t status(std::uint64_t instance) = 0;
    virtual std::uint64_t tick() = 0;
};

/// Opens the device anew; each opening numbers its windows from 0.
using DeviceOpener = std::function<std::unique_ptr<Device>()>;

}  // namespace harness::guest
