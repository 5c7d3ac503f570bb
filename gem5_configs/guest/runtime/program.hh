// SPDX-License-Identifier: BSD-3-Clause
// The compiled Program as the runtime walks it; program.proto is its file form.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/kernels/copy.hh"
#include "harness/kernels/tensor.hh"

namespace harness::guest {

struct Window {
    std::string name;
    std::uint64_t sizeBytes = 0;
    bool isWritable = false;
    std::uint64_t initialBytes = 0;
    std::uint64_t initialOffset = 0;
};

struct Buffer {
    std::string name;
    std::uint32_t window = 0;
    std::uint64_t offsetBytes = 0;
    std::uint64_t sizeBytes = 0;
    TensorView form;  // without `data`
};

struct Copy {
    std::uint32_t sourceBuffer = 0;
    std::uint64_t sourceOffsetBytes = 0;
    std::uint32_t destinationBuffer = 0;
    std::uint64_t destinationOffsetBytes = 0;
    CopyShape shape;
};

struct Range {
    std::uint32_t window = 0;
    std::uint64_t offsetBytes = 0;
    std::uint64_t sizeBytes = 0;
};

struct CpuOperator {
    std::string routine;
    std::vector<std::uint32_t> inputs;
    std::vector<std::uint32_t> outputs;
    std::vector<double> attributes;
    bool isReorder = false;
};

enum class StepKind { Prepare, Flush, Invoke, Wait, Invalidate, Finalize, RunOnCpu };

/// `first`, `count` select copies, ranges or items; Invoke has item and command there.
struct Step {
    StepKind kind = StepKind::Prepare;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::uint32_t itemInOperator = 0;
    bool isLastOfItem = false;
    std::vector<std::uint32_t> dependsOn;
};

struct Program {
    std::string name;
    std::uint32_t lineBytes = 64;
    bool isDynamic = false;
    std::vector<Window> windows;
    std::vector<Buffer> buffers;
    std::vector<Copy> copies;
    std::vector<Range> ranges;
    std::vector<std::string> commands;
    std::vector<CpuOperator> cpuOperators;
    std::vector<Step> steps;
    std::vector<std::uint32_t> inputBuffers;
    std::vector<std::uint32_t> outputBuffers;
    std::uint32_t items = 0;  // work items are numbered below this
};

/// Read program.pb. Throws RuntimeError for bytes that are not a program that can be walked.
Program loadProgram(const std::vector<std::uint8_t>& bytes);

/// Throw RuntimeError unless every index, range and size lies inside; sets `items`.
void checkProgram(Program& program);

}  // namespace harness::guest
