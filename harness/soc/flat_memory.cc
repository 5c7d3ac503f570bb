// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/flat_memory.hh"

#include <cstring>

namespace harness {

bool FlatMemory::allows(const CommandOperand& operand) const {
    const std::uint64_t window = windowNumber(operand.deviceAddress);
    return space.contains(window, offsetInWindow(operand.deviceAddress), operand.sizeBytes) &&
           (!operand.isWritten || space.isWritable(window));
}

std::vector<std::uint8_t> FlatMemory::look(const CommandOperand& operand) {
    const std::uint8_t* first = space.bytesOf(operand.deviceAddress);
    return {first, first + operand.sizeBytes};
}

const std::uint8_t* FlatMemory::arrived(std::uint64_t deviceAddress, std::uint64_t,
                                        const std::uint8_t*) {
    return space.bytesOf(deviceAddress);
}

void FlatMemory::stored(std::uint64_t deviceAddress, const std::uint8_t* bytes,
                        std::uint64_t count) {
    std::memcpy(space.bytesOf(deviceAddress), bytes, count);
}

void FlatMemory::noteTransfer(const NodeRecord& node, std::uint32_t requestorId, Tick now) {
    const bool isRead = node.kind == NodeKind::Read, isCached = node.interface != Interface::Dma;
    for (std::uint32_t r = 0; r < node.rows; ++r) {
        const Addr first = space.physicalOf(node.address + r * node.strideBytes);
        if (isRead && isCached) ownership.cacheReads(requestorId, first, node.rowBytes, now);
        if (isRead && !isCached) ownership.deviceReads(requestorId, first, node.rowBytes, now);
        if (!isRead && isCached) ownership.cacheWrites(first, node.rowBytes);
        if (!isRead && !isCached) ownership.deviceWrites(requestorId, first, node.rowBytes, now);
    }
}

}  // namespace harness
