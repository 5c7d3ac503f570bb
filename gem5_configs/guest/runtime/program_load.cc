// SPDX-License-Identifier: BSD-3-Clause
#include <map>
#include <utility>

#include "gem5_configs/guest/runtime/error.hh"
#include "gem5_configs/guest/runtime/program.hh"
#include "harness/pb/program/v1/program.pb.h"

namespace harness::guest {

namespace pb = harness::pb::program::v1;

namespace {

constexpr std::uint32_t kFormatVersion = 1;

template <typename Messages, typename Convert>
auto convertAll(const Messages& messages, Convert convert) {
    std::vector<decltype(convert(messages.Get(0)))> list;
    list.reserve(std::size_t(messages.size()));
    for (const auto& message : messages) list.push_back(convert(message));
    return list;
}

template <typename Target, typename Numbers>
std::vector<Target> copyAll(const Numbers& numbers) {
    return std::vector<Target>(numbers.begin(), numbers.end());
}

/// Codes of proto/README.md section 6.
DType dtypeOf(const std::string& name, const std::string& buffer) {
    static const std::map<std::string, DType> names = {
        {"fp32", DType::Fp32},   {"fp16", DType::Fp16},   {"bf16", DType::Bf16},
        {"int8", DType::Int8},   {"uint8", DType::Uint8}, {"int32", DType::Int32},
        {"int64", DType::Int64}, {"bool", DType::Bool}};
    const auto found = names.find(name);
    if (found == names.end())
        throw RuntimeError("program: buffer \"" + buffer + "\" has the unknown dtype \"" + name +
                           "\"");
    return found->second;
}

Window windowOf(const pb::Window& message) {
    return {message.name(), message.size_bytes(), message.is_writable(),
            message.initial_size_bytes(), message.initial_offset_bytes()};
}

Buffer bufferOf(const pb::Buffer& message) {
    Buffer buffer{
        message.name(), message.window(), message.offset_bytes(), message.size_bytes(), {}};
    buffer.form.sizeBytes = std::size_t(message.size_bytes());
    buffer.form.dtype = dtypeOf(message.dtype(), message.name());
    buffer.form.layout = message.layout();
    buffer.form.shape = copyAll<std::int64_t>(message.shape());
    buffer.form.storageShape = copyAll<std::int64_t>(message.storage_shape());
    return buffer;
}

Copy copyOf(const pb::Copy& message) {
    const int rank = message.extents_size();
    if (rank < 1 || rank > int(CopyShape::maximumRank) ||
        message.source_strides_bytes_size() != rank - 1 ||
        message.destination_strides_bytes_size() != rank - 1)
        throw RuntimeError("program: a copy has " + std::to_string(rank) +
                           " extents, expected 1 to 6 and one stride less");
    Copy copy;
    copy.sourceBuffer = message.source_buffer();
    copy.sourceOffsetBytes = message.source_offset_bytes();
    copy.destinationBuffer = message.destination_buffer();
    copy.destinationOffsetBytes = message.destination_offset_bytes();
    copy.shape.rank = unsigned(rank);
    for (int i = 0; i < rank; ++i) copy.shape.extents[std::size_t(i)] = message.extents(i);
    for (int i = 0; i + 1 < rank; ++i) {
        copy.shape.sourceStridesBytes[std::size_t(i)] =
            std::int64_t(message.source_strides_bytes(i));
        copy.shape.destinationStridesBytes[std::size_t(i)] =
            std::int64_t(message.destination_strides_bytes(i));
    }
    return copy;
}

Range rangeOf(const pb::MemoryRange& message) {
    return {message.window(), message.offset_bytes(), message.size_bytes()};
}

CpuOperator cpuOperatorOf(const pb::CpuOperator& message) {
    return {message.routine(), copyAll<std::uint32_t>(message.inputs()),
            copyAll<std::uint32_t>(message.outputs()), copyAll<double>(message.attributes()),
            message.is_reorder()};
}

Step sliceStep(StepKind kind, const pb::Slice& slice) {
    return {kind, slice.first(), slice.count(), 0, false, {}};
}

Step actionOf(const pb::Step& message) {
    switch (message.action_case()) {
        case pb::Step::kPrepare:
            return sliceStep(StepKind::Prepare, message.prepare());
        case pb::Step::kFlush:
            return sliceStep(StepKind::Flush, message.flush());
        case pb::Step::kInvoke:
            return {StepKind::Invoke,
                    message.invoke().item(),
                    message.invoke().command(),
                    message.invoke().item_in_operator(),
                    message.invoke().is_last_of_item(),
                    {}};
        case pb::Step::kWait:
            return sliceStep(StepKind::Wait, message.wait());
        case pb::Step::kInvalidate:
            return sliceStep(StepKind::Invalidate, message.invalidate());
        case pb::Step::kFinalize:
            return sliceStep(StepKind::Finalize, message.finalize());
        case pb::Step::kCpuOperator:
            return {StepKind::RunOnCpu, message.cpu_operator(), 1, 0, false, {}};
        case pb::Step::ACTION_NOT_SET:
            break;
    }
    throw RuntimeError("program: a step has no action that this runtime knows");
}

Step stepOf(const pb::Step& message) {
    Step step = actionOf(message);
    step.dependsOn = copyAll<std::uint32_t>(message.depends_on());
    return step;
}

}  // namespace

Program loadProgram(const std::vector<std::uint8_t>& bytes) {
    pb::Program message;
    if (!message.ParseFromArray(bytes.data(), int(bytes.size())))
        throw RuntimeError("program: " + std::to_string(bytes.size()) +
                           " bytes are not a whole protobuf");
    if (message.format_version() != kFormatVersion)
        throw RuntimeError("program: format version " + std::to_string(message.format_version()) +
                           ", expected " + std::to_string(kFormatVersion));
    Program program;
    program.name = message.name();
    program.lineBytes = message.line_bytes();
    if (message.assignment() != pb::ASSIGNMENT_ROUND_ROBIN &&
        message.assignment() != pb::ASSIGNMENT_DYNAMIC)
        throw RuntimeError("program: assignment " + std::to_string(message.assignment()) +
                           ", expected 1 (round robin) or 2 (dynamic)");
    program.isDynamic = message.assignment() == pb::ASSIGNMENT_DYNAMIC;
    program.windows = convertAll(message.windows(), windowOf);
    program.buffers = convertAll(message.buffers(), bufferOf);
    program.copies = convertAll(message.copies(), copyOf);
    program.ranges = convertAll(message.ranges(), rangeOf);
    program.commands = {message.commands().begin(), message.commands().end()};
    program.cpuOperators = convertAll(message.cpu_operators(), cpuOperatorOf);
    program.steps = convertAll(message.steps(), stepOf);
    program.inputBuffers = copyAll<std::uint32_t>(message.input_buffers());
    program.outputBuffers = copyAll<std::uint32_t>(message.output_buffers());
    checkProgram(program);
    return program;
}

}  // namespace harness::guest
