// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/port/records.hh"

namespace harness {

/// What the port needs of an operand: where it lies and what may be done to it.
struct CommandOperand {
    std::uint64_t deviceAddress = 0;
    std::uint64_t sizeBytes = 0;
    Interface interface = Interface::None;
    bool isRead = false;
    bool isWritten = false;
};

struct ParsedCommand {
    std::uint32_t item = 0;
    std::vector<CommandOperand> operands;
};

/// Read a descriptor (proto/README.md section 6). Returns "" or what is wrong with it.
std::string parseCommand(const std::string& descriptor, ParsedCommand& command);

/// Returns "" or why a READ or WRITE may not touch the operand in the way that it says.
std::string checkTransfer(const NodeRecord& node, const CommandOperand& operand);

/// Whether two operands share a byte.
bool overlap(const CommandOperand& left, const CommandOperand& right);

/// Whether the command writes a byte of the operand.
bool writes(const ParsedCommand& command, const CommandOperand& operand);

}  // namespace harness
