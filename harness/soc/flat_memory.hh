// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "harness/port/device_memory.hh"
#include "harness/soc/address_space.hh"
#include "harness/soc/line_ownership.hh"

namespace harness {

/// The embedded SoC's memory as accelerators see it: flat bytes, and a book on who owns a line.
class FlatMemory final : public DeviceMemory {
  public:
    FlatMemory(AddressSpace& space, LineOwnership& ownership)
        : space(space), ownership(ownership) {}

    WindowPlace placeOf(std::uint64_t deviceAddress) const override {
        return space.placeOf(windowNumber(deviceAddress));
    }
    /// Page frames of a page-list window follow one another, as a system that has just booted
    /// hands them out.
    std::uint64_t pageEntry(std::uint64_t deviceAddress, const std::uint8_t*) const override {
        return space.pageEntry(deviceAddress);
    }
    bool allows(const CommandOperand& operand) const override;
    std::vector<std::uint8_t> look(const CommandOperand& operand) override;
    bool movesBytes() const override { return false; }
    const std::uint8_t* arrived(std::uint64_t deviceAddress, std::uint64_t count,
                                const std::uint8_t* moved) override;
    void stored(std::uint64_t deviceAddress, const std::uint8_t* bytes,
                std::uint64_t count) override;
    void noteTransfer(const NodeRecord& node, std::uint32_t requestorId, Tick now) override;

  private:
    AddressSpace& space;
    LineOwnership& ownership;
};

}  // namespace harness
