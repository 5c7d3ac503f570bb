// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cycles.hh"
#include "memory.hh"
#include "model.hh"
#include "numerics.hh"
#include "scratchpads.hh"

namespace harness::vector_mac {

// Names of the units, in the order of their numbers.
inline constexpr const char* convertUnit = "convert";
inline constexpr const char* macUnit = "mac";
inline constexpr const char* vectorUnit = "vector";

// Part of what one command did, in actions that cost energy.
struct Work {
    std::int64_t multiplications = 0;
    std::int64_t additions = 0;
    std::int64_t wordsRead = 0;  // scratchpad words of 4 B read by the datapath or before a store
    std::int64_t wordsWritten = 0;  // written by the datapath or after a load
};

// Operands to load and the attributes that say whether to.
using LoadFlags = std::vector<std::pair<std::string, std::string>>;

// Records the nodes of one command in the order in which the engine does its steps.
//
// Without double buffering each step waits for the one before: transfer, conversion, transfer, ...
// With it, transfers of loads wait for nothing and transfers of stores for their own conversion.
// Twin of `accel_models/vector_mac/invocation.py`: node by node the same.
class Invocation final {
  public:
    struct Engine {
        const Parameters& parameters;
        Scratchpads& scratchpads;
        bridge::Counters& counters;
    };

    Invocation(const bridge::Command& command, bridge::Memory& memory, bridge::Units& units,
               const Engine& engine)
        : command_(command), memory_(memory), units_(units), engine_(engine) {}

    const bridge::Command& command() const { return command_; }
    const Parameters& parameters() const { return engine_.parameters; }
    Scratchpads& scratchpads() { return engine_.scratchpads; }

    // Whole-number attributes; throw BridgeError if one is missing or senseless.
    std::int64_t number(const std::string& name) const;
    std::int64_t number(const std::string& name, std::int64_t otherwise) const;
    Pair pair(const std::string& prefix) const;
    Pair pair(const std::string& prefix, std::int64_t otherwise) const;
    Padding padding() const;

    const Shape& shapeOf(const std::string& operand) const;
    const Tensor& resident(const std::string& operand);

    // Loads and converts the operands whose flag is 1, in this order.
    void load(const LoadFlags& flags);

    // Occupies a unit when all that was recorded so far has ended.
    void compute(const char* unit, std::int64_t cycles);

    // Applies the command's fused activation to results in the output scratchpad.
    void activate(Tensor& results);
    void activateAs(Activation activation, Tensor& values) const;

    // Converts the output and stores it, if the command says so.
    void store(const Tensor& output);

    std::int64_t negativeVectors(const Tensor& values) const;
    void count(const Work& work);
    void countMacs(std::int64_t macs);

  private:
    std::vector<bridge::Handle> read(const std::string& operand);
    bridge::Handle readPiece(const std::string& operand, std::uint64_t offsetBytes,
                             std::uint64_t sizeBytes);
    bridge::Handle convert(std::uint64_t sizeBytes, bool isFirst, Direction direction,
                           const std::vector<bridge::Handle>& after);

    const bridge::Command& command_;
    bridge::Memory& memory_;
    bridge::Units& units_;
    Engine engine_;
    std::vector<bridge::Handle> awaited_;
};

}  // namespace harness::vector_mac
