// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/port/page_list.hh"
#include "harness/port/types.hh"
#include "harness/soc/program_image.hh"

namespace harness {

/// Flat memory: one byte array per window, laid out one after the other in simulated memory, then
/// the page lists of those that have one.
class AddressSpace final {
  public:
    /// Windows start at multiples of this, so that no line or DRAM row has two owners.
    static constexpr Addr kAlignment = 64 * 1024;

    AddressSpace(const std::vector<WindowImage>& windows, const std::vector<std::string>& initial);

    /// Simulated address of a byte of a window.
    Addr physical(std::uint64_t window, std::uint64_t offset) const {
        return bases[window] + offset;
    }
    Addr physicalOf(std::uint64_t deviceAddress) const {
        return physical(windowNumber(deviceAddress), offsetInWindow(deviceAddress));
    }
    WindowPlace placeOf(std::uint64_t window) const { return places[window]; }
    /// What stands in a page list: frames follow one another.
    std::uint64_t pageEntry(std::uint64_t deviceAddress) const {
        const Addr address = physicalOf(deviceAddress);
        return (address - PageList::inPage(address)) | PageList::kPresent;
    }

    bool contains(std::uint64_t window, std::uint64_t offset, std::uint64_t bytes) const;
    bool isWritable(std::uint64_t window) const { return writable[window]; }

    std::uint8_t* bytes(std::uint64_t window, std::uint64_t offset) {
        return memory[window].data() + offset;
    }
    std::uint8_t* bytesOf(std::uint64_t deviceAddress) {
        return bytes(windowNumber(deviceAddress), offsetInWindow(deviceAddress));
    }

    /// Window and offset of a simulated address; false if no window holds it.
    bool locate(Addr address, std::uint64_t& window, std::uint64_t& offset) const;

    std::size_t windowCount() const { return memory.size(); }
    std::uint64_t windowBytes(std::uint64_t window) const { return memory[window].size(); }
    bool hasPageLists() const;
    /// First address behind all windows and page lists.
    Addr end() const { return endAddress; }

  private:
    void placePageLists(const std::vector<WindowImage>& windows);

    std::vector<std::vector<std::uint8_t>> memory;
    std::vector<Addr> bases;
    std::vector<WindowPlace> places;
    std::vector<bool> writable;
    Addr endAddress = 0;
};

}  // namespace harness
