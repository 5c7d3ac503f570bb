// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/invoker.hh"

#include <algorithm>
#include <cstring>

#include "gem5_configs/guest/runtime/error.hh"
#include "gem5_configs/guest/runtime/flush.hh"

namespace harness::guest {

namespace {

/// A bridge that stopped would be polled for ever: look at its status now and then.
constexpr std::uint64_t kPollsPerStatus = 256;

std::uint64_t usedSlots(const harness_info& info, std::uint32_t queueDepth) {
    if (info.instances == 0 || info.instances > HARNESS_MAXIMUM_INSTANCES)
        throw RuntimeError("the device has " + std::to_string(info.instances) +
                           " accelerators, expected 1 to 15");
    if (info.ring_slots == 0 || queueDepth > info.ring_slots)
        throw RuntimeError("--queue-depth is " + std::to_string(queueDepth) +
                           ", but the device's rings have " + std::to_string(info.ring_slots) +
                           " slots");
    return info.ring_slots;
}

}  // namespace

Invoker::Invoker(Device& device, const Program& program, const InvokerOptions& options,
                 ThreadLog& log)
    : device(device),
      program(program),
      options(options),
      log(log),
      slots(usedSlots(device.info(), options.queueDepth)),
      isCoherent(device.info().flags & HARNESS_FLAG_COHERENT),
      accelerators(device.info().instances),
      items(program.items),
      commandOfStep(program.steps.size()),
      needed(accelerators.size()) {
    for (std::size_t i = 0; i < accelerators.size(); ++i) {
        if (!options.isSubmittedByIoctl) accelerators[i].ring = device.mapRing(i);
        accelerators[i].isInterrupt.resize(slots);
    }
}

void Invoker::begin() { std::fill(items.begin(), items.end(), Item{}); }

void Invoker::refresh(std::uint32_t accelerator) {
    ++total.polls;
    accelerators[accelerator].ended = device.completed(accelerator);
}

/// The accelerator with the fewest unfinished items, the first of equals.
std::uint32_t Invoker::leastLoaded() {
    std::uint32_t best = 0;
    for (std::uint32_t i = 0; i < accelerators.size(); ++i) {
        auto& open = accelerators[i].open;
        if (!open.empty()) refresh(i);
        const std::uint64_t ended = accelerators[i].ended;
        open.erase(std::remove_if(open.begin(), open.end(),
                                  [ended](std::uint64_t last) { return last <= ended; }),
                   open.end());
        if (open.size() < accelerators[best].open.size()) best = i;
    }
    return best;
}

std::uint32_t Invoker::assign(const Step& step) {
    Item& item = items[step.first];
    if (item.lastCommand) return item.accelerator;
    item.accelerator = options.isDynamic ? leastLoaded()
                                         : step.itemInOperator % std::uint32_t(accelerators.size());
    return item.accelerator;
}

void Invoker::invoke(std::uint32_t index) {
    const Step& step = program.steps[index];
    const std::uint32_t target = assign(step);
    Accelerator& accelerator = accelerators[target];
    if (accelerator.submitted - accelerator.ended >= options.queueDepth) {
        refresh(target);
        if (accelerator.submitted - accelerator.ended >= options.queueDepth) {
            ++total.fullRings;
            awaitCommand(target, accelerator.submitted - options.queueDepth + 1, index, step.first);
            log.begin(Phase::Driver, index);
        }
    }
    Item& item = items[step.first];
    item.lastCommand = commandOfStep[index] = accelerator.submitted + 1;
    if (options.isDynamic && step.isLastOfItem) accelerator.open.push_back(item.lastCommand);
    submit(target, program.commands[step.count], step.isLastOfItem && !options.isPolling);
    ++total.commands;
}

void Invoker::submit(std::uint32_t target, const std::string& bytes, bool isInterrupt) {
    Accelerator& accelerator = accelerators[target];
    const std::uint64_t count = ++accelerator.submitted;
    const std::uint64_t slot = (count - 1) % slots;
    accelerator.isInterrupt[slot] = isInterrupt;
    if (options.isSubmittedByIoctl) {
        const auto address = std::uint64_t(reinterpret_cast<std::uintptr_t>(bytes.data()));
        const std::uint64_t number = device.submit({target, address, bytes.size(), isInterrupt, 0});
        if (number != count)
            throw RuntimeError("the driver numbers a command " + std::to_string(number) +
                               " of accelerator " + std::to_string(target) + ", expected " +
                               std::to_string(count));
        return;
    }
    std::uint8_t* memory = accelerator.ring + slot * HARNESS_SLOT_BYTES;
    std::memcpy(memory, bytes.data(), bytes.size());
    if (!isCoherent) flushLines(memory, bytes.size(), program.lineBytes);
    storeFence();
    device.ringDoorbell(target, HARNESS_DOORBELL(count, bytes.size(), isInterrupt));
}

void Invoker::waitItems(std::uint32_t index) {
    const Step& step = program.steps[index];
    std::fill(needed.begin(), needed.end(), 0);
    for (std::uint32_t i = 0; i < step.count; ++i) {
        const Item& item = items[step.first + i];
        needed[item.accelerator] = std::max(needed[item.accelerator], item.lastCommand);
    }
    // A ring is served in order: the last command of each accelerator stands for all before it.
    for (std::uint32_t i = 0; i < accelerators.size(); ++i)
        if (needed[i]) awaitCommand(i, needed[i], index, step.first);
}

void Invoker::awaitInvocation(std::uint32_t invocation, std::uint32_t index) {
    const std::uint32_t item = program.steps[invocation].first;
    awaitCommand(items[item].accelerator, commandOfStep[invocation], index, item);
}

void Invoker::awaitCommand(std::uint32_t target, std::uint64_t command, std::uint32_t step,
                           std::uint32_t item) {
    Accelerator& accelerator = accelerators[target];
    if (accelerator.ended >= command) return;
    log.wait(WaitReason::Accelerators, step, item);
    // A command without an interrupt would let the driver sleep for ever.
    if (!accelerator.isInterrupt[(command - 1) % slots]) return poll(target, command);
    ++total.waits;
    accelerator.ended = device.wait(target, command);
    if (accelerator.ended < command)
        throw RuntimeError("a wait for command " + std::to_string(command) + " of accelerator " +
                           std::to_string(target) + " ended at " +
                           std::to_string(accelerator.ended));
}

void Invoker::poll(std::uint32_t target, std::uint64_t command) {
    for (std::uint64_t looks = 1;; ++looks) {
        refresh(target);
        if (accelerators[target].ended >= command) return;
        if (looks % kPollsPerStatus == 0 && (device.status(target) & HARNESS_STATUS_ERROR))
            throw RuntimeError("accelerator " + std::to_string(target) + " stopped at command " +
                               std::to_string(accelerators[target].ended) + " of " +
                               std::to_string(accelerators[target].submitted));
        pauseCpu();
    }
}

}  // namespace harness::guest
