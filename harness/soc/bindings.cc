// SPDX-License-Identifier: BSD-3-Clause
// harness.soc._engine: the engine for Python; tables come as bytes of 64-bit rows (pack.py).
#include "harness/soc/bindings.hh"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <memory>
#include <tuple>

#include "harness/soc/engine.hh"

namespace nb = nanobind;

namespace harness {

namespace {

template <typename Row>
std::vector<Row> rowsOf(const nb::bytes& bytes) {
    if (bytes.size() % sizeof(Row)) throw std::invalid_argument("a table has a wrong size");
    std::vector<Row> rows(bytes.size() / sizeof(Row));
    if (!rows.empty()) std::memcpy(rows.data(), bytes.c_str(), bytes.size());
    return rows;
}

template <typename Row>
nb::bytes bytesOf(const std::vector<Row>& rows) {
    return nb::bytes(reinterpret_cast<const char*>(rows.data()), rows.size() * sizeof(Row));
}

std::vector<std::string> stringsOf(const std::vector<nb::bytes>& list) {
    std::vector<std::string> strings;
    for (const nb::bytes& bytes : list) strings.emplace_back(bytes.c_str(), bytes.size());
    return strings;
}

using Shape = std::vector<std::int64_t>;
using Form = std::tuple<int, std::string, Shape, Shape>;
using CpuForm = std::tuple<std::string, std::vector<std::uint32_t>, std::vector<std::uint32_t>,
                           std::vector<double>, bool>;

/// A program image that Python fills table by table.
void bindProgram(nb::module_& module) {
    nb::class_<ProgramImage>(module, "ProgramImage")
        .def(nb::init<>())
        .def("set_windows",
             [](ProgramImage& p, const nb::bytes& rows, const std::vector<nb::bytes>& initial) {
                 p.windows = rowsOf<WindowImage>(rows);
                 p.initialBytes = stringsOf(initial);
             })
        .def("set_buffers",
             [](ProgramImage& p, const nb::bytes& rows, const std::vector<Form>& forms) {
                 p.buffers = rowsOf<BufferImage>(rows);
                 for (const auto& [dtype, layout, shape, storage] : forms) {
                     TensorView view;
                     view.dtype = DType(dtype);
                     view.layout = layout;
                     view.shape = shape;
                     view.storageShape = storage;
                     p.views.push_back(view);
                 }
             })
        .def("set_copies",
             [](ProgramImage& p, const nb::bytes& rows) { p.copies = rowsOf<CopyImage>(rows); })
        .def("set_ranges",
             [](ProgramImage& p, const nb::bytes& rows) { p.ranges = rowsOf<RangeImage>(rows); })
        .def("set_steps",
             [](ProgramImage& p, const nb::bytes& rows, const nb::bytes& dependences) {
                 p.steps = rowsOf<StepImage>(rows);
                 p.stepDependences = rowsOf<std::int64_t>(dependences);
             })
        .def("set_cpu_operators",
             [](ProgramImage& p, const std::vector<CpuForm>& forms, const nb::bytes& costs) {
                 for (const auto& [routine, inputs, outputs, attributes, isReorder] : forms)
                     p.cpuOperators.push_back({routine, inputs, outputs, attributes, isReorder});
                 p.cpuCosts = rowsOf<CostImage>(costs);
             })
        .def("set_copy_cost",
             [](ProgramImage& p, const nb::bytes& row) {
                 const auto rows = rowsOf<CostImage>(row);
                 if (rows.size() != 1) throw std::invalid_argument("one row of costs");
                 p.copyCost = rows[0];
             })
        .def("set_commands",
             [](ProgramImage& p, const std::vector<nb::bytes>& list) {
                 p.commands = stringsOf(list);
             })
        .def_rw("is_dynamic", &ProgramImage::isDynamic);
}

nb::tuple exchangeOf(const Engine& engine) {
    const Exchange& e = engine.pendingExchange();
    return nb::make_tuple(std::uint32_t(e.kind), e.instance, e.tick, e.commandId,
                          nb::bytes(e.descriptor.data(), e.descriptor.size()),
                          bytesOf(e.completions), nb::bytes(e.data.data(), e.data.size()));
}

/// (descriptor, operand bytes) of the command that an accelerator will launch next, or None.
nb::object nextLaunchOf(const Engine& engine, std::uint32_t instance) {
    const auto launch = engine.nextLaunch(instance);
    if (!launch) return nb::none();
    return nb::make_tuple(nb::bytes(launch->descriptor.data(), launch->descriptor.size()),
                          nb::bytes(launch->data.data(), launch->data.size()));
}

/// Node records, dependences and data stay where Python has them until the call returns.
std::string answerFrom(Engine& engine, const nb::bytes& nodes, const nb::bytes& dependences,
                       const nb::bytes& data, bool isFinal, Tick wakeTick) {
    const auto records = rowsOf<NodeRecord>(nodes);
    const auto ids = rowsOf<std::uint32_t>(dependences);
    ActionsView view;
    view.nodes = records.data();
    view.nodeCount = records.size();
    view.dependences = ids.data();
    view.dependenceCount = ids.size();
    view.data = reinterpret_cast<const std::uint8_t*>(data.c_str());
    view.dataBytes = data.size();
    view.isFinal = isFinal;
    view.wakeTick = wakeTick;
    return engine.answer(view);
}

nb::list statisticsOf(const Engine& engine) {
    nb::list list;
    for (const EngineStatistic& s : engine.statistics())
        list.append(nb::make_tuple(s.name, s.value, s.unit, s.description));
    return list;
}

const char* hazardName(HazardKind kind) {
    switch (kind) {
        case HazardKind::ReadMeetsDirtyLine:
            return "reads a dirty";
        case HazardKind::WriteMeetsCachedLine:
            return "writes a cached";
        case HazardKind::ReadMeetsUnflushedLine:
            return "reads an unflushed";
        case HazardKind::WriteMeetsUnflushedLine:
            return "writes an unflushed";
        case HazardKind::CacheReadsDeviceLine:
            return "reads a stale";
    }
    return "?";
}

nb::dict hazardOf(const Engine& engine) {
    const HazardReport report = engine.hazardReport();
    nb::dict result;
    result["requestor"] = report.requestor;
    result["kind"] = hazardName(report.hazard.kind);
    result["state"] = lineStateName(report.hazard.state);
    result["holder"] = report.hazard.holder;
    result["tick"] = report.hazard.tick;
    result["address"] = report.hazard.addr;
    result["window"] = report.isInWindow ? nb::cast(report.window) : nb::none();
    result["offset_bytes"] = report.offset;
    result["command"] = report.command;
    result["operator"] = report.operatorIndex;
    result["step"] = report.step;
    return result;
}

nb::bytes readMemory(Engine& engine, std::uint64_t window, std::uint64_t offset,
                     std::uint64_t size) {
    AddressSpace& space = engine.addressSpace();
    if (!space.contains(window, offset, size)) throw std::out_of_range("outside the window");
    return nb::bytes(reinterpret_cast<const char*>(space.bytes(window, offset)), size);
}

void writeMemory(Engine& engine, std::uint64_t window, std::uint64_t offset,
                 const nb::bytes& data) {
    AddressSpace& space = engine.addressSpace();
    if (!space.contains(window, offset, data.size())) throw std::out_of_range("outside the window");
    std::memcpy(space.bytes(window, offset), data.c_str(), data.size());
}

void bindEngine(nb::module_& module) {
    nb::class_<Engine>(module, "Engine")
        .def(nb::init<ProgramImage, EngineConfig, std::uint32_t>(), nb::arg("program"),
             nb::arg("config"), nb::arg("accelerators"))
        .def("begin_inference", &Engine::beginInference)
        .def("run",
             [](Engine& engine, Tick limit, Tick slice) {
                 const nb::gil_scoped_release released;
                 return std::uint32_t(engine.run(limit, slice));
             })
        .def("exchange", &exchangeOf)
        .def("next_launch", &nextLaunchOf)
        .def("answer", &answerFrom)
        .def("abandon", &Engine::abandon)
        .def("now", &Engine::now)
        .def("begin_tick", &Engine::beginTick)
        .def("current_step", &Engine::currentStep)
        .def("event_count", &Engine::eventCount)
        .def("timeline", [](const Engine& engine) { return bytesOf(engine.timeline()); })
        .def("statistics", &statisticsOf)
        .def("hazard", &hazardOf)
        .def("pending_work", &Engine::pendingWork)
        .def("read_memory", &readMemory)
        .def("write_memory", &writeMemory);
}

}  // namespace

}  // namespace harness

NB_MODULE(_engine, module) {
    harness::bindConfiguration(module);
    harness::bindKernels(module);
    harness::bindProgram(module);
    harness::bindEngine(module);
}
