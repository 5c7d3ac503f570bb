// SPDX-License-Identifier: BSD-3-Clause
#include "gem5_configs/guest/runtime/report.hh"

#include <sys/resource.h>

#include <cstdio>
#include <utility>

namespace harness::guest {

namespace {

constexpr int kFormatVersion = 1;

std::string escaped(char c) {
    char text[8];
    std::snprintf(text, sizeof text, "\\u%04x", unsigned(static_cast<unsigned char>(c)));
    return text;
}

std::string quoted(const std::string& text) {
    std::string json = "\"";
    for (const char c : text) {
        if (c >= ' ' && c != '"' && c != '\\')
            json += c;
        else
            json += escaped(c);
    }
    return json + "\"";
}

std::string boolean(bool value) { return value ? "true" : "false"; }

using Fields = std::vector<std::pair<const char*, std::string>>;

std::string object(const Fields& fields) {
    std::string json = "{";
    for (const auto& [name, value] : fields)
        json += (json.size() > 1 ? ", " : "") + quoted(name) + ": " + value;
    return json + "}";
}

std::string text(std::uint64_t value) { return std::to_string(value); }

std::string countsObject(const Counts& from, const Counts& to) {
    return object({
        {"commands", text(to.invoker.commands - from.invoker.commands)},
        {"full_rings", text(to.invoker.fullRings - from.invoker.fullRings)},
        {"polls", text(to.invoker.polls - from.invoker.polls)},
        {"waits", text(to.invoker.waits - from.invoker.waits)},
        {"flushed_lines", text(to.flushedLines - from.flushedLines)},
        {"copy_calls", text(to.copies.calls - from.copies.calls)},
        {"copy_runs", text(to.copies.runs - from.copies.runs)},
        {"copy_bytes", text(to.copies.bytes - from.copies.bytes)},
        {"shared_copy_steps", text(to.copies.shared - from.copies.shared)},
        {"minor_faults", text(to.system.minorFaults - from.system.minorFaults)},
        {"major_faults", text(to.system.majorFaults - from.system.majorFaults)},
        {"voluntary_switches", text(to.system.voluntarySwitches - from.system.voluntarySwitches)},
        {"involuntary_switches",
         text(to.system.involuntarySwitches - from.system.involuntarySwitches)},
    });
}

std::string driverObject(const harness_counters& driver) {
    Fields fields = {
        {"interrupts", text(driver.interrupts)},
        {"spurious", text(driver.spurious)},
        {"lost", text(driver.lost)},
        {"waits", text(driver.waits)},
        {"sleeps", text(driver.sleeps)},
        {"submits", text(driver.submits)},
    };
    if (driver.pins) {
        fields.emplace_back("pins", text(driver.pins));
        fields.emplace_back("pinned_pages", text(driver.pinned_pages));
    }
    return object(fields);
}

}  // namespace

SystemCounts systemCounts() {
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) != 0) return {};
    return {std::uint64_t(usage.ru_minflt), std::uint64_t(usage.ru_majflt),
            std::uint64_t(usage.ru_nvcsw), std::uint64_t(usage.ru_nivcsw)};
}

std::string reportJson(const Report& report, const Arguments& arguments) {
    std::string inferences;
    for (std::size_t i = 1; i < report.marks.size(); ++i)
        inferences += (i > 1 ? ",\n  " : "") + countsObject(report.marks[i - 1], report.marks[i]);
    const Counts first = report.marks.empty() ? Counts{} : report.marks.front();
    const Counts last = report.marks.empty() ? Counts{} : report.marks.back();
    return object({
               {"format_version", text(kFormatVersion)},
               {"program", quoted(report.program)},
               {"steps", text(report.steps)},
               {"accelerators", text(report.accelerators)},
               {"threads", text(arguments.threads)},
               {"repeat", text(arguments.repeat)},
               {"wait", quoted(arguments.isPolling ? "polling" : "interrupt")},
               {"submission", quoted(arguments.isSubmittedByIoctl ? "ioctl" : "doorbell")},
               {"assignment", quoted(report.isDynamic ? "dynamic" : "round_robin")},
               {"queue_depth", text(arguments.queueDepth)},
               {"is_coherent", boolean(report.isCoherent)},
               {"is_flush_optimised", boolean(report.isOptimisedFlush)},
               {"touched_pages", text(report.touchedPages)},
               {"load_flushed_lines", text(report.loadFlushedLines)},
               {"events", text(report.events)},
               {"driver", driverObject(report.driver)},
               {"load", countsObject({}, first)},
               {"total", countsObject({}, last)},
               {"micro", report.micro},
               {"inferences", "[\n  " + inferences + "]"},
           }) +
           "\n";
}

}  // namespace harness::guest
