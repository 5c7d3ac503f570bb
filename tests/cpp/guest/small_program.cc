// SPDX-License-Identifier: BSD-3-Clause
#include "small_program.hh"

#include <cstring>

namespace harness::guest {

namespace pb = harness::pb::program::v1;

namespace {

constexpr std::uint32_t kMagic = 0x314D4348;
constexpr std::uint32_t kCommandBytes = 128;

void addBuffer(pb::Program& program, const std::string& name, std::uint64_t offset,
               std::uint32_t stored) {
    pb::Buffer& buffer = *program.add_buffers();
    buffer.set_name(name);
    buffer.set_window(1);
    buffer.set_offset_bytes(offset);
    buffer.set_size_bytes(2 * stored * 2);
    buffer.set_dtype("fp16");
    buffer.set_layout("NC");
    for (const std::uint32_t extent : {2U, 3U}) buffer.add_shape(extent);
    for (const std::uint32_t extent : {2U, stored}) buffer.add_storage_shape(extent);
}

void addCopy(pb::Program& program, std::uint32_t from, std::uint64_t fromStride, std::uint32_t to,
             std::uint64_t toStride) {
    pb::Copy& copy = *program.add_copies();
    copy.set_source_buffer(from);
    copy.set_destination_buffer(to);
    for (const std::uint32_t extent : {2U, 6U}) copy.add_extents(extent);
    copy.add_source_strides_bytes(fromStride);
    copy.add_destination_strides_bytes(toStride);
}

std::string descriptor(std::uint32_t item) {
    std::string bytes(kCommandBytes, '\0');
    std::memcpy(&bytes[0], &kMagic, 4);
    std::memcpy(&bytes[4], &kCommandBytes, 4);
    std::memcpy(&bytes[8], &item, 4);
    return bytes;
}

}  // namespace

SmallProgram::SmallProgram() {
    message.set_producer("test");
    message.set_format_version(1);
    message.set_name("small");
    message.set_line_bytes(64);
    message.set_assignment(pb::ASSIGNMENT_ROUND_ROBIN);
    for (const char* name : {"weights", "activations"}) {
        pb::Window& window = *message.add_windows();
        window.set_name(name);
        window.set_size_bytes(4096);
        window.set_is_writable(std::string(name) != "weights");
    }
    addBuffer(message, "input", 0, 3);
    addBuffer(message, "tile", 64, 8);
    addBuffer(message, "output", 128, 3);
    addCopy(message, 0, 6, 1, 16);
    addCopy(message, 1, 16, 2, 6);
    pb::MemoryRange& range = *message.add_ranges();
    range.set_window(1);
    range.set_offset_bytes(64);
    range.set_size_bytes(32);
    message.add_input_buffers(0);
    message.add_output_buffers(2);
    addStep().mutable_prepare()->set_count(1);
    addStep().mutable_flush()->set_count(1);
}

pb::Step& SmallProgram::addStep() { return *message.add_steps(); }

SmallProgram& SmallProgram::invoke(std::uint32_t item, bool isLast,
                                   std::vector<std::uint32_t> dependsOn) {
    message.add_commands(descriptor(item));
    pb::Step& step = addStep();
    pb::Invoke& invoke = *step.mutable_invoke();
    invoke.set_item(item);
    invoke.set_item_in_operator(item);
    invoke.set_command(std::uint32_t(message.commands_size()) - 1);
    invoke.set_is_last_of_item(isLast);
    for (const std::uint32_t other : dependsOn) step.add_depends_on(other);
    return *this;
}

SmallProgram& SmallProgram::wait(std::uint32_t first, std::uint32_t count) {
    pb::Slice& slice = *addStep().mutable_wait();
    slice.set_first(first);
    slice.set_count(count);
    return *this;
}

SmallProgram& SmallProgram::finalize() {
    addStep().mutable_invalidate()->set_count(1);
    pb::Slice& slice = *addStep().mutable_finalize();
    slice.set_first(1);
    slice.set_count(1);
    return *this;
}

SmallProgram& SmallProgram::reshape() {
    pb::CpuOperator& op = *message.add_cpu_operators();
    op.set_routine("reshape");
    op.add_inputs(1);
    op.add_outputs(2);
    addStep().set_cpu_operator(std::uint32_t(message.cpu_operators_size()) - 1);
    return *this;
}

std::vector<std::uint8_t> SmallProgram::bytes() const {
    const std::string text = message.SerializeAsString();
    return {text.begin(), text.end()};
}

std::vector<std::uint8_t> smallInput() {
    std::vector<std::uint8_t> bytes;
    for (const std::uint16_t value : {0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600}) {
        bytes.push_back(std::uint8_t(value));
        bytes.push_back(std::uint8_t(value >> 8));
    }
    return bytes;
}

}  // namespace harness::guest
