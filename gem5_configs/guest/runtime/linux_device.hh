// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gem5_configs/guest/runtime/device.hh"

namespace harness::guest {

/// The device file: the same calls in Linux and in gem5's syscall emulation.
class LinuxDevice final : public Device {
  public:
    /// Without `hasDoorbells` registers are mapped for reading only: the driver alone submits then.
    LinuxDevice(const std::string& path, bool hasDoorbells);
    ~LinuxDevice() override;
    LinuxDevice(const LinuxDevice&) = delete;
    LinuxDevice& operator=(const LinuxDevice&) = delete;

    const harness_info& info() const override { return deviceInfo; }
    std::uint64_t allocate(std::uint64_t sizeBytes, std::uint64_t flags) override;
    std::uint64_t pin(std::uint8_t* memory, std::uint64_t sizeBytes, std::uint64_t flags) override;
    void reset() override;
    std::uint8_t* mapWindow(std::uint64_t window, std::uint64_t sizeBytes) override;
    std::uint8_t* mapRing(std::uint64_t instance) override;
    std::uint64_t submit(const harness_submit& command) override;
    std::uint64_t wait(std::uint64_t instance, std::uint64_t count) override;
    std::uint64_t writeFile(const harness_file& request) override;
    void mark(std::uint64_t code, std::uint64_t argument) override;
    harness_counters counters() override;
    void ringDoorbell(std::uint64_t instance, std::uint64_t value) override {
        *registerAt(instance + 1, HARNESS_REG_DOORBELL) = value;
    }
    std::uint64_t completed(std::uint64_t instance) override {
        return *registerAt(instance + 1, HARNESS_REG_COMPLETED);
    }
    std::uint64_t status(std::uint64_t instance) override {
        return *registerAt(instance + 1, HARNESS_REG_STATUS);
    }
    std::uint64_t tick() override { return *registerAt(0, HARNESS_REG_TICK); }

  private:
    volatile std::uint64_t* registerAt(std::uint64_t page, std::uint64_t offset) const {
        return reinterpret_cast<volatile std::uint64_t*>(pages[page] + offset);
    }
    void call(unsigned long request, void* argument, const char* name) const;
    std::uint8_t* map(std::uint64_t offset, std::uint64_t sizeBytes, bool isWritable,
                      const std::string& what);

    std::string path;
    bool hasDoorbells;
    int file;
    harness_info deviceInfo{};
    std::vector<std::uint8_t*> pages;  // of registers: the bridge's, then the accelerators'
    std::vector<std::pair<std::uint8_t*, std::uint64_t>> mappings;
};

}  // namespace harness::guest
