// SPDX-License-Identifier: BSD-3-Clause
#include <cstring>

#include "gem5_configs/guest/abi/harness_device.h"
#include "gem5_configs/guest/runtime/error.hh"
#include "gem5_configs/guest/runtime/program.hh"
#include "harness/kernels/routines.hh"

namespace harness::guest {

namespace {

/// Offsets in a window have 40 bits (proto/README.md section 5.3).
constexpr std::uint64_t kMaximumBytes = std::uint64_t(1) << 40;
/// Items are numbered through a program; a larger number is a damaged file.
constexpr std::uint32_t kMaximumItems = std::uint32_t(1) << 24;
constexpr std::uint32_t kDescriptorMagic = 0x314D4348;  // proto/README.md section 6

void require(bool condition, const char* what, std::size_t index, const char* expected) {
    if (!condition)
        throw RuntimeError(std::string("program: ") + what + " " + std::to_string(index) + ": " +
                           expected);
}

bool isInside(std::uint64_t offset, std::uint64_t bytes, std::uint64_t size) {
    return offset <= size && bytes <= size - offset;
}

bool isSlice(const Step& step, std::size_t size) { return isInside(step.first, step.count, size); }

void checkWindows(const Program& program) {
    require(!program.windows.empty(), "windows, not", 0, "at least one is needed");
    // One more is needed for files.
    require(program.windows.size() < HARNESS_MAXIMUM_WINDOWS, "windows, not",
            program.windows.size(), "at most 15 are possible");
    for (std::size_t i = 0; i < program.windows.size(); ++i) {
        const Window& window = program.windows[i];
        require(window.sizeBytes > 0 && window.sizeBytes < kMaximumBytes &&
                    window.sizeBytes % HARNESS_PAGE_BYTES == 0,
                "window", i, "its size is not a multiple of 4096 bytes below 1 TiB");
        require(window.initialBytes <= window.sizeBytes, "window", i,
                "its initial bytes are more than its size");
    }
}

/// Whether the storage's bytes are exactly the buffer's.
bool isFormWhole(const Buffer& buffer) {
    const TensorView& form = buffer.form;
    if (form.shape.empty() || form.shape.size() != form.storageShape.size()) return false;
    std::uint64_t bytes = elementBytes(form.dtype);
    for (std::size_t i = 0; i < form.shape.size(); ++i) {
        const auto stored = std::uint64_t(form.storageShape[i]);
        if (form.shape[i] <= 0 || form.storageShape[i] < form.shape[i]) return false;
        if (stored > kMaximumBytes / bytes) return false;
        bytes *= stored;
    }
    return bytes == buffer.sizeBytes;
}

void checkBuffers(const Program& program) {
    for (std::size_t i = 0; i < program.buffers.size(); ++i) {
        const Buffer& buffer = program.buffers[i];
        require(buffer.window < program.windows.size(), "buffer", i, "there is no such window");
        require(isInside(buffer.offsetBytes, buffer.sizeBytes,
                         program.windows[buffer.window].sizeBytes),
                "buffer", i, "it leaves its window");
        require(isFormWhole(buffer), "buffer", i, "its shapes do not fit its size");
    }
    for (const auto* list : {&program.inputBuffers, &program.outputBuffers})
        for (const std::uint32_t buffer : *list)
            require(buffer < program.buffers.size(), "input or output buffer", buffer,
                    "there is no such buffer");
}

using Strides = std::array<std::int64_t, CopyShape::maximumRank>;

bool sideFits(const CopyShape& shape, const Strides& strides, std::uint64_t offset,
              std::uint64_t size) {
    if (offset > size) return false;
    std::uint64_t end = offset;
    for (unsigned i = 0; i + 1 < shape.rank; ++i) {
        const auto stride = std::uint64_t(strides[i]);
        if (stride >= kMaximumBytes || shape.extents[i] == 0) return false;
        if (stride && shape.extents[i] - 1 > (size - end) / stride) return false;
        end += (shape.extents[i] - 1) * stride;
    }
    return shape.runBytes() > 0 && shape.runBytes() <= size - end;
}

void checkCopies(const Program& program) {
    for (std::size_t i = 0; i < program.copies.size(); ++i) {
        const Copy& copy = program.copies[i];
        require(copy.sourceBuffer < program.buffers.size() &&
                    copy.destinationBuffer < program.buffers.size(),
                "copy", i, "there is no such buffer");
        require(sideFits(copy.shape, copy.shape.sourceStridesBytes, copy.sourceOffsetBytes,
                         program.buffers[copy.sourceBuffer].sizeBytes) &&
                    sideFits(copy.shape, copy.shape.destinationStridesBytes,
                             copy.destinationOffsetBytes,
                             program.buffers[copy.destinationBuffer].sizeBytes),
                "copy", i, "it leaves its buffers");
    }
}

void checkRanges(const Program& program) {
    for (std::size_t i = 0; i < program.ranges.size(); ++i) {
        const Range& range = program.ranges[i];
        require(range.window < program.windows.size() &&
                    isInside(range.offsetBytes, range.sizeBytes,
                             program.windows[range.window].sizeBytes),
                "range", i, "it leaves its window");
    }
}

void checkCommands(const Program& program) {
    for (std::size_t i = 0; i < program.commands.size(); ++i) {
        const std::string& bytes = program.commands[i];
        std::uint32_t header[2] = {0, 0};  // magic, total bytes
        if (bytes.size() >= sizeof header) std::memcpy(header, bytes.data(), sizeof header);
        require(header[0] == kDescriptorMagic && header[1] == bytes.size() &&
                    bytes.size() % 64 == 0 && bytes.size() <= HARNESS_SLOT_BYTES,
                "command", i, "it is not a descriptor of at most 4096 bytes");
    }
}

void checkCpuOperators(const Program& program) {
    for (std::size_t i = 0; i < program.cpuOperators.size(); ++i) {
        const CpuOperator& op = program.cpuOperators[i];
        require(findRoutine(op.routine) != nullptr, "CPU operator", i, "its routine is unknown");
        for (const auto* list : {&op.inputs, &op.outputs})
            for (const std::uint32_t buffer : *list)
                require(buffer < program.buffers.size(), "CPU operator", i,
                        "there is no such buffer");
    }
}

/// Items whose commands were seen, and whether each has its last one.
struct Items {
    std::vector<bool> isWhole;
};

void checkInvoke(const Program& program, const Step& step, std::size_t index, Items& items) {
    require(step.count < program.commands.size(), "step", index, "there is no such command");
    require(step.first < kMaximumItems, "step", index, "its item's number is too large");
    if (step.first >= items.isWhole.size()) items.isWhole.resize(step.first + 1, false);
    require(!items.isWhole[step.first], "step", index, "its item has ended already");
    items.isWhole[step.first] = step.isLastOfItem;
}

void checkStep(const Program& program, const Step& step, std::size_t index, Items& items) {
    switch (step.kind) {
        case StepKind::Prepare:
        case StepKind::Finalize:
            return require(isSlice(step, program.copies.size()), "step", index,
                           "there are no such copies");
        case StepKind::Flush:
        case StepKind::Invalidate:
            return require(isSlice(step, program.ranges.size()), "step", index,
                           "there are no such ranges");
        case StepKind::Invoke:
            return checkInvoke(program, step, index, items);
        case StepKind::Wait:
            require(isSlice(step, items.isWhole.size()), "step", index,
                    "it awaits items that were not invoked");
            for (std::uint32_t i = 0; i < step.count; ++i)
                require(items.isWhole[step.first + i], "step", index,
                        "it awaits an item whose last command was not invoked");
            return;
        case StepKind::RunOnCpu:
            return require(step.first < program.cpuOperators.size(), "step", index,
                           "there is no such CPU operator");
    }
}

}  // namespace

void checkProgram(Program& program) {
    require(program.lineBytes >= 8 && program.lineBytes <= HARNESS_PAGE_BYTES &&
                (program.lineBytes & (program.lineBytes - 1)) == 0,
            "line size", program.lineBytes, "it is not a power of two from 8 to 4096");
    checkWindows(program);
    checkBuffers(program);
    checkCopies(program);
    checkRanges(program);
    checkCommands(program);
    checkCpuOperators(program);
    Items items;
    for (std::size_t i = 0; i < program.steps.size(); ++i) {
        for (const std::uint32_t other : program.steps[i].dependsOn)
            require(other < i, "step", i, "it depends on itself or on a later one");
        checkStep(program, program.steps[i], i, items);
    }
    program.items = std::uint32_t(items.isWhole.size());
}

}  // namespace harness::guest
