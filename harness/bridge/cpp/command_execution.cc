// SPDX-License-Identifier: BSD-3-Clause
#include "command_execution.hh"

#include <utility>

#include "error.hh"
#include "model.hh"

namespace harness::bridge {

namespace {

[[noreturn]] void refuse(const std::string& text) { throw BridgeError(ErrorKind::Protocol, text); }

const std::uint8_t* bytesOf(const std::string& text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}

}  // namespace

CommandExecution::CommandExecution(AcceleratorModel& model, Fiber& fiber, Command command,
                                   ModelMode mode)
    : model_(model), fiber_(fiber), command_(std::move(command)), mode_(mode) {}

CommandExecution::~CommandExecution() { fiber_.cancel(); }

void CommandExecution::start(std::string operandData, const std::vector<std::string>& units) {
    std::uint64_t expectedBytes = 0;
    for (const Operand& operand : command_.operands) {
        operandOffsets_.push_back(expectedBytes);
        expectedBytes += operand.isRead ? operand.sizeBytes : 0;
    }
    expectedBytes = mode_ == ModelMode::Exact ? 0 : expectedBytes;
    if (operandData.size() != expectedBytes) {
        refuse("Launch carries " + std::to_string(operandData.size()) +
               " operand bytes, expected " + std::to_string(expectedBytes));
    }
    snapshot_ = std::move(operandData);
    fiber_.start([this, &units] {
        Memory memory(command_, recorder_, *this);
        Units named(units, recorder_);
        model_.execute(command_, memory, named);
    });
    fiber_.resume();
}

void CommandExecution::event(const std::vector<CompletionRecord>& completions,
                             std::string_view data) {
    if (isOver() || !wantedRanges_.empty()) {
        refuse("an Event came for a command that does not wait for one");
    }
    for (const CompletionRecord& completion : completions) {
        if (completion.status != CompletionStatus::Ok) {
            throw BridgeError(ErrorKind::Model, "a transfer of command \"" + command_.kernel +
                                                    "\" met a bus error: node " +
                                                    std::to_string(completion.id));
        }
    }
    deliver(completions, data);
    fiber_.resume();
}

void CommandExecution::functionalData(std::string_view data) {
    if (isOver() || wantedRanges_.empty()) {
        refuse("FunctionalData came without a FunctionalRead");
    }
    std::uint64_t expectedBytes = 0;
    for (const MemoryRange& range : wantedRanges_) {
        expectedBytes += range.sizeBytes;
    }
    if (data.size() != expectedBytes) {
        refuse("FunctionalData carries " + std::to_string(data.size()) + " bytes, expected " +
               std::to_string(expectedBytes));
    }
    functionalData_ = data;
    fiber_.resume();
}

std::vector<ByteSpan> CommandExecution::await(const std::vector<const Handle*>& handles) {
    recorder_.wait(handles);
    for (;;) {
        std::vector<const Handle*> missing;
        for (const Handle* handle : handles) {
            if (!isAvailable(*handle)) {
                missing.push_back(handle);
            }
        }
        if (missing.empty()) {
            break;
        }
        recorder_.notify(missing);
        hasPeeked_ = false;
        fiber_.suspend();
    }
    std::vector<ByteSpan> spans;
    spans.reserve(handles.size());
    for (const Handle* handle : handles) {
        spans.push_back(dataOf(*handle));
    }
    return spans;
}

std::vector<ByteSpan> CommandExecution::peek(std::vector<MemoryRange> ranges) {
    if (hasPeeked_) {
        throw BridgeError(ErrorKind::Model, "the model peeks twice in one exchange");
    }
    hasPeeked_ = true;
    if (ranges.empty()) {
        return {};
    }
    wantedRanges_ = std::move(ranges);
    fiber_.suspend();
    std::vector<ByteSpan> spans;
    const ByteSpan all = keep(std::move(functionalData_));
    std::size_t begin = 0;
    for (const MemoryRange& range : wantedRanges_) {
        spans.push_back({all.data + begin, static_cast<std::size_t>(range.sizeBytes)});
        begin += spans.back().size;
    }
    wantedRanges_.clear();
    return spans;
}

bool CommandExecution::isAvailable(const Handle& handle) const {
    if (mode_ == ModelMode::Kernel) {
        return true;
    }
    for (std::uint32_t id = handle.first; id < handle.last; ++id) {
        if (delivered_.count(id) == 0) {
            return false;
        }
    }
    return true;
}

ByteSpan CommandExecution::dataOf(const Handle& handle) {
    if (handle.operand < 0) {
        return {};
    }
    std::string bytes;
    if (mode_ == ModelMode::Exact) {
        if (handle.last - handle.first == 1) {
            const std::string& whole = delivered_.at(handle.first);
            return {bytesOf(whole), whole.size()};
        }
        for (std::uint32_t id = handle.first; id < handle.last; ++id) {
            bytes += delivered_.at(id);
        }
        return keep(std::move(bytes));
    }
    const std::uint64_t first =
        operandOffsets_[static_cast<std::size_t>(handle.operand)] + handle.offsetBytes;
    if (handle.rows == 1) {
        return {bytesOf(snapshot_) + first, static_cast<std::size_t>(handle.rowBytes)};
    }
    bytes.reserve(handle.rowBytes * handle.rows);
    for (std::uint64_t row = 0; row < handle.rows; ++row) {
        bytes.append(snapshot_, first + row * handle.strideBytes, handle.rowBytes);
    }
    return keep(std::move(bytes));
}

ByteSpan CommandExecution::keep(std::string bytes) {
    const std::string& kept = kept_.emplace_back(std::move(bytes));
    return {bytesOf(kept), kept.size()};
}

void CommandExecution::deliver(const std::vector<CompletionRecord>& completions,
                               std::string_view data) {
    std::uint64_t expectedBytes = 0;
    for (const CompletionRecord& completion : completions) {
        if (completion.id >= recorder_.nextId()) {
            refuse("an Event completes the unknown node " + std::to_string(completion.id));
        }
        expectedBytes += recorder_.readBytes(completion.id);
    }
    if (expectedBytes != data.size()) {
        refuse("an Event carries " + std::to_string(data.size()) + " bytes, expected " +
               std::to_string(expectedBytes));
    }
    for (const CompletionRecord& completion : completions) {
        const std::uint64_t sizeBytes = recorder_.readBytes(completion.id);
        if (sizeBytes == 0) {
            continue;
        }
        if (!delivered_.emplace(completion.id, data.substr(0, sizeBytes)).second) {
            refuse("an Event completes node " + std::to_string(completion.id) + " twice");
        }
        data.remove_prefix(sizeBytes);
    }
}

}  // namespace harness::bridge
