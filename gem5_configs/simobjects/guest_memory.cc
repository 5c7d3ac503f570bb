// SPDX-License-Identifier: BSD-3-Clause
#include "guest_memory.hh"

#include "base/logging.hh"
#include "harness/bridge/cpp/records.hh"

namespace gem5 {

harness::Addr GuestMemory::physicalOf(std::uint64_t deviceAddress) const {
    const std::uint32_t window = harness::bridge::windowOf(deviceAddress);
    panic_if(window >= windows.size(), "device address %#x: no such window", deviceAddress);
    return windows[window].base + harness::bridge::offsetOf(deviceAddress);
}

bool GuestMemory::allows(const harness::CommandOperand& operand) const {
    const std::uint32_t number = harness::bridge::windowOf(operand.deviceAddress);
    if (number >= windows.size()) return false;
    const GuestWindow& window = windows[number];
    const std::uint64_t offset = harness::bridge::offsetOf(operand.deviceAddress);
    return offset <= window.bytes && operand.sizeBytes <= window.bytes - offset &&
           (!operand.isWritten || window.isWritable);
}

AcceleratorPort& GuestMemory::portOf(harness::Interface interface) {
    if (interface == harness::Interface::Acp) return acp;
    if (interface == harness::Interface::Cache) return cache;
    return dma;
}

std::vector<std::uint8_t> GuestMemory::look(const harness::CommandOperand& operand) {
    std::vector<std::uint8_t> bytes(operand.sizeBytes);
    portOf(operand.interface).look(physicalOf(operand.deviceAddress), bytes.data(), bytes.size());
    return bytes;
}

const std::uint8_t* GuestMemory::arrived(std::uint64_t deviceAddress, std::uint64_t count,
                                         const std::uint8_t* moved) {
    if (moved != nullptr) return moved;
    scratch.resize(count);  // interface direct: no port was involved
    dma.look(physicalOf(deviceAddress), scratch.data(), count);
    return scratch.data();
}

void GuestMemory::stored(std::uint64_t deviceAddress, const std::uint8_t* bytes,
                         std::uint64_t count) {
    dma.store(physicalOf(deviceAddress), bytes, count);
}

}  // namespace gem5
