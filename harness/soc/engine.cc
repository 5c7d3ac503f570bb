// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/engine.hh"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace harness {

namespace {

EngineConfig checked(EngineConfig config, std::uint32_t accelerators) {
    config.memory.accelerators = accelerators;
    if (accelerators == 0) throw std::invalid_argument("no accelerators");
    if (config.host.threads == 0 || config.host.threads > config.memory.cores)
        throw std::invalid_argument("threads: more than there are cores");
    if (config.accelerator.clockTicks == 0 || config.accelerator.queueDepth == 0)
        throw std::invalid_argument("accelerator: clock or queue depth is 0");
    config.accelerator.lineBytes = config.memory.lineBytes;
    return config;
}

}  // namespace

Engine::Engine(ProgramImage image, EngineConfig settings, std::uint32_t count)
    : program(std::move(image)),
      config(checked(settings, count)),
      space(program.windows, program.initialBytes),
      ownership(space, config.memory.lineBytes),
      flat(space, ownership),
      memory(queue, config.memory),
      host(queue, memory, space, ownership, program, config, space.end(), records) {
    checkProgram(program, space);
    memory.setHazardListener(*this);
    if (!config.memory.isDmaCoherent) ownership.setListener(*this);
    std::vector<Accelerator*> list;
    for (std::uint32_t i = 0; i < count; ++i) {
        AcceleratorPorts ports;
        ports.dma = &memory.dma(i);
        if (config.memory.acp.sizeBytes) ports.acp = &memory.acp(i);
        if (config.memory.acceleratorCache.sizeBytes) ports.cache = &memory.acceleratorCache(i);
        accelerators.push_back(std::make_unique<Accelerator>(queue, ports, flat, config.accelerator,
                                                             i, *this, host, records));
        list.push_back(accelerators.back().get());
    }
    host.setAccelerators(std::move(list));
}

void Engine::beginInference() {
    records.clear();
    memory.resetStatistics();
    hostBefore = host.statistics();
    coresBefore.clear();
    for (std::size_t i = 0; i < host.coreCount(); ++i)
        coresBefore.push_back(host.core(i).statistics());
    acceleratorsBefore.clear();
    for (const auto& accelerator : accelerators)
        acceleratorsBefore.push_back(accelerator->statistics());
    eventsBefore = queue.eventCount();
    host.begin();
}

EngineExit Engine::run(Tick limit, Tick sliceTicks) {
    if (exchange) return EngineExit::Exchange;
    if (hazard) return EngineExit::Hazard;
    // Counted from the next event, so that every slice handles at least one.
    const Tick from = queue.isEmpty() ? queue.now() : queue.nextTick();
    const Tick slice = from > kMaxTick - sliceTicks ? kMaxTick : from + sliceTicks;
    const RunExit exit = queue.runUntil(std::min(limit, slice));
    if (hazard) return EngineExit::Hazard;
    if (exchange) return EngineExit::Exchange;
    if (host.isDone()) return EngineExit::Done;
    if (exit == RunExit::Empty) return EngineExit::Deadlock;
    if (exit == RunExit::LimitReached && queue.nextTick() > limit) return EngineExit::TickLimit;
    return EngineExit::Slice;
}

std::string Engine::answer(const ActionsView& actions) {
    if (!exchange) return "nobody asked";
    const std::uint32_t instance = exchange->instance;
    exchange.reset();
    return accelerators[instance]->answer(actions);
}

std::optional<Exchange> Engine::nextLaunch(std::uint32_t instance) const {
    auto launch = accelerators[instance]->nextLaunch();
    if (!launch) return std::nullopt;
    const ParsedCommand& next = accelerators[instance]->queued(1);
    for (std::size_t i = 0; i < accelerators.size(); ++i)
        if (accelerators[i]->writesInto(next, i == instance ? 1 : kNone)) return std::nullopt;
    return launch;
}

void Engine::exchangeNeeded(Exchange request) {
    exchange = std::move(request);
    queue.requestStop();
}

void Engine::coherenceHazard(const CoherenceHazard& met) {
    if (!hazard) hazard = reportOf(met);
    queue.requestStop();
}

HazardReport Engine::reportOf(const CoherenceHazard& met) const {
    HazardReport report;
    report.hazard = met;
    report.requestor = "requestor " + std::to_string(met.requestorId);
    report.isInWindow = space.locate(met.addr, report.window, report.offset);
    report.step = host.currentStep();
    for (std::size_t i = 0; i < host.coreCount(); ++i) {
        if (host.core(i).requestorId() != met.requestorId) continue;
        report.requestor = "cpu" + std::to_string(i);
        report.operatorIndex = std::uint32_t(program.steps[report.step].operatorIndex);
    }
    for (std::size_t i = 0; i < accelerators.size(); ++i) {
        if (!accelerators[i]->ownsRequestor(met.requestorId)) continue;
        const bool isCached = met.kind == HazardKind::CacheReadsDeviceLine;
        report.requestor = "accelerators" + std::to_string(i) + (isCached ? "" : ".dma");
        if (const Ticket* ticket = accelerators[i]->running()) {
            report.command = ticket->command;
            report.operatorIndex = ticket->operatorIndex;
        }
    }
    return report;
}

std::vector<std::string> Engine::pendingWork() const {
    std::vector<std::string> work = memory.pendingWork();
    for (const auto& accelerator : accelerators) work.push_back(accelerator->pendingWork());
    work.push_back(host.pendingWork());
    work.erase(std::remove(work.begin(), work.end(), ""), work.end());
    return work;
}

}  // namespace harness
