// SPDX-License-Identifier: BSD-3-Clause
#ifndef HARNESS_GUEST_MEMORY_HH
#define HARNESS_GUEST_MEMORY_HH

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "accelerator_port.hh"
#include "gem5_configs/guest/abi/harness_device.h"
#include "harness/port/device_memory.hh"

namespace gem5 {

/// Memory that the driver has granted to the device: a block, or the pages that a list names.
struct GuestWindow {
    Addr base = 0;            // of the block, or of the list
    std::uint64_t bytes = 0;  // 0: there is no such window
    std::uint64_t flags = 0;  // HARNESS_WINDOW_*

    bool isWritable() const { return flags & HARNESS_WINDOW_WRITABLE; }
    bool isPageList() const { return flags & HARNESS_WINDOW_PAGE_LIST; }
};

using WindowTable = std::array<GuestWindow, HARNESS_MAXIMUM_WINDOWS>;

/// The physical pieces of a part of a window, in order, looked up without time. `readEntry` gives
/// the entry at an address of a page list; a page that is not there is left out.
/// False if one was left out.
bool forEachPiece(const GuestWindow& window, std::uint64_t offset, std::uint64_t count,
                  const std::function<std::uint64_t(Addr)>& readEntry,
                  const std::function<void(Addr, std::uint64_t done, std::uint64_t)>& visit);

/// The guest's memory as one accelerator sees it: every operand through its own interface.
class GuestMemory final : public harness::DeviceMemory {
  public:
    GuestMemory(const WindowTable& windows, AcceleratorPort& dma, AcceleratorPort& acp,
                AcceleratorPort& cache)
        : windows(windows), dma(dma), acp(acp), cache(cache) {}

    harness::WindowPlace placeOf(std::uint64_t deviceAddress) const override;
    std::uint64_t pageEntry(std::uint64_t deviceAddress, const std::uint8_t* moved) const override;
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
    void look(AcceleratorPort& port, std::uint64_t deviceAddress, std::uint8_t* data,
              std::uint64_t count);
    bool forEachPiece(AcceleratorPort& port, std::uint64_t deviceAddress, std::uint64_t count,
                      const std::function<void(Addr, std::uint64_t, std::uint64_t)>& visit);

    const WindowTable& windows;
    AcceleratorPort& dma;
    AcceleratorPort& acp;
    AcceleratorPort& cache;
    std::vector<std::uint8_t> scratch;
};

}  // namespace gem5

#endif
