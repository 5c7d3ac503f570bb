// SPDX-License-Identifier: BSD-3-Clause
// The compiled Program as the engine walks it; rows of 64-bit integers that pack.py writes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/kernels/copy.hh"
#include "harness/kernels/tensor.hh"

namespace harness {

struct WindowImage {
    std::int64_t sizeBytes;
    std::int64_t isWritable;
    std::int64_t isPageList;  // user memory that the driver pins, not memory of the driver's
};

struct BufferImage {
    std::int64_t window;
    std::int64_t offsetBytes;
    std::int64_t sizeBytes;
};

struct CopyImage {
    std::int64_t sourceBuffer;
    std::int64_t sourceOffsetBytes;
    std::int64_t destinationBuffer;
    std::int64_t destinationOffsetBytes;
    std::int64_t rank;
    std::array<std::int64_t, CopyShape::maximumRank> extents;
    std::array<std::int64_t, CopyShape::maximumRank> sourceStridesBytes;
    std::array<std::int64_t, CopyShape::maximumRank> destinationStridesBytes;
};

struct RangeImage {
    std::int64_t window;
    std::int64_t offsetBytes;
    std::int64_t sizeBytes;
};

enum class StepKind : std::int64_t {
    Prepare = 1,
    Flush = 2,
    Invoke = 3,
    Wait = 4,
    Invalidate = 5,
    Finalize = 6,
    RunOnCpu = 7,
    Load = 8,
};

/// `first`, `count` select copies, ranges or items; Invoke has item and command there.
struct StepImage {
    std::int64_t operatorIndex;
    StepKind kind;
    std::int64_t first;
    std::int64_t count;
    std::int64_t itemInOperator;
    std::int64_t isLastOfItem;
    std::int64_t firstDependence;
    std::int64_t dependences;
};

/// A CPU operator; a Load's only input is the tensor in the user's memory.
struct CpuOperatorImage {
    std::string routine;
    std::vector<std::uint32_t> inputs;
    std::vector<std::uint32_t> outputs;
    std::vector<double> attributes;
    bool isReorder = false;
};

/// Thousandths of instructions, counted by callgrind (harness/kernels/costs.json).
struct CostImage {
    std::int64_t call;
    std::int64_t row;
    std::int64_t unit;
};

/// Items are numbered through a Program; a larger number is a damaged file.
inline constexpr std::int64_t kMaximumItems = std::int64_t(1) << 24;

struct ProgramImage {
    std::vector<WindowImage> windows;
    std::vector<BufferImage> buffers;
    /// Shape, dtype and layout of each buffer; `data` and `sizeBytes` are set by the engine.
    std::vector<TensorView> views;
    std::vector<CopyImage> copies;
    std::vector<RangeImage> ranges;
    std::vector<StepImage> steps;
    std::vector<std::int64_t> stepDependences;
    std::vector<CpuOperatorImage> cpuOperators;
    std::vector<CostImage> cpuCosts;  // one per CPU operator
    CostImage copyCost{};
    std::vector<std::string> commands;      // descriptors
    std::vector<std::string> initialBytes;  // one per window
    bool isDynamic = false;
};

}  // namespace harness
