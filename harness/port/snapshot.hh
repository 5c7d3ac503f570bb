// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/port/command.hh"
#include "harness/port/dag.hh"
#include "harness/port/device_memory.hh"

namespace harness {

/**
 * The bytes that a command computes with in KERNEL mode: of every operand that it may read.
 *
 * They were looked at when the command started, or before that if it was launched ahead; what its
 * timed reads bring later is compared with them.
 */
class Snapshot final {
  public:
    Snapshot() = default;

    /// The operands' bytes as they are now.
    Snapshot(const ParsedCommand& command, DeviceMemory& memory);

    /// Back to back, as a Launch carries them.
    std::string joined() const;

    /// Whether these bytes of an operand are the snapshot's.
    bool matches(std::uint32_t index, const CommandOperand& operand, std::uint64_t address,
                 const std::uint8_t* bytes, std::uint64_t count) const;

    /// The command itself has written them.
    void overwrite(std::uint32_t index, const CommandOperand& operand, std::uint64_t address,
                   const std::uint8_t* bytes, std::uint64_t count);

    /// The first operand whose bytes are others now, if any. What a READ of the DAG will bring, of
    /// an operand that the command does not write, is left for `matches` to compare.
    std::optional<std::uint32_t> firstChanged(const ParsedCommand& command, const Dag& dag,
                                              DeviceMemory& memory) const;

  private:
    std::vector<std::vector<std::uint8_t>> operands;  // empty for one that is not read
};

}  // namespace harness
