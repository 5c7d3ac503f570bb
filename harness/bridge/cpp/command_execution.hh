// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "command.hh"
#include "fiber.hh"
#include "graph_recorder.hh"
#include "memory.hh"

namespace harness::bridge {

class AcceleratorModel;

// How operand bytes reach the model; the numbers are bridge.proto's.
enum class ModelMode { Exact = 1, Kernel = 2 };

// A range of device memory.
struct MemoryRange {
    std::uint64_t address = 0;
    std::uint64_t sizeBytes = 0;
};

// One command of one instance, from its Launch to its last Actions.
//
// The model's code runs in the fiber; where it awaits bytes that have not come yet, the fiber is
// suspended and the exchange ends.
class CommandExecution final {
  public:
    CommandExecution(AcceleratorModel& model, Fiber& fiber, Command command, ModelMode mode);
    ~CommandExecution();
    CommandExecution(const CommandExecution&) = delete;
    CommandExecution& operator=(const CommandExecution&) = delete;

    // Begins with, in KERNEL mode, the bytes of all operands that may be read.
    void start(std::string operandData, const std::vector<std::string>& units);

    // Goes on with what ended since the last exchange: records and the bytes of READ nodes.
    void event(const std::vector<CompletionRecord>& completions, std::string_view data);

    // Goes on with the bytes that peek() asked for.
    void functionalData(std::string_view data);

    bool isOver() const { return !fiber_.isRunning(); }

    // Not empty while the model waits for a functional read; otherwise it waits for an Event.
    const std::vector<MemoryRange>& wantedRanges() const { return wantedRanges_; }

    Recorded take() { return recorder_.take(); }

    // The model's side, called inside the fiber by Memory.
    std::vector<ByteSpan> await(const std::vector<const Handle*>& handles);
    std::vector<ByteSpan> peek(std::vector<MemoryRange> ranges);

  private:
    bool isAvailable(const Handle& handle) const;
    ByteSpan dataOf(const Handle& handle);
    ByteSpan keep(std::string bytes);
    void deliver(const std::vector<CompletionRecord>& completions, std::string_view data);

    AcceleratorModel& model_;
    Fiber& fiber_;
    const Command command_;
    const ModelMode mode_;
    GraphRecorder recorder_;
    std::string snapshot_;                       // KERNEL: bytes of the operands that may be read
    std::vector<std::uint64_t> operandOffsets_;  // where each begins in it
    std::map<std::uint32_t, std::string> delivered_;  // EXACT: bytes of ended READ nodes
    std::deque<std::string> kept_;  // bytes that spans handed to the model point to
    std::vector<MemoryRange> wantedRanges_;
    std::string functionalData_;
    bool hasPeeked_ = false;
};

}  // namespace harness::bridge
