// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/program_image.hh"

#include <algorithm>
#include <stdexcept>

#include "harness/kernels/routines.hh"
#include "harness/port/command.hh"
#include "harness/soc/address_space.hh"
#include "harness/soc/engine.hh"

namespace harness {

namespace {

void require(bool condition, const std::string& what, std::size_t index) {
    if (!condition) throw std::invalid_argument(what + " " + std::to_string(index));
}

/// True if [first, first + count) lies in [0, size).
bool isSlice(std::int64_t first, std::int64_t count, std::size_t size) {
    return first >= 0 && count >= 0 && std::uint64_t(first) <= size &&
           std::uint64_t(count) <= size - std::uint64_t(first);
}

void checkBuffers(const ProgramImage& program, const AddressSpace& space) {
    require(program.views.size() == program.buffers.size(), "views of buffers, not", 0);
    for (std::size_t i = 0; i < program.buffers.size(); ++i) {
        const BufferImage& b = program.buffers[i];
        require(b.window >= 0 && b.offsetBytes >= 0 && b.sizeBytes >= 0 &&
                    space.contains(std::uint64_t(b.window), std::uint64_t(b.offsetBytes),
                                   std::uint64_t(b.sizeBytes)),
                "outside its window: buffer", i);
    }
}

/// First and last byte that one side of a copy touches, relative to its offset.
bool sideFits(const CopyImage& c, const std::array<std::int64_t, CopyShape::maximumRank>& strides,
              std::int64_t offset, std::int64_t bufferBytes) {
    double low = double(offset), high = double(offset);
    for (std::int64_t i = 0; i + 1 < c.rank; ++i) {
        const double span = double(c.extents[i] - 1) * double(strides[i]);
        (span < 0 ? low : high) += span;
    }
    return low >= 0 && high + double(c.extents[c.rank - 1]) <= double(bufferBytes);
}

void checkCopies(const ProgramImage& program) {
    for (std::size_t i = 0; i < program.copies.size(); ++i) {
        const CopyImage& c = program.copies[i];
        require(c.rank >= 1 && c.rank <= std::int64_t(CopyShape::maximumRank), "rank of copy", i);
        require(std::all_of(c.extents.begin(), c.extents.begin() + c.rank,
                            [](std::int64_t e) { return e > 0; }),
                "extents of copy", i);
        require(isSlice(c.sourceBuffer, 1, program.buffers.size()) &&
                    isSlice(c.destinationBuffer, 1, program.buffers.size()),
                "buffers of copy", i);
        require(sideFits(c, c.sourceStridesBytes, c.sourceOffsetBytes,
                         program.buffers[std::size_t(c.sourceBuffer)].sizeBytes) &&
                    sideFits(c, c.destinationStridesBytes, c.destinationOffsetBytes,
                             program.buffers[std::size_t(c.destinationBuffer)].sizeBytes),
                "outside its buffers: copy", i);
    }
}

void checkCpuOperators(const ProgramImage& program) {
    require(program.cpuCosts.size() == program.cpuOperators.size(), "costs of CPU operators", 0);
    for (std::size_t i = 0; i < program.cpuOperators.size(); ++i) {
        const CpuOperatorImage& op = program.cpuOperators[i];
        require(findRoutine(op.routine) != nullptr, "unknown routine " + op.routine + ", operator",
                i);
        for (const auto* list : {&op.inputs, &op.outputs})
            for (const std::uint32_t b : *list)
                require(b < program.buffers.size(), "buffers of CPU operator", i);
    }
}

bool isStepInRange(const StepImage& s, const ProgramImage& program) {
    switch (s.kind) {
        case StepKind::Prepare:
        case StepKind::Finalize:
            return isSlice(s.first, s.count, program.copies.size());
        case StepKind::Flush:
        case StepKind::Invalidate:
            return isSlice(s.first, s.count, program.ranges.size());
        case StepKind::Invoke:
            return s.first >= 0 && s.first < kMaximumItems && s.itemInOperator >= 0 &&
                   isSlice(s.count, 1, program.commands.size());
        case StepKind::Wait:
            return isSlice(s.first, s.count, kMaximumItems);
        case StepKind::Load:
        case StepKind::RunOnCpu:
            return isSlice(s.first, 1, program.cpuOperators.size());
    }
    return false;
}

void checkSteps(const ProgramImage& program) {
    for (std::size_t i = 0; i < program.steps.size(); ++i) {
        const StepImage& s = program.steps[i];
        require(isStepInRange(s, program), "out of range: step", i);
        require(isSlice(s.firstDependence, s.dependences, program.stepDependences.size()),
                "dependences of step", i);
        for (std::int64_t d = 0; d < s.dependences; ++d) {
            const std::int64_t other = program.stepDependences[std::size_t(s.firstDependence + d)];
            require(other >= 0 && std::size_t(other) < i, "depends on a later one: step", i);
        }
    }
}

void checkCommands(const ProgramImage& program, const AddressSpace& space) {
    for (std::size_t i = 0; i < program.commands.size(); ++i) {
        ParsedCommand command;
        const std::string what = parseCommand(program.commands[i], command);
        require(what.empty(), what + ": command", i);
        for (const CommandOperand& operand : command.operands)
            require(space.contains(windowNumber(operand.deviceAddress),
                                   offsetInWindow(operand.deviceAddress), operand.sizeBytes),
                    "operand outside its window: command", i);
    }
}

}  // namespace

void checkProgram(const ProgramImage& program, const AddressSpace& space) {
    checkBuffers(program, space);
    checkCopies(program);
    checkCpuOperators(program);
    checkSteps(program);
    checkCommands(program, space);
    for (std::size_t i = 0; i < program.ranges.size(); ++i) {
        const RangeImage& r = program.ranges[i];
        require(r.window >= 0 && r.offsetBytes >= 0 && r.sizeBytes >= 0 &&
                    space.contains(std::uint64_t(r.window), std::uint64_t(r.offsetBytes),
                                   std::uint64_t(r.sizeBytes)),
                "outside its window: range", i);
    }
}

}  // namespace harness
