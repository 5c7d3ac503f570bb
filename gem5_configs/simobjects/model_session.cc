// SPDX-License-Identifier: BSD-3-Clause
#include "model_session.hh"

#include "base/logging.hh"
#include "base/output.hh"
#include "base/trace.hh"
#include "debug/ModelSession.hh"
#include "harness/bridge/cpp/json.hh"
#include "sim/async.hh"
#include "sim/core.hh"
#include "sim/cur_tick.hh"
#include "sim/sim_exit.hh"

namespace gem5 {

extern const char* gem5Version;  // base/version.cc; no header declares it

namespace bridge = harness::bridge;

namespace {

void writeFile(const std::string& name, const std::string& text) {
    OutputStream* file = simout.create(name, false, true);
    *file->stream() << text << std::flush;
    simout.close(file);
}

bridge::LinkSettings settingsOf(const ModelSessionParams& p) {
    bridge::LinkSettings settings;
    settings.endpoint = p.endpoint;
    settings.tokenText = p.token;
    if (p.replay.empty()) settings.token = bridge::parseToken(p.token);
    settings.deadlineSeconds = p.deadline;
    settings.modelPid = p.model_pid;
    settings.recordPath = p.record;
    settings.replayPath = p.replay;
    settings.interrupted = [] { return async_event && async_exit; };
    settings.hello.mode = p.mode == "exact" ? bridge::ModelMode::Exact : bridge::ModelMode::Kernel;
    settings.hello.instances = p.instances;
    settings.hello.parametersJson = p.parameters == "{}" ? "" : p.parameters;
    settings.hello.seed = p.seed;
    settings.hello.simulator = std::string("gem5 ") + gem5Version;
    return settings;
}

/// The statistics of ByeAck as JSON, for the report.
std::string statisticsText(const std::vector<bridge::ModelStatistic>& statistics) {
    bridge::JsonArray list;
    for (const bridge::ModelStatistic& each : statistics) {
        bridge::JsonObject entry;
        entry["name"] = each.name;
        entry["value"] = each.value;
        entry["unit"] = each.unit;
        entry["description"] = each.description;
        entry["instance"] = std::uint32_t(each.instance);
        list.push_back(bridge::Json(std::move(entry)));
    }
    return bridge::Json(std::move(list)).canonical() + "\n";
}

}  // namespace

ModelSession::ModelSession(const Params& params) : SimObject(params) {
    fatal_if(params.mode != "kernel" && params.mode != "exact",
             "%s.mode is \"%s\": expected \"kernel\" or \"exact\"", name(), params.mode);
    registerExitCallback([this] { end(); });
}

bool ModelSession::isKernelMode() const { return params().mode == "kernel"; }

void ModelSession::connect(bridge::FunctionalReader& reader) {
    if (params().endpoint.empty() && params().replay.empty()) return;
    try {
        modelLink = bridge::connectModel(settingsOf(params()), &reader);
    } catch (const std::exception& error) {
        writeFile("harness_error.txt", error.what());
        fatal("%s: no session with the accelerator model: %s", name(), error.what());
    }
    DPRINTF(ModelSession, "connected to %s\n", modelLink->model().model());
}

std::vector<std::string> ModelSession::units() const {
    std::vector<std::string> names;
    if (modelLink == nullptr) return names;
    const auto description = bridge::Json::parse(modelLink->model().description_json());
    const auto* object = description.as<bridge::JsonObject>();
    fatal_if(object == nullptr || object->count("units") == 0, "%s: a description without units",
             name());
    const auto* list = object->at("units").as<bridge::JsonArray>();
    fatal_if(list == nullptr, "%s: units of the description are no list", name());
    for (const bridge::Json& unit : *list) {
        const auto* text = unit.as<std::string>();
        fatal_if(text == nullptr, "%s: a unit's name is no text", name());
        names.push_back(*text);
    }
    return names;
}

void ModelSession::fail(const std::string& what) {
    if (isOver) return;
    isOver = true;
    if (async_event && async_exit) return;  // the user wants to stop; gem5 ends the loop itself
    writeFile("harness_error.txt", what);
    warn("%s: %s", name(), what);
    exitSimLoopNow("harness model failed", 1);
}

void ModelSession::end() {
    if (link() == nullptr) return;
    try {
        const auto statistics = modelLink->bye(lastExchange);
        writeFile("model_statistics.json", statisticsText(statistics));
        bridge::JsonObject costs;
        costs["exchanges"] = std::int64_t(modelLink->exchanges());
        costs["early_launches"] = std::int64_t(modelLink->earlyLaunches());
        costs["waited_seconds"] = modelLink->waitedSeconds();
        costs["cpu_seconds"] = modelLink->cpuSeconds();
        writeFile("bridge_costs.json", bridge::Json(std::move(costs)).canonical() + "\n");
    } catch (const std::exception& error) {
        writeFile("harness_error.txt", error.what());
        warn("%s: the model did not end well: %s", name(), error.what());
    }
    isOver = true;
}

}  // namespace gem5
