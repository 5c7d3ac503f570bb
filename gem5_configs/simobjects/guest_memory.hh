// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_GUEST_MEMORY_HH
#define HARNESS_GUEST_MEMORY_HH

#include <array>
#include <cstdint>
#include <vector>

#include "accelerator_port.hh"
#include "gem5_configs/guest/abi/harness_device.h"
#include "harness/port/device_memory.hh"

namespace gem5 {

/// A contiguous block of physical memory that the driver has granted to the device.
struct GuestWindow {
    Addr base = 0;
    std::uint64_t bytes = 0;  // 0: there is no such window
    bool isWritable = false;
};

using WindowTable = std::array<GuestWindow, HARNESS_MAXIMUM_WINDOWS>;

/// The guest's memory as one accelerator sees it: every operand through its own interface.
class GuestMemory final : public harness::DeviceMemory {
  public:
    GuestMemory(const WindowTable& windows, AcceleratorPort& dma, AcceleratorPort& acp,
                AcceleratorPort& cache)
        : windows(windows), dma(dma), acp(acp), cache(cache) {}

    harness::Addr physicalOf(std::uint64_t deviceAddress) const override;
    bool allows(const harness::CommandOperand& operand) const override;
    std::vector<std::uint8_t> look(const harness::CommandOperand& operand) override;
    bool movesBytes() const override { return true; }
    const std::uint8_t* arrived(std::uint64_t deviceAddress, std::uint64_t count,
                                const std::uint8_t* moved) override;
    void stored(std::uint64_t deviceAddress, const std::uint8_t* bytes,
                std::uint64_t count) override;
    void noteTransfer(const harness::NodeRecord&, std::uint32_t, harness::Tick) override {}

  private:
    AcceleratorPort& portOf(harness::Interface interface);

    const WindowTable& windows;
    AcceleratorPort& dma;
    AcceleratorPort& acp;
    AcceleratorPort& cache;
    std::vector<std::uint8_t> scratch;
};

}  // namespace gem5

#endif
