// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/walker.hh"

#include <utility>

#include "gem5_configs/guest/runtime/error.hh"
#include "gem5_configs/guest/runtime/flush.hh"

namespace harness::guest {

namespace {

/// A dense tensor in the user's memory that has a buffer's dtype, layout and shape.
TensorView denseView(TensorView form, std::vector<std::uint8_t>& memory) {
    form.storageShape = form.shape;
    form.data = memory.data();
    form.sizeBytes = memory.size();
    return form;
}

/// A ring is served in order: a chain on one accelerator need not wait for itself.
bool isChain(const Step& step, const Step& dependence) {
    return step.kind == StepKind::Invoke && step.first == dependence.first;
}

}  // namespace

Walker::Walker(const Program& program, const Parts& parts, const std::vector<std::uint8_t>& inputs,
               std::uint32_t progressSteps)
    : program(program), parts(parts), progressSteps(progressSteps) {
    addLoads(inputs);
    addOperators();
}

void Walker::addLoads(const std::vector<std::uint8_t>& inputs) {
    std::size_t taken = 0;
    for (const std::uint32_t index : program.inputBuffers) {
        const TensorView view = parts.windows.view(index);
        const std::size_t bytes = std::size_t(view.elements()) * elementBytes(view.dtype);
        if (bytes > inputs.size() - taken)
            throw RuntimeError("inputs: " + std::to_string(inputs.size()) + " bytes end in \"" +
                               program.buffers[index].name + "\"");
        inputMemory.emplace_back(inputs.begin() + std::ptrdiff_t(taken),
                                 inputs.begin() + std::ptrdiff_t(taken + bytes));
        taken += bytes;
        RoutineCall call{{denseView(view, inputMemory.back())}, {view}, {}};
        loads.push_back({findRoutine("reshape"), std::move(call), Phase::Load});
    }
    if (taken != inputs.size())
        throw RuntimeError("inputs: " + std::to_string(inputs.size()) +
                           " bytes, the program takes " + std::to_string(taken));
}

void Walker::addOperators() {
    for (const CpuOperator& op : program.cpuOperators) {
        PreparedCall prepared;
        prepared.routine = findRoutine(op.routine);
        for (const std::uint32_t buffer : op.inputs)
            prepared.call.inputs.push_back(parts.windows.view(buffer));
        for (const std::uint32_t buffer : op.outputs)
            prepared.call.outputs.push_back(parts.windows.view(buffer));
        prepared.call.attributes = op.attributes;
        prepared.phase = op.isReorder ? Phase::Reorder : Phase::CpuOp;
        operators.push_back(std::move(prepared));
    }
}

std::size_t Walker::eventsPerInference(const Program& program) {
    // Two SYNC, two INFERENCE, one per load. A step: dispatch, a wait per dependence, its phase,
    // a wait for room and its phase again, or a wait per accelerator, or one for workers.
    std::size_t events = 4 + program.inputBuffers.size();
    for (const Step& step : program.steps)
        events += 4 + HARNESS_MAXIMUM_INSTANCES + step.dependsOn.size();
    return events;
}

void Walker::run(std::uint64_t inference) {
    parts.device.mark(HARNESS_MARK_BEGIN, inference);
    sync();
    parts.log.inference(inference, true);
    parts.invoker.begin();
    for (const PreparedCall& load : loads) runPrepared(load, kNoStep);
    for (std::uint32_t index = 0; index < program.steps.size(); ++index) take(index);
    parts.log.inference(inference, false);
    sync();
    parts.device.mark(HARNESS_MARK_END, inference);
}

void Walker::sync() {
    const std::uint64_t before = readCounter();
    const std::uint64_t tick = parts.device.tick();
    const std::uint64_t after = readCounter();
    parts.log.sync(before + (after - before) / 2, tick);
}

void Walker::take(std::uint32_t index) {
    parts.log.begin(Phase::Dispatch, index);
    if (progressSteps && index % progressSteps == 0) parts.device.mark(HARNESS_MARK_STEP, index);
    const Step& step = program.steps[index];
    awaitDependences(step, index);
    act(step, index);
}

void Walker::awaitDependences(const Step& step, std::uint32_t index) {
    if (step.kind == StepKind::Wait) return;
    for (const std::uint32_t other : step.dependsOn) {
        const Step& dependence = program.steps[other];
        if (dependence.kind == StepKind::Invoke && !isChain(step, dependence))
            parts.invoker.awaitInvocation(other, index);
    }
}

void Walker::act(const Step& step, std::uint32_t index) {
    switch (step.kind) {
        case StepKind::Prepare:
        case StepKind::Finalize:
            return parts.copies.run(index);
        case StepKind::Flush:
            parts.log.begin(Phase::Flush, index);
            return flushRanges(step);
        case StepKind::Invalidate:
            parts.log.begin(Phase::Invalidate, index);
            return flushRanges(step);
        case StepKind::Invoke:
            parts.log.begin(Phase::Driver, index);
            return parts.invoker.invoke(index);
        case StepKind::Wait:
            return parts.invoker.waitItems(index);
        case StepKind::RunOnCpu:
            return runPrepared(operators[step.first], index);
    }
}

void Walker::flushRanges(const Step& step) {
    for (std::uint32_t i = 0; i < step.count; ++i) {
        const Range& range = program.ranges[step.first + i];
        lines += flushLines(parts.windows.at(range.window, range.offsetBytes), range.sizeBytes,
                            program.lineBytes);
    }
    storeFence();
}

void Walker::runPrepared(const PreparedCall& prepared, std::uint32_t index) {
    parts.log.begin(prepared.phase, index);
    try {
        runRoutine(*prepared.routine, prepared.call);
    } catch (const KernelError& error) {
        throw RuntimeError(std::string("routine ") + prepared.routine->name + ": " + error.what());
    }
}

}  // namespace harness::guest
