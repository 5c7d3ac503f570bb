// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/address_space.hh"

#include <algorithm>
#include <stdexcept>

namespace harness {

AddressSpace::AddressSpace(const std::vector<WindowImage>& windows,
                           const std::vector<std::string>& initial) {
    Addr next = kAlignment;
    for (std::size_t i = 0; i < windows.size(); ++i) {
        const auto size = std::uint64_t(windows[i].sizeBytes);
        if (i >= initial.size() || initial[i].size() > size)
            throw std::invalid_argument("window " + std::to_string(i) + ": wrong initial bytes");
        memory.emplace_back(size, 0);
        std::copy(initial[i].begin(), initial[i].end(), memory.back().begin());
        bases.push_back(next);
        places.push_back({next, false});
        writable.push_back(windows[i].isWritable != 0);
        next += (size + kAlignment - 1) / kAlignment * kAlignment;
    }
    endAddress = next;
    placePageLists(windows);
}

/// Each in pages of its own, as a driver allocates them.
void AddressSpace::placePageLists(const std::vector<WindowImage>& windows) {
    for (std::size_t i = 0; i < windows.size(); ++i) {
        if (windows[i].isPageList == 0) continue;
        places[i] = {endAddress, true};
        const std::uint64_t pages = PageList::pageOf(memory[i].size() + PageList::kPageBytes - 1);
        const std::uint64_t bytes = pages * PageList::kEntryBytes + PageList::kPageBytes - 1;
        endAddress += bytes - PageList::inPage(bytes);
    }
}

bool AddressSpace::hasPageLists() const {
    return std::any_of(places.begin(), places.end(),
                       [](const WindowPlace& place) { return place.isPageList; });
}

bool AddressSpace::contains(std::uint64_t window, std::uint64_t offset, std::uint64_t bytes) const {
    if (window >= memory.size()) return false;
    const std::uint64_t size = memory[window].size();
    return offset <= size && bytes <= size - offset;
}

bool AddressSpace::locate(Addr address, std::uint64_t& window, std::uint64_t& offset) const {
    for (std::size_t i = 0; i < bases.size(); ++i)
        if (address >= bases[i] && address - bases[i] < memory[i].size()) {
            window = i;
            offset = address - bases[i];
            return true;
        }
    return false;
}

}  // namespace harness
