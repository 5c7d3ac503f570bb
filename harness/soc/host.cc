// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/host.hh"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "harness/soc/partition.hh"

namespace harness {

namespace {

/// One page per descriptor and 64 slots per ring, as the driver lays them out
/// (gem5_configs/guest/abi/harness_device.h).
constexpr Addr kRingSlotBytes = 4096;
constexpr std::uint32_t kRingSlots = 64;

std::size_t itemCount(const ProgramImage& program) {
    std::int64_t count = 0;
    for (const StepImage& step : program.steps) {
        if (step.kind == StepKind::Invoke) count = std::max(count, step.first + 1);
        if (step.kind == StepKind::Wait) count = std::max(count, step.first + step.count);
    }
    return std::size_t(count);
}

}  // namespace

Host::Host(EventQueue& queue, MemorySystem& memory, AddressSpace& space, LineOwnership& ownership,
           const ProgramImage& program, const EngineConfig& config, Addr ring,
           std::vector<TimelineRecord>& timeline)
    : queue(queue),
      space(space),
      ownership(ownership),
      program(program),
      config(config),
      ring(ring),
      timeline(timeline),
      component(queue.addComponent(*this, "host")) {
    const StoreConfig stores{config.host.maximumOutstandingStores, config.host.storeLineTicks};
    for (std::uint32_t i = 0; i < config.host.threads; ++i)
        cores.push_back(std::make_unique<Core>(queue, memory.core(i), "cpu" + std::to_string(i),
                                               config.memory.lineBytes, stores));
    placeCommands();
}

void Host::placeCommands() {
    Addr next = ring + kRingSlotBytes * kRingSlots * Addr(config.memory.accelerators);
    for (const std::string& command : program.commands) {
        commandAddresses.push_back(next);
        next += (command.size() + 15) / 16 * 16;  // as a heap places them
    }
}

void Host::begin() {
    step = 0;
    finished = false;
    startTick = stepBegin = coveredUntil = queue.now();
    items.assign(itemCount(program), {});
    invokeEnded.assign(program.steps.size(), false);
    inRing.assign(accelerators.size(), 0);
    submitted.resize(accelerators.size(), 0);
    known = submitted;  // the last inference has waited for all of its commands
    lastEnds.assign(accelerators.size(), 0);
    openItems.assign(accelerators.size(), 0);
    doorbells.clear();
    isWaiting = isRetrying = false;
    after(0, [this] { dispatch(); });
}

void Host::dispatch() {
    if (step == program.steps.size()) return walk();
    stepBegin = queue.now();
    after(config.host.dispatchTicks, [this] {
        recordHost(stepBegin, Phase::Dispatch);
        walk();
    });
}

void Host::after(Tick ticks, Action action) {
    continuation = std::move(action);
    queue.schedule(queue.now() + ticks, Priority::Issue, component, kContinue);
}

void Host::recordHost(Tick begin, Phase phase, std::uint16_t track) {
    if (track == 0) coveredUntil = queue.now();
    if (begin == queue.now()) return;
    const auto op = std::uint32_t(program.steps[step].operatorIndex);
    timeline.push_back({begin, queue.now(), RecordKind::Host, track, std::uint16_t(phase), 0, op,
                        kNone, kNone, kNone, 0});
}

void Host::recordWait(Tick begin, WaitReason reason) {
    coveredUntil = queue.now();
    if (begin == queue.now()) return;
    const auto op = std::uint32_t(program.steps[step].operatorIndex);
    timeline.push_back({begin, queue.now(), RecordKind::HostWait, 0, std::uint16_t(reason), 0, op,
                        kNone, kNone, kNone, 0});
}

void Host::abandon(Tick now) {
    if (finished || now <= coveredUntil || step >= program.steps.size()) return;
    timeline.push_back({coveredUntil, now, RecordKind::HostWait, 0,
                        std::uint16_t(WaitReason::Other), 0,
                        std::uint32_t(program.steps[step].operatorIndex), kNone, kNone, kNone, 0});
    coveredUntil = now;
}

void Host::handleEvent(std::uint16_t kind, std::uint64_t argument) {
    switch (EventKind(kind)) {
        case kContinue:
            return std::exchange(continuation, nullptr)();
        case kDoorbell: {
            const Doorbell& bell = doorbells[argument];
            return accelerators[bell.accelerator]->submit(bell.ticket,
                                                          program.commands[bell.ticket.command]);
        }
        case kHandled:
            items[argument].isHandled = true;
            lastEnds[items[argument].accelerator] = queue.now();
            if (isWaiting) checkWait();
            return;
        case kRetry:
            if (std::exchange(isRetrying, false)) walk();
            return;
    }
}

bool Host::dependencesEnded() const {
    const StepImage& image = program.steps[step];
    for (std::int64_t i = 0; i < image.dependences; ++i) {
        const auto other = std::size_t(program.stepDependences[image.firstDependence + i]);
        const StepImage& dependence = program.steps[other];
        if (dependence.kind != StepKind::Invoke || invokeEnded[other]) continue;
        // A ring is served in order: a chain on one accelerator need not wait for itself.
        const bool isChain = image.kind == StepKind::Invoke && dependence.first == image.first;
        if (!isChain && image.kind != StepKind::Wait) return false;
    }
    return true;
}

void Host::walk() {
    if (step == program.steps.size()) {
        finished = true;
        return queue.requestStop();
    }
    const StepImage& image = program.steps[step];
    if (!dependencesEnded()) {
        isRetrying = true;
        return;
    }
    if (queue.now() > coveredUntil) recordWait(coveredUntil, WaitReason::Accelerators);
    stepBegin = queue.now();
    switch (image.kind) {
        case StepKind::Prepare:
            return copyTiles(image, Phase::Prepare);
        case StepKind::Flush:
            return flushLines(image, Phase::Flush);
        case StepKind::Invoke:
            return invoke(image);
        case StepKind::Wait:
            return wait(image);
        case StepKind::Invalidate:
            return flushLines(image, Phase::Invalidate);
        case StepKind::Finalize:
            return copyTiles(image, Phase::Finalize);
        case StepKind::Load:
            return runRoutine(image, Phase::Load);
        case StepKind::RunOnCpu:
            return runRoutine(
                image, program.cpuOperators[image.first].isReorder ? Phase::Reorder : Phase::CpuOp);
    }
}

PlacedCopy Host::place(const CopyImage& copy) const {
    PlacedCopy placed;
    placed.shape.rank = unsigned(copy.rank);
    for (unsigned i = 0; i < placed.shape.rank; ++i) {
        placed.shape.extents[i] = std::uint64_t(copy.extents[i]);
        placed.shape.sourceStridesBytes[i] = copy.sourceStridesBytes[i];
        placed.shape.destinationStridesBytes[i] = copy.destinationStridesBytes[i];
    }
    placed.source = addressOf(std::uint32_t(copy.sourceBuffer)) + Addr(copy.sourceOffsetBytes);
    placed.destination =
        addressOf(std::uint32_t(copy.destinationBuffer)) + Addr(copy.destinationOffsetBytes);
    return placed;
}

void Host::copyTiles(const StepImage& image, Phase phase) {
    std::vector<PlacedCopy> copies;
    for (std::int64_t i = 0; i < image.count; ++i) {
        copies.push_back(place(program.copies[std::size_t(image.first + i)]));
        const PlacedCopy& copy = copies.back();
        ++counts.copyCalls;
        counts.copyRuns += copy.shape.runs();
        counts.copyBytes += copy.shape.runs() * copy.shape.runBytes();
        counts.milliInstructions +=
            CopyStream::milliInstructions(copy, program.copyCost, config.memory.lineBytes);
    }
    const PartitionRule rule{program.copyCost, config.host.milliTicksPerInstruction,
                             config.memory.lineBytes, config.host.threads,
                             config.host.handoffTicks};
    auto parts = partitionCopies(copies, rule);
    workersLeft = std::uint32_t(parts.size()) - 1;
    ownPartDone = false;
    const Tick workerBegin = queue.now() + config.host.handoffTicks;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        auto stream =
            std::make_unique<CopyStream>(std::move(parts[i]), rule.cost, rule.rate, rule.lineBytes);
        const auto track = std::uint16_t(i);
        const Tick begin = i ? workerBegin : queue.now();
        cores[i]->runAt(begin, std::move(stream), config.host.maximumOutstandingMisses,
                        [this, phase, track, begin](Tick) {
                            recordHost(begin, phase, track);
                            if (track == 0)
                                ownPartDone = true;
                            else
                                --workersLeft;
                            joinCopies(phase);
                        });
    }
}

