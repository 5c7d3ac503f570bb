// SPDX-License-Identifier: BSD-3-Clause
// What a model sees while it executes a command: timed transfers, units, and the wait for data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command.hh"
#include "graph_recorder.hh"

namespace harness::bridge {

class CommandExecution;

// Bytes that stay valid until the command ends.
struct ByteSpan {
    const std::uint8_t* data = nullptr;
    std::size_t size = 0;
};

// One transfer: a range of an operand, or `rows` ranges that lie `strideBytes` apart. Transfers of
// a stream start in the order of their calls.
struct Transfer {
    std::uint64_t offsetBytes = 0;
    std::optional<std::uint64_t> sizeBytes = std::nullopt;  // per row; absent means the rest
    std::uint64_t rows = 1;
    std::uint64_t strideBytes = 0;
    std::optional<std::uint32_t> stream = std::nullopt;  // absent means 0 for reads, 1 for writes
    std::uint64_t pieceBytes = 0;  // largest single transfer; 0 means the whole is one
};

// A range for a functional read.
struct OperandRange {
    std::string_view operand;
    std::uint64_t offsetBytes = 0;
    std::uint64_t sizeBytes = 0;
};

// Timed transfers between the operands of one command and the accelerator.
//
// Every call records its nodes and returns at once. Await the handle of a read to use its data:
// what is recorded later depends on it. All of these throw BridgeError{Model} when the model does
// what the command does not allow.
class Memory final {
  public:
    Memory(const Command& command, GraphRecorder& recorder, CommandExecution& execution)
        : command_(command), recorder_(recorder), execution_(execution) {}

    Handle read(std::string_view operand, const Transfer& transfer = {}, const After& after = {});

    // The rows lie back to back in `data`, which is copied.
    Handle write(std::string_view operand, ByteSpan data, const Transfer& transfer = {},
                 const After& after = {});

    // The bytes of a read, rows back to back; nothing for handles of other nodes.
    ByteSpan await(const Handle& handle);

    // One wait for all of them; not the same as awaiting one after the other.
    std::vector<ByteSpan> awaitAll(const std::vector<Handle>& handles);

    // Bytes as they are now, without time passing; at most once per exchange.
    std::vector<ByteSpan> peek(const std::vector<OperandRange>& ranges);

  private:
    struct Place {
        std::uint64_t offsetBytes;
        std::uint64_t rowBytes;
        std::uint64_t rows;
        std::uint64_t strideBytes;

        std::uint64_t endBytes() const { return offsetBytes + (rows - 1) * strideBytes + rowBytes; }
    };

    static std::vector<Place> cut(const Place& place, std::uint64_t pieceBytes);
    std::uint32_t find(std::string_view operand) const;
    void check(const Operand& operand, const Place& place) const;
    void checkNotWritten(std::uint32_t operand, const Place& place) const;
    Handle add(NodeRecord node, const Place& place, std::uint64_t pieceBytes, const After& after,
               const std::uint8_t* data);
    [[noreturn]] void refuse(const Operand& operand, const std::string& why) const;

    const Command& command_;
    GraphRecorder& recorder_;
    CommandExecution& execution_;
    // Ranges written so far to operands that may also be read, by operand.
    std::map<std::uint32_t, std::vector<std::pair<std::uint64_t, std::uint64_t>>> written_;
};

// The accelerator's units, interrupt and registers.
class Units final {
  public:
    Units(const std::vector<std::string>& names, GraphRecorder& recorder)
        : names_(names), recorder_(recorder) {}

    // Occupies a unit, named as in the description, for some cycles of the accelerator's clock.
    Handle compute(std::uint64_t cycles, std::string_view unit, const After& after = {});

    // A point that is reached when all of `after` have ended; it takes no time.
    Handle fence(const After& after = {});

    // Raises the interrupt, besides the one at the end of a work item.
    Handle interrupt(const After& after = {});

    // Sets the simulator's shadow copy of a LOCAL register.
    Handle setRegister(std::uint64_t offsetBytes, std::uint64_t value, const After& after = {});

  private:
    Handle add(const NodeRecord& node, const After& after);

    const std::vector<std::string>& names_;
    GraphRecorder& recorder_;
};

}  // namespace harness::bridge
