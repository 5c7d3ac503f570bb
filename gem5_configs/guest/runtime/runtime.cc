// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/runtime.hh"

#include <exception>
#include <string>
#include <vector>

#include "gem5_configs/guest/runtime/copies.hh"
#include "gem5_configs/guest/runtime/error.hh"
#include "gem5_configs/guest/runtime/event_log.hh"
#include "gem5_configs/guest/runtime/flush.hh"
#include "gem5_configs/guest/runtime/input_file.hh"
#include "gem5_configs/guest/runtime/invoker.hh"
#include "gem5_configs/guest/runtime/micro.hh"
#include "gem5_configs/guest/runtime/pool.hh"
#include "gem5_configs/guest/runtime/program.hh"
#include "gem5_configs/guest/runtime/program_pages.hh"
#include "gem5_configs/guest/runtime/report.hh"
#include "gem5_configs/guest/runtime/staging.hh"
#include "gem5_configs/guest/runtime/walker.hh"
#include "gem5_configs/guest/runtime/windows.hh"

namespace harness::guest {

namespace {

void requireVersion(const Device& device) {
    if (device.info().version != HARNESS_ABI_VERSION)
        throw RuntimeError("the device speaks version " + std::to_string(device.info().version) +
                           " of its interface, expected " + std::to_string(HARNESS_ABI_VERSION));
}

std::vector<ThreadLog> makeLogs(const Program& program, const Arguments& arguments) {
    std::vector<ThreadLog> logs;
    logs.emplace_back(0, Walker::eventsPerInference(program) * arguments.repeat);
    std::size_t copies = 0;
    for (const Step& step : program.steps)
        copies += step.kind == StepKind::Prepare || step.kind == StepKind::Finalize;
    for (std::uint32_t thread = 1; thread < arguments.threads; ++thread)
        logs.emplace_back(thread, 2 * copies * arguments.repeat);
    return logs;
}

InvokerOptions invokerOptions(const Arguments& arguments, bool isDynamic) {
    return {arguments.queueDepth, arguments.isPolling, arguments.isSubmittedByIoctl, isDynamic};
}

/// Everything of one process's work, in the order in which it comes to be.
class Run final {
  public:
    Run(const Arguments& arguments, const Program& program, Device& device,
        const std::vector<std::uint8_t>& inputs)
        : arguments(arguments),
          program(program),
          device(device),
          windows(device, program, arguments.isPinned),
          staging(device),
          isDynamic(arguments.hasAssignment ? arguments.isDynamic : program.isDynamic),
          logs(makeLogs(program, arguments)),
          pool(arguments.threads, arguments.spins),
          copies(program, windows, {arguments.threads, arguments.shareBytes}, pool, logs),
          invoker(reset(device), program, invokerOptions(arguments, isDynamic), logs[0]),
          walker(program, {device, windows, copies, invoker, logs[0]}, inputs,
                 arguments.progressSteps) {}

    void load() {
        report.program = program.name;
        report.steps = program.steps.size();
        report.accelerators = device.info().instances;
        report.isCoherent = device.info().flags & HARNESS_FLAG_COHERENT;
        report.isOptimisedFlush = hasOptimisedFlush();
        report.isDynamic = isDynamic;
        if (!arguments.isCold) report.touchedPages = windows.touch() + touchProgramPages();
        windows.load(arguments.weights);
        if (!report.isCoherent) report.loadFlushedLines = windows.flush();
        report.marks.reserve(arguments.repeat + 1);
        report.marks.push_back(counts());
    }

    void infer() {
        device.mark(HARNESS_MARK_READY, 0);
        for (std::uint32_t i = 0; i < arguments.repeat; ++i) {
            walker.run(i);
            report.marks.push_back(counts());
        }
        if (arguments.isMicro) report.micro = measureMicro(device, pool);
    }

    void writeResults() {
        std::uint64_t offset = 0;
        for (const std::uint32_t index : program.outputBuffers) {
            const Buffer& buffer = program.buffers[index];
            writeFile(device, {HARNESS_FILE_OUTPUTS, buffer.window, buffer.offsetBytes, offset,
                               buffer.sizeBytes});
            offset += buffer.sizeBytes;
        }
        const std::vector<harness_event> events = mergeLogs(logs);
        staging.write(HARNESS_FILE_EVENTS, events.data(), events.size() * sizeof(harness_event));
        report.events = events.size();
        report.driver = device.counters();
        const std::string json = reportJson(report, arguments);
        staging.write(HARNESS_FILE_REPORT, json.data(), json.size());
    }

    Staging& files() { return staging; }

  private:
    /// Once all windows exist, and before rings are used.
    static Device& reset(Device& device) {
        device.reset();
        return device;
    }
    Counts counts() const {
        return {systemCounts(), invoker.counts(), copies.counts(), walker.flushedLines()};
    }

    const Arguments& arguments;
    const Program& program;
    Device& device;
    Windows windows;
    Staging staging;
    bool isDynamic;
    std::vector<ThreadLog> logs;
    Pool pool;
    Copies copies;
    Invoker invoker;
    Walker walker;
    Report report;
};

/// Leave the text with the run; what fails now is less important than what failed before.
void writeMessage(const DeviceOpener& open, const std::string& text) {
    try {
        const auto device = open();
        Staging(*device).write(HARNESS_FILE_MESSAGES, text.data(), text.size());
    } catch (const std::exception&) {
        return;
    }
}

}  // namespace

void runInferences(const Arguments& arguments, const DeviceOpener& open) {
    try {
        const Program program = loadProgram(readFile(arguments.program));
        const std::vector<std::uint8_t> inputs = readFile(arguments.inputs);
        const auto device = open();
        requireVersion(*device);
        Run run(arguments, program, *device, inputs);
        run.load();
        run.infer();
        run.writeResults();
    } catch (const std::exception& error) {
        writeMessage(open, std::string(error.what()) + "\n");
        throw;
    }
}

}  // namespace harness::guest