void Host::joinCopies(Phase) {
    if (!ownPartDone || workersLeft) return;
    if (queue.now() > coveredUntil) recordWait(coveredUntil, WaitReason::Workers);
    applyCopies(program.steps[step]);
    endStep();
}

void Host::applyCopies(const StepImage& image) {
    for (std::int64_t i = 0; i < image.count; ++i) {
        const CopyImage& copy = program.copies[std::size_t(image.first + i)];
        const BufferImage& from = program.buffers[std::size_t(copy.sourceBuffer)];
        const BufferImage& to = program.buffers[std::size_t(copy.destinationBuffer)];
        const PlacedCopy placed = place(copy);
        for (RunCursor run(placed.shape); !run.isDone(); run.advance()) {
            touch(placed.source + Addr(run.sourceOffset()), placed.shape.runBytes(), false);
            touch(placed.destination + Addr(run.destinationOffset()), placed.shape.runBytes(),
                  true);
        }
        copyNd(space.bytes(std::uint64_t(to.window),
                           std::uint64_t(to.offsetBytes + copy.destinationOffsetBytes)),
               space.bytes(std::uint64_t(from.window),
                           std::uint64_t(from.offsetBytes + copy.sourceOffsetBytes)),
               placed.shape);
    }
}

void Host::flushLines(const StepImage& image, Phase phase) {
    std::vector<std::pair<Addr, std::uint64_t>> ranges;
    for (std::int64_t i = 0; i < image.count; ++i) {
        const RangeImage& range = program.ranges[std::size_t(image.first + i)];
        ranges.emplace_back(
            space.physical(std::uint64_t(range.window), std::uint64_t(range.offsetBytes)),
            std::uint64_t(range.sizeBytes));
        counts.flushedLines +=
            std::uint64_t(range.sizeBytes + config.memory.lineBytes - 1) / config.memory.lineBytes;
    }
    auto stream = std::make_unique<LineStream>(AccessKind::Flush, std::move(ranges),
                                               config.host.flushLineTicks, config.memory.lineBytes);
    cores[0]->run(std::move(stream), config.host.flushMaximumOutstanding, [this, phase](Tick) {
        after(config.host.fenceTicks, [this, phase] {
            noteDropped(program.steps[step]);
            recordHost(stepBegin, phase);
            endStep();
        });
    });
}

