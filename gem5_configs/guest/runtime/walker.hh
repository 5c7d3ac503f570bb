// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gem5_configs/guest/runtime/copies.hh"
#include "gem5_configs/guest/runtime/device.hh"
#include "gem5_configs/guest/runtime/event_log.hh"
#include "gem5_configs/guest/runtime/invoker.hh"
#include "gem5_configs/guest/runtime/program.hh"
#include "gem5_configs/guest/runtime/windows.hh"
#include "harness/kernels/routines.hh"

namespace harness::guest {

/// One inference after the other: loads the inputs, then takes the program's steps in their order.
class Walker final {
  public:
    struct Parts {
        Device& device;
        const Windows& windows;
        Copies& copies;
        Invoker& invoker;
        ThreadLog& log;
    };

    /// `inputs` are the dense bytes of all inputs, back to back.
    Walker(const Program& program, const Parts& parts, const std::vector<std::uint8_t>& inputs,
           std::uint32_t progressSteps);

    void run(std::uint64_t inference);
    std::uint64_t flushedLines() const { return lines; }

    /// At most so many events of each inference come from the dispatching thread.
    static std::size_t eventsPerInference(const Program& program);

  private:
    struct PreparedCall {
        const Routine* routine = nullptr;
        RoutineCall call;
        Phase phase = Phase::CpuOp;
    };

    void addLoads(const std::vector<std::uint8_t>& inputs);
    void addOperators();
    void sync();
    void take(std::uint32_t index);
    void awaitDependences(const Step& step, std::uint32_t index);
    void act(const Step& step, std::uint32_t index);
    void flushRanges(const Step& step);
    void runPrepared(const PreparedCall& prepared, std::uint32_t index);

    const Program& program;
    Parts parts;
    std::uint32_t progressSteps;
    std::vector<std::vector<std::uint8_t>> inputMemory;
    std::vector<PreparedCall> loads;
    std::vector<PreparedCall> operators;
    std::uint64_t lines = 0;
};

}  // namespace harness::guest
