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

    std::uint64_t readBytes() const {
        std::uint64_t bytes = 0;
        for (const CommandOperand& operand : operands)
            bytes += operand.isRead ? operand.sizeBytes : 0;
        return bytes;
    }
};

/// Read a descriptor (proto/README.md section 6). Returns "" or what is wrong with it.
std::string parseCommand(const std::string& descriptor, ParsedCommand& command);

}  // namespace harness