void Host::noteDropped(const StepImage& image) {
    for (std::int64_t i = 0; i < image.count; ++i) {
        const RangeImage& range = program.ranges[std::size_t(image.first + i)];
        const Addr first =
            space.physical(std::uint64_t(range.window), std::uint64_t(range.offsetBytes));
        ownership.dropped(first, std::uint64_t(range.sizeBytes));
    }
}

void Host::touch(Addr address, std::uint64_t bytes, bool isWrite) {
    if (isWrite)
        ownership.cacheWrites(address, bytes);
    else
        ownership.cacheReads(cores[0]->requestorId(), address, bytes, queue.now());
}

std::uint32_t Host::acceleratorOf(const StepImage& image) {
    Item& item = items[std::size_t(image.first)];
    if (item.accelerator != kNone) return item.accelerator;
    const auto count = std::uint32_t(accelerators.size());
    item.accelerator = std::uint32_t(image.itemInOperator) % count;
    if (program.isDynamic)  // fewest unfinished items, the first of equals
        item.accelerator =
            std::uint32_t(std::min_element(openItems.begin(), openItems.end()) - openItems.begin());
    ++openItems[item.accelerator];
    return item.accelerator;
}

void Host::invoke(const StepImage& image) {
    const std::uint32_t target = acceleratorOf(image);
    if (submitted[target] - known[target] < config.accelerator.queueDepth)
        return writeDescriptor(image, target);
    // As far as the dispatching thread knows the ring is full: it reads the device's count.
    after(config.host.uncachedReadTicks, [this, &image, target] {
        known[target] = submitted[target] - inRing[target];
        recordHost(stepBegin, Phase::Driver);
        stepBegin = queue.now();
        if (inRing[target] < config.accelerator.queueDepth) return writeDescriptor(image, target);
        isRetrying = true;
    });
}

