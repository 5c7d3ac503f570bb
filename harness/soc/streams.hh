// SPDX-License-Identifier: BSD-3-Clause
// The memory accesses of copies, CPU routines and flushes.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "harness/kernels/copy.hh"
#include "harness/soc/core.hh"
#include "harness/soc/program_image.hh"

namespace harness {

/// Adds up instructions in thousandths and hands out whole ticks; nothing is lost by rounding.
class InstructionClock final {
  public:
    explicit InstructionClock(std::uint64_t milliTicksPerInstruction)
        : rate(milliTicksPerInstruction) {}

    void add(std::uint64_t milliInstructions) { pending += milliInstructions * rate; }
    /// Ticks of what was added since the last call.
    Tick take() {
        const Tick ticks = pending / kMicro;
        pending %= kMicro;
        return ticks;
    }

  private:
    static constexpr std::uint64_t kMicro = 1000 * 1000;
    std::uint64_t rate;
    std::uint64_t pending = 0;
};

/// A copy's place in simulated memory.
struct PlacedCopy {
    CopyShape shape;
    Addr source;
    Addr destination;
};

/// Copies one after the other: each run reads its source lines and writes its destination lines.
class CopyStream final : public AccessStream {
  public:
    CopyStream(std::vector<PlacedCopy> copies, const CostImage& cost, std::uint64_t rate,
               std::uint32_t lineBytes);

    bool next(StreamAccess& access) override;
    Tick tailTicks() const override { return 0; }

    /// Thousandths of instructions of such a copy.
    static std::uint64_t milliInstructions(const PlacedCopy& copy, const CostImage& cost,
                                           std::uint32_t lineBytes);

  private:
    bool nextRun();

    std::vector<PlacedCopy> copies;
    CostImage cost;
    InstructionClock clock;
    std::uint32_t lineBytes;
    std::size_t current = 0;
    std::vector<RunCursor> cursor;  // of the current copy; empty before it starts
    Addr source = 0, sourceEnd = 0, destination = 0, destinationEnd = 0;
    bool isReadNext = true;
};

/// A range of memory that a routine reads or writes from end to end.
struct PlacedRange {
    Addr address;
    std::uint64_t bytes;
    bool isWrite;
};

/**
 * A CPU routine: its instructions spread evenly over the lines of its inputs and outputs.
 *
 * Every tensor is touched once; what a routine reads again it finds in its cache, which the
 * count of instructions includes.
 */
class RoutineStream final : public AccessStream {
  public:
    RoutineStream(const std::vector<PlacedRange>& ranges, std::uint64_t milliInstructions,
                  std::uint64_t rate, std::uint32_t lineBytes);

    bool next(StreamAccess& access) override;
    Tick tailTicks() const override { return tail; }

  private:
    struct Part {
        Addr next;
        std::uint64_t left;
        std::uint64_t total;
        bool isWrite;
    };

    std::vector<Part> parts;
    std::uint64_t lines = 0;
    std::uint64_t done = 0;
    std::uint64_t milliInstructions;
    InstructionClock clock;
    std::uint32_t lineBytes;
    Tick tail = 0;
};

/// The same access to every line of some ranges: clflushopt, or stores past the caches.
class LineStream final : public AccessStream {
  public:
    LineStream(AccessKind kind, std::vector<std::pair<Addr, std::uint64_t>> ranges, Tick lineTicks,
               std::uint32_t lineBytes);

    bool next(StreamAccess& access) override;
    Tick tailTicks() const override { return 0; }

  private:
    AccessKind kind;
    std::vector<std::pair<Addr, std::uint64_t>> ranges;
    Tick lineTicks;
    std::uint32_t lineBytes;
    std::size_t current = 0;
    Addr address = 0;
    bool isStarted = false;
};

}  // namespace harness
