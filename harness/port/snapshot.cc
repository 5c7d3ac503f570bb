// SPDX-License-Identifier: BSD-3-Clause
#include "harness/port/snapshot.hh"

#include <algorithm>
#include <cstring>

namespace harness {

namespace {

/// Whether the DAG's READ nodes bring every byte of an operand.
bool isBroughtWhole(std::uint32_t index, const CommandOperand& operand, const Dag& dag) {
    std::vector<std::uint8_t> isBrought(operand.sizeBytes);
    for (std::size_t i = 0; i < dag.size(); ++i) {
        const NodeRecord& node = dag.node(std::uint32_t(i)).record;
        if (node.kind != NodeKind::Read || node.operand != index) continue;
        auto row = isBrought.begin() + std::ptrdiff_t(node.address - operand.deviceAddress);
        for (std::uint32_t r = 0; r < node.rows; ++r)
            std::fill_n(row + std::ptrdiff_t(r * node.strideBytes), node.rowBytes, 1);
    }
    return std::memchr(isBrought.data(), 0, isBrought.size()) == nullptr;
}

}  // namespace

Snapshot::Snapshot(const ParsedCommand& command, DeviceMemory& memory)
    : operands(command.operands.size()) {
    for (std::size_t i = 0; i < operands.size(); ++i)
        if (command.operands[i].isRead) operands[i] = memory.look(command.operands[i]);
}

std::string Snapshot::joined() const {
    std::size_t total = 0;
    for (const auto& bytes : operands) total += bytes.size();
    std::string all;
    all.reserve(total);
    for (const auto& bytes : operands) all.append(bytes.begin(), bytes.end());
    return all;
}

bool Snapshot::matches(std::uint32_t index, const CommandOperand& operand, std::uint64_t address,
                       const std::uint8_t* bytes, std::uint64_t count) const {
    return std::memcmp(&operands[index][address - operand.deviceAddress], bytes, count) == 0;
}

void Snapshot::overwrite(std::uint32_t index, const CommandOperand& operand, std::uint64_t address,
                         const std::uint8_t* bytes, std::uint64_t count) {
    if (index < operands.size() && !operands[index].empty())
        std::memcpy(&operands[index][address - operand.deviceAddress], bytes, count);
}

std::optional<std::uint32_t> Snapshot::firstChanged(const ParsedCommand& command, const Dag& dag,
                                                    DeviceMemory& memory) const {
    for (std::uint32_t i = 0; i < operands.size(); ++i) {
        const CommandOperand& operand = command.operands[i];
        if (operands[i].empty()) continue;
        if (!writes(command, operand) && isBroughtWhole(i, operand, dag)) continue;
        if (memory.look(operand) != operands[i]) return i;
    }
    return std::nullopt;
}

}  // namespace harness