void Host::writeDescriptor(const StepImage& image, std::uint32_t target) {
    const Addr slot =
        ring + kRingSlotBytes * (target * kRingSlots + submitted[target] % kRingSlots);
    ++submitted[target];
    ++inRing[target];
    ++counts.submissions;
    const auto command = std::uint32_t(image.count);
    PlacedCopy copy{{}, commandAddresses[command], slot};
    copy.shape.rank = 1;
    copy.shape.extents[0] = program.commands[command].size();
    counts.milliInstructions +=
        CopyStream::milliInstructions(copy, program.copyCost, config.memory.lineBytes);
    doorbells.push_back({{command, std::uint32_t(image.first), std::uint32_t(image.operatorIndex),
                          std::uint32_t(step), image.isLastOfItem != 0, slot},
                         target});
    auto stream =
        std::make_unique<CopyStream>(std::vector<PlacedCopy>{copy}, program.copyCost,
                                     config.host.milliTicksPerInstruction, config.memory.lineBytes);
    cores[0]->run(std::move(stream), config.host.maximumOutstandingMisses, [this](Tick) {
        if (config.memory.isDmaCoherent) return postDoorbell();
        flushDescriptor();
    });
}

void Host::flushDescriptor() {
    const Ticket& ticket = doorbells.back().ticket;
    std::vector<std::pair<Addr, std::uint64_t>> ranges{
        {ticket.descriptorAddress, program.commands[ticket.command].size()}};
    auto stream = std::make_unique<LineStream>(AccessKind::Flush, std::move(ranges),
                                               config.host.flushLineTicks, config.memory.lineBytes);
    cores[0]->run(std::move(stream), config.host.flushMaximumOutstanding,
                  [this](Tick) { postDoorbell(); });
}

void Host::postDoorbell() {
    after(config.host.submitTicks + config.host.fenceTicks, [this] {
        queue.schedule(queue.now() + config.host.doorbellTicks, Priority::Issue, component,
                       kDoorbell, doorbells.size() - 1);
        after(config.host.uncachedWriteTicks, [this] {
            recordHost(stepBegin, Phase::Driver);
            endStep();
        });
    });
}

void Host::wait(const StepImage& image) {
    isWaiting = true;
    if (config.host.isPolling) return checkWait();
    for (std::int64_t i = 0; i < image.count; ++i)
        if (!items[std::size_t(image.first + i)].isHandled) return;
    isWaiting = false;  // all known before we asked: nothing to sleep for
    endStep();
}

/// When polling ends: each accelerator's count is read until it is there, one after the other.
/// The device answers half-way through a read.
Tick Host::pollingEnd(const StepImage& image) const {
    std::vector<bool> isAwaited(accelerators.size(), false);
    for (std::int64_t i = 0; i < image.count; ++i)
        isAwaited[items[std::size_t(image.first + i)].accelerator] = true;
    const Tick read = config.host.uncachedReadTicks, interval = config.host.pollIntervalTicks;
    Tick now = stepBegin;
    for (std::size_t i = 0; i < accelerators.size(); ++i) {
        if (!isAwaited[i] || known[i] == submitted[i]) continue;
        const Tick seen = now + read / 2;
        if (lastEnds[i] > seen) now += (lastEnds[i] - seen + interval - 1) / interval * interval;
        now += read;
    }
    return now;
}

void Host::checkWait() {
    const StepImage& image = program.steps[step];
    for (std::int64_t i = 0; i < image.count; ++i)
        if (!items[std::size_t(image.first + i)].isHandled) return;
    isWaiting = false;
    Tick end = queue.now() + config.host.wakeupTicks;
    if (config.host.isPolling) end = std::max(queue.now(), pollingEnd(image));
    after(end - queue.now(), [this, &image] {
        for (std::int64_t i = 0; i < image.count; ++i) {
            const std::uint32_t target = items[std::size_t(image.first + i)].accelerator;
            known[target] = submitted[target] - inRing[target];
        }
        recordWait(stepBegin, WaitReason::Accelerators);
        endStep();
    });
}

