// SPDX-License-Identifier: BSD-3-Clause
#include "guest_memory.hh"

#include <algorithm>
#include <cstring>

#include "base/logging.hh"
#include "harness/port/page_list.hh"

namespace gem5 {

using harness::offsetInWindow;
using harness::PageList;
using harness::windowNumber;

static_assert(PageList::kPageBytes == HARNESS_PAGE_BYTES);
static_assert(PageList::kPresent == HARNESS_PAGE_PRESENT);

bool forEachPiece(const GuestWindow& window, std::uint64_t offset, std::uint64_t count,
                  const std::function<std::uint64_t(Addr)>& readEntry,
                  const std::function<void(Addr, std::uint64_t, std::uint64_t)>& visit) {
    if (!window.isPageList()) {
        visit(window.base + offset, 0, count);
        return true;
    }
    bool isWhole = true;
    for (std::uint64_t done = 0; done < count;) {
        const std::uint64_t at = offset + done;
        const std::uint64_t part =
            std::min(count - done, PageList::kPageBytes - PageList::inPage(at));
        const auto frame = PageList::frameOf(readEntry(PageList::entryAddress(window.base, at)));
        if (frame) visit(*frame + PageList::inPage(at), done, part);
        isWhole = isWhole && frame;
        done += part;
    }
    return isWhole;
}

harness::WindowPlace GuestMemory::placeOf(std::uint64_t deviceAddress) const {
    const std::uint64_t number = windowNumber(deviceAddress);
    panic_if(number >= windows.size(), "device address %#x: no such window", deviceAddress);
    return {windows[number].base, windows[number].isPageList()};
}

std::uint64_t GuestMemory::pageEntry(std::uint64_t, const std::uint8_t* moved) const {
    std::uint64_t entry;
    std::memcpy(&entry, moved, sizeof entry);
    return entry;
}

bool GuestMemory::allows(const harness::CommandOperand& operand) const {
    const std::uint64_t number = windowNumber(operand.deviceAddress);
    if (number >= windows.size()) return false;
    const GuestWindow& window = windows[number];
    const std::uint64_t offset = offsetInWindow(operand.deviceAddress);
    return offset <= window.bytes && operand.sizeBytes <= window.bytes - offset &&
           (!operand.isWritten || window.isWritable());
}

AcceleratorPort& GuestMemory::portOf(harness::Interface interface) {
    if (interface == harness::Interface::Acp) return acp;
    if (interface == harness::Interface::Cache) return cache;
    return dma;
}

bool GuestMemory::forEachPiece(
    AcceleratorPort& port, std::uint64_t deviceAddress, std::uint64_t count,
    const std::function<void(Addr, std::uint64_t, std::uint64_t)>& visit) {
    const auto readEntry = [&port](Addr address) {
        std::uint64_t entry = 0;
        const bool isThere =
            port.look(address, reinterpret_cast<std::uint8_t*>(&entry), sizeof entry);
        return isThere ? entry : 0;
    };
    return gem5::forEachPiece(windows.at(windowNumber(deviceAddress)),
                              offsetInWindow(deviceAddress), count, readEntry, visit);
}

void GuestMemory::look(AcceleratorPort& port, std::uint64_t deviceAddress, std::uint8_t* data,
                       std::uint64_t count) {
    forEachPiece(port, deviceAddress, count,
                 [&](Addr address, std::uint64_t done, std::uint64_t part) {
                     port.look(address, data + done, part);
                 });
}

std::vector<std::uint8_t> GuestMemory::look(const harness::CommandOperand& operand) {
    std::vector<std::uint8_t> bytes(operand.sizeBytes);
    look(portOf(operand.interface), operand.deviceAddress, bytes.data(), bytes.size());
    return bytes;
}

const std::uint8_t* GuestMemory::arrived(std::uint64_t deviceAddress, std::uint64_t count,
                                         const std::uint8_t* moved) {
    if (moved != nullptr) return moved;
    scratch.assign(count, 0);  // interface direct: no port was involved
    look(dma, deviceAddress, scratch.data(), count);
    return scratch.data();
}

void GuestMemory::stored(std::uint64_t deviceAddress, const std::uint8_t* bytes,
                         std::uint64_t count) {
    forEachPiece(dma, deviceAddress, count,
                 [&](Addr address, std::uint64_t done, std::uint64_t part) {
                     dma.store(address, bytes + done, part);
                 });
}

}  // namespace gem5
