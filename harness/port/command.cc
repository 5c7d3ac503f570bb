// SPDX-License-Identifier: BSD-3-Clause
#include "harness/port/command.hh"

#include <algorithm>
#include <cstring>

namespace harness {

namespace {

constexpr std::uint32_t kMagic = 0x314D4348;
constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kOperandBytes = 64;

template <typename T>
T field(const std::string& bytes, std::size_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

}  // namespace

std::string parseCommand(const std::string& descriptor, ParsedCommand& command) {
    command.operands.clear();
    if (descriptor.size() < kHeaderBytes || field<std::uint32_t>(descriptor, 0) != kMagic)
        return "not a command descriptor";
    if (field<std::uint32_t>(descriptor, 4) != descriptor.size()) return "wrong descriptor size";
    command.item = field<std::uint32_t>(descriptor, 8);
    const auto operands = field<std::uint16_t>(descriptor, 12);
    if (kHeaderBytes + operands * kOperandBytes > descriptor.size()) return "operands cut off";
    for (std::size_t i = 0; i < operands; ++i) {
        const std::size_t at = kHeaderBytes + i * kOperandBytes;
        const auto access = field<std::uint8_t>(descriptor, at + 17);
        command.operands.push_back(
            {field<std::uint64_t>(descriptor, at), field<std::uint64_t>(descriptor, at + 8),
             field<Interface>(descriptor, at + 16), (access & 1) != 0, (access & 2) != 0});
    }
    return "";
}

std::string checkTransfer(const NodeRecord& node, const CommandOperand& operand) {
    const std::uint64_t last = node.rows - 1u;
    const bool fits =
        node.address >= operand.deviceAddress &&
        node.address - operand.deviceAddress <= operand.sizeBytes &&
        (last == 0 || node.strideBytes <= operand.sizeBytes / last) &&
        node.address - operand.deviceAddress + last * node.strideBytes + node.rowBytes <=
            operand.sizeBytes;
    if (!fits) return "address outside its operand";
    if (node.kind == NodeKind::Write && !operand.isWritten)
        return "WRITE to an operand that is not written";
    if (node.kind == NodeKind::Read && !operand.isRead)
        return "READ of an operand that is not read";
    return "";
}

bool overlap(const CommandOperand& left, const CommandOperand& right) {
    return left.deviceAddress < right.deviceAddress + right.sizeBytes &&
           right.deviceAddress < left.deviceAddress + left.sizeBytes;
}

bool writes(const ParsedCommand& command, const CommandOperand& operand) {
    return std::any_of(command.operands.begin(), command.operands.end(),
                       [&](const auto& each) { return each.isWritten && overlap(each, operand); });
}

}  // namespace harness