void Host::commandEnded(std::uint32_t instance, const Ticket& ticket, Tick now) {
    --inRing[instance];
    invokeEnded[ticket.step] = true;
    if (isRetrying) queue.schedule(now, Priority::Issue, component, kRetry);
    if (!ticket.isLastOfItem) return;
    --openItems[instance];
    raiseInterrupt(instance, ticket, now, true);
}

void Host::commandRefused(std::uint32_t instance, const std::string& what) {
    throw std::logic_error("accelerator " + std::to_string(instance) + ": " + what);
}

void Host::interruptRaised(std::uint32_t instance, const Ticket& ticket, Tick now) {
    raiseInterrupt(instance, ticket, now, false);
}

void Host::raiseInterrupt(std::uint32_t instance, const Ticket& ticket, Tick now, bool endsItem) {
    Tick end = now;
    if (!config.host.isPolling) {
        end = std::max(now + config.host.interruptLatencyTicks, handlerFree) +
              config.host.interruptHandlerTicks;
        handlerFree = end;
        ++counts.interrupts;
        timeline.push_back({now, end, RecordKind::Interrupt, std::uint16_t(instance), 0, 0,
                            ticket.operatorIndex, ticket.item, ticket.command, kNone, 0});
    }
    if (endsItem) queue.schedule(end, Priority::Issue, component, kHandled, ticket.item);
}

Addr Host::addressOf(std::uint32_t buffer) const {
    const BufferImage& image = program.buffers[buffer];
    return space.physical(std::uint64_t(image.window), std::uint64_t(image.offsetBytes));
}

TensorView Host::view(std::uint32_t buffer) {
    const BufferImage& image = program.buffers[buffer];
    TensorView tensor = program.views[buffer];
    tensor.data = space.bytes(std::uint64_t(image.window), std::uint64_t(image.offsetBytes));
    tensor.sizeBytes = std::size_t(image.sizeBytes);
    return tensor;
}

void Host::runRoutine(const StepImage& image, Phase phase) {
    const CpuOperatorImage& op = program.cpuOperators[std::size_t(image.first)];
    const CostImage& cost = program.cpuCosts[std::size_t(image.first)];
    auto call = std::make_shared<RoutineCall>();
    std::vector<PlacedRange> ranges;
    for (const std::uint32_t buffer : op.inputs) {
        call->inputs.push_back(view(buffer));
        ranges.push_back({addressOf(buffer), call->inputs.back().sizeBytes, false});
    }
    for (const std::uint32_t buffer : op.outputs) {
        call->outputs.push_back(view(buffer));
        ranges.push_back({addressOf(buffer), call->outputs.back().sizeBytes, true});
    }
    call->attributes = op.attributes;
    const Routine* routine = findRoutine(op.routine);
    const Work work = routine->work(*call);
    const std::uint64_t instructions = std::uint64_t(cost.call) +
                                       work.rows * std::uint64_t(cost.row) +
                                       work.elements * std::uint64_t(cost.unit);
    counts.milliInstructions += instructions;
    auto stream = std::make_unique<RoutineStream>(
        ranges, instructions, config.host.milliTicksPerInstruction, config.memory.lineBytes);
    cores[0]->run(std::move(stream), config.host.maximumOutstandingMisses,
                  [this, call, routine, phase, ranges](Tick) {
                      for (const PlacedRange& range : ranges)
                          touch(range.address, range.bytes, range.isWrite);
                      harness::runRoutine(*routine, *call);
                      recordHost(stepBegin, phase);
                      endStep();
                  });
}

std::string Host::pendingWork() const {
    if (finished) return "";
    std::string text = "host: step " + std::to_string(step);
    if (isRetrying) return text + " waits for room in a ring or for an invocation";
    if (isWaiting) return text + " waits for work items";
    return text;
}

}  // namespace harness
