// SPDX-License-Identifier: BSD-3-Clause
#include "harness/port/accelerator.hh"

#include <algorithm>
#include <cstring>
#include <utility>

namespace harness {

namespace {

/// Names the descriptor fetch among transfers; node indices stay far below.
constexpr std::uint32_t kFetchIndex = 0xfffffff0u;
/// After everything else of this accelerator at the same tick and priority.
constexpr std::uint32_t kLastRank = 0xffffffffu;
/// Half of the largest simulated time (harness/soc/simulation.py), so that no sum overflows.
constexpr Tick kLongestComputeTicks = Tick(1) << 61;

std::string componentName(std::uint32_t instance, const char* part) {
    return "accelerators" + std::to_string(instance) + part;
}

template <typename Visit>
void forEachRow(const NodeRecord& node, Visit visit) {
    for (std::uint32_t r = 0; r < node.rows; ++r)
        visit(node.address + r * node.strideBytes, std::uint64_t(r) * node.rowBytes);
}

}  // namespace

Accelerator::Accelerator(EventQueue& queue, const AcceleratorPorts& ports, DeviceMemory& memory,
                         const AcceleratorConfig& settings, std::uint32_t instance,
                         ExchangeListener& exchanges, AcceleratorListener& listener,
                         std::vector<TimelineRecord>& timeline)
    : queue(queue),
      memory(memory),
      config(settings),
      instance(instance),
      exchanges(exchanges),
      listener(listener),
      timeline(timeline),
      component(queue.addComponent(*this, componentName(instance, ""))),
      clock(config.clockTicks),
      translator(memory, config.tlbEntries),
      units(config.units) {
    const auto engine = [&](MemoryPort* port, const PortConfig& portConfig, const char* part) {
        if (port == nullptr) return std::unique_ptr<TransferEngine>();
        return std::make_unique<TransferEngine>(queue, *port, portConfig, clock, config.lineBytes,
                                                translator, *this, componentName(instance, part));
    };
    dma = engine(ports.dma, config.dma, ".dma_engine");
    acp = engine(ports.acp, config.acp, ".acp_engine");
    cache = engine(ports.cache, config.cache, ".cache_engine");
    counts.unitBusyTicks.assign(config.units, 0);
}

TransferEngine& Accelerator::engineOf(Interface interface) {
    if (interface == Interface::Acp) return *acp;
    if (interface == Interface::Cache) return *cache;
    return *dma;
}

bool Accelerator::ownsRequestor(std::uint32_t requestorId) const {
    return dma->requestorId() == requestorId || (acp && acp->requestorId() == requestorId) ||
           (cache && cache->requestorId() == requestorId);
}

AcceleratorStatistics Accelerator::statistics() const {
    AcceleratorStatistics all = counts;
    all.translations = translator.statistics();
    return all;
}

void Accelerator::scheduleOnce(bool& flag, Tick when, Priority priority, EventKind kind) {
    if (flag) return;
    flag = true;
    queue.schedule(when, priority, component, kind, 0, kLastRank);
}

void Accelerator::submit(const Ticket& ticket, const std::string& descriptor) {
    Entry& entry = ring.emplace_back(Entry{ticket, descriptor});
    entry.isParsed = parse(descriptor, entry.command).empty();
    if (ring.size() == 1) fetch();
}

void Accelerator::submitUnread(const Ticket& ticket, std::uint32_t descriptorBytes,
                               std::string foreseen) {
    Entry& entry = ring.emplace_back(Entry{ticket, std::string(descriptorBytes, 0)});
    if (parse(foreseen, entry.command).empty()) entry.foreseen = std::move(foreseen);
    if (ring.size() == 1) fetch();
}

std::string Accelerator::parse(const std::string& descriptor, ParsedCommand& parsed) const {
    std::string what = parseCommand(descriptor, parsed);
    for (const CommandOperand& operand : parsed.operands)
        if (what.empty() && !memory.allows(operand))
            what = "an operand lies in no window of its own";
    return what;
}

std::optional<Exchange> Accelerator::nextLaunch() const {
    if (ring.size() < 2 || !config.isKernelMode) return std::nullopt;
    Exchange request;
    request.instance = instance;
    request.descriptor = ring[1].descriptor;
    request.data = Snapshot(ring[1].command, memory).joined();
    return request;
}

const ParsedCommand* Accelerator::next() const {
    const bool isThere = ring.size() > 1 && !ring[1].foreseen.empty() && !ring[1].isAhead;
    const bool mayBeLaunched = config.isKernelMode && isRunning && isFinal;
    return isThere && mayBeLaunched ? &ring[1].command : nullptr;
}

Exchange Accelerator::launchAhead() {
    Entry& entry = ring[1];
    entry.isAhead = true;
    entry.snapshot = Snapshot(entry.command, memory);
    Exchange request;
    request.instance = instance;
    request.tick = queue.now();
    request.descriptor = entry.foreseen;
    request.data = entry.snapshot.joined();
    return request;
}

void Accelerator::forgoLaunchAhead() {
    ring[1].isAhead = false;
    ring[1].foreseen.clear();
}

bool Accelerator::writesInto(const ParsedCommand& reader, std::size_t skipped) const {
    for (std::size_t i = 0; i < ring.size(); ++i) {
        if (i == skipped) continue;
        for (const CommandOperand& read : reader.operands)
            if (read.isRead && writes(ring[i].command, read)) return true;
    }
    return false;
}

void Accelerator::fetch() {
    fetchTick = queue.now();
    Transfer transfer;
    transfer.index = kFetchIndex;
    transfer.address = ring.front().ticket.descriptorAddress;
    transfer.isPhysical = true;  // rings belong to the driver
    transfer.rowBytes = std::uint32_t(ring.front().descriptor.size());
    transfer.rows = 1;
    transfer.kind = AccessKind::Read;
    transfer.data = reinterpret_cast<std::uint8_t*>(ring.front().descriptor.data());
    dma->submit(transfer);
}

void Accelerator::fetched(bool isOk) {
    Entry& entry = ring.front();
    if (!entry.isParsed) {
        std::string what = "memory refused to give the descriptor";
        if (isOk) what = parse(entry.descriptor, entry.command);
        if (entry.isAhead && entry.descriptor != entry.foreseen)
            what = "it changed in the ring after it was submitted";
        if (!what.empty()) return listener.commandRefused(instance, what);
        entry.ticket.item = entry.command.item;
    }
    launch();
}

void Accelerator::launch() {
    isRunning = true;
    isFinal = hasNotified = false;
    dag = Dag();
    reported.clear();
    nextExchange = ExchangeKind::Launch;
    isExchangeScheduled = true;
    queue.schedule(clock.edgeAtOrAfter(queue.now()), Priority::Exchange, component, kExchange);
}

void Accelerator::handleEvent(std::uint16_t kind, std::uint64_t argument) {
    switch (EventKind(kind)) {
        case kSettle:
            isSettleScheduled = false;
            return settle();
        case kUnitDone: {
            Unit& unit = units[argument];
            queueEnded(std::exchange(unit.running, kNone));
            return scheduleOnce(isIssueScheduled, queue.now(), Priority::Issue, kIssue);
        }
        case kDirectDone:
            return queueEnded(std::uint32_t(argument));
        case kExchange:
            isExchangeScheduled = false;
            return exchange();
        case kWake:
            if (!isRunning || wakeTick != queue.now() || argument != commandId) return;
            wakeTick = 0;
            if (!nextExchange) nextExchange = ExchangeKind::Wake;
            return exchange();
        case kIssue:
            isIssueScheduled = false;
            return issueUnits();
    }
}

void Accelerator::exchange() {
    if (!nextExchange) return;
    Exchange request;
    request.kind = *std::exchange(nextExchange, std::nullopt);
    request.instance = instance;
    request.tick = queue.now();
    request.commandId = commandId;
    ++counts.exchanges;
    if (request.kind == ExchangeKind::Launch) {
        request.descriptor = ring.front().descriptor;
        request.isAhead = ring.front().isAhead;
        command = ring.front().command;
        if (request.isAhead)
            snapshot = std::move(ring.front().snapshot);
        else if (config.isKernelMode)
            snapshot = Snapshot(command, memory);
        if (!request.isAhead) request.data = snapshot.joined();
    } else if (request.kind == ExchangeKind::Event) {
        hasNotified = false;
        std::stable_sort(reported.begin(), reported.end(), [this](auto left, auto right) {
            const Node &a = dag.node(left), &b = dag.node(right);
            return std::make_pair(a.lastTick, a.record.id) <
                   std::make_pair(b.lastTick, b.record.id);
        });
        for (const std::uint32_t index : std::exchange(reported, {})) {
            const Node& node = dag.node(index);
            request.completions.push_back(
                {node.record.id, node.isRefused ? CompletionStatus::BusError : CompletionStatus::Ok,
                 node.readyTick, node.firstTick, node.lastTick});
            if (node.record.kind == NodeKind::Read && !config.isKernelMode)
                request.data.insert(request.data.end(), node.data.begin(), node.data.end());
        }
    }
    exchanges.exchangeNeeded(std::move(request));
}

std::string Accelerator::checkNodes(const ActionsView& actions) const {
    for (std::size_t i = 0; i < actions.nodeCount; ++i) {
        const NodeRecord& node = actions.nodes[i];
        const std::string name = "node " + std::to_string(node.id) + ": ";
        if (node.kind == NodeKind::Compute && node.unit >= units.size())
            return name + "unknown unit";
        if (node.kind == NodeKind::Compute &&
            node.value > kLongestComputeTicks / clock.periodTicks())
            return name + "more cycles than simulated time has";
        if (!node.isTransfer()) continue;
        if (node.operand >= command.operands.size()) return name + "unknown operand";
        if ((node.interface == Interface::Acp && !acp) ||
            (node.interface == Interface::Cache && !cache))
            return name + "the target has no such interface";
        const std::string what = checkTransfer(node, command.operands[node.operand]);
        if (!what.empty()) return name + what;
    }
    return "";
}

std::string Accelerator::answer(const ActionsView& actions) {
    if (isFinal && actions.nodeCount) return "nodes after the final Actions";
    std::string what = checkNodes(actions);
    const std::size_t first = dag.size();
    if (what.empty()) what = dag.add(actions);
    if (!what.empty()) return what;
    counts.nodes += actions.nodeCount;
    isFinal = isFinal || actions.isFinal;
    wakeTick = actions.wakeTick;
    if (wakeTick && wakeTick <= queue.now()) return "the wake-up tick has passed";
    if (wakeTick) queue.schedule(wakeTick, Priority::Exchange, component, kWake, commandId);
    addStreams(first);
    if (first == 0 && ring.front().isAhead)
        if (const auto changed = snapshot.firstChanged(command, dag, memory))
            refuseChange(*changed);
    resolveReady();
    return "";
}

void Accelerator::refuseChange(std::uint32_t operandIndex) {
    listener.commandRefused(instance, "operand " + std::to_string(operandIndex) +
                                          " was changed after the command was submitted");
}

void Accelerator::addStreams(std::size_t firstIndex) {
    std::vector<std::uint32_t> fresh;
    for (std::size_t i = firstIndex; i < dag.size(); ++i)
        if (dag.node(std::uint32_t(i)).record.isTransfer()) fresh.push_back(std::uint32_t(i));
    std::sort(fresh.begin(), fresh.end(), [this](std::uint32_t left, std::uint32_t right) {
        return dag.node(left).record.id < dag.node(right).record.id;
    });
    for (const std::uint32_t index : fresh)
        streams[dag.node(index).record.stream].nodes.push_back(index);
}

void Accelerator::queueEnded(std::uint32_t index) {
    endedNow.push_back(index);
    scheduleOnce(isSettleScheduled, queue.now(), Priority::Completion, kSettle);
}

void Accelerator::settle() {
    std::sort(endedNow.begin(), endedNow.end(), [this](std::uint32_t left, std::uint32_t right) {
        return dag.node(left).record.id < dag.node(right).record.id;
    });
    for (const std::uint32_t index : std::exchange(endedNow, {})) endNode(index);
    resolveReady();
}

void Accelerator::applyRead(Node& node) {
    counts.bytesRead += node.record.sizeBytes();
    const CommandOperand& operand = command.operands[node.record.operand];
    const bool isMoved = memory.movesBytes() && node.record.interface != Interface::Direct;
    bool isChanged = false;
    if (!config.isKernelMode) node.data.resize(node.record.sizeBytes());
    forEachRow(node.record, [&](std::uint64_t address, std::uint64_t offset) {
        const std::uint8_t* moved = isMoved ? &node.data[offset] : nullptr;
        const std::uint8_t* bytes = memory.arrived(address, node.record.rowBytes, moved);
        if (!config.isKernelMode) {
            if (bytes != moved) std::memcpy(&node.data[offset], bytes, node.record.rowBytes);
        } else if (!snapshot.matches(node.record.operand, operand, address, bytes,
                                     node.record.rowBytes)) {
            ++counts.readMismatches;
            isChanged = true;
        }
    });
    if (config.isKernelMode) node.data = {};
    const bool isHeld = ring.front().isAhead && !node.isRefused && !writes(command, operand);
    if (isChanged && isHeld) refuseChange(node.record.operand);
}

void Accelerator::applyWrite(Node& node) {
    counts.bytesWritten += node.record.sizeBytes();
    const CommandOperand& operand = command.operands[node.record.operand];
    forEachRow(node.record, [&](std::uint64_t address, std::uint64_t offset) {
        if (!memory.movesBytes() || node.record.interface == Interface::Direct)
            memory.stored(address, &node.data[offset], node.record.rowBytes);
        snapshot.overwrite(node.record.operand, operand, address, &node.data[offset],
                           node.record.rowBytes);
    });
    node.data = {};
}

void Accelerator::endNode(std::uint32_t index) {
    const Tick now = queue.now();
    dag.end(index, now);
    Node& node = dag.node(index);
    const NodeRecord& r = node.record;
    if (r.kind == NodeKind::Notify) {
        hasNotified = true;
        return;
    }
    reported.push_back(index);
    if (r.kind == NodeKind::Read) applyRead(node);
    if (r.kind == NodeKind::Write) applyWrite(node);
    if (r.isTransfer() && r.interface != Interface::Direct)
        memory.noteTransfer(r, engineOf(r.interface).requestorId(), now);
    if (!r.isTimed()) return;
    const bool isCompute = r.kind == NodeKind::Compute;
    TimelineRecord entry =
        commandRecord(isCompute ? RecordKind::Unit : RecordKind::Transfer, node.firstTick, now);
    entry.detail = isCompute ? r.unit : std::uint16_t(r.interface);
    entry.node = r.id;
    entry.bytes = isCompute ? 0 : r.sizeBytes();
    if (isCompute) counts.unitBusyTicks[r.unit] += now - node.firstTick;
    record(entry);
}

void Accelerator::resolveReady() {
    for (auto ready = dag.takeReady(); !ready.empty(); ready = dag.takeReady())
        for (const std::uint32_t index : ready) becomeReady(index);
    decide();
}

void Accelerator::becomeReady(std::uint32_t index) {
    Node& node = dag.node(index);
    node.readyTick = queue.now();
    switch (node.record.kind) {
        case NodeKind::Read:
        case NodeKind::Write:
            return submitHead(streams[node.record.stream]);
        case NodeKind::Compute:
            units[node.record.unit].queue.emplace(node.readyTick, node.record.id);
            unitNodes[node.record.id] = index;
            return scheduleOnce(isIssueScheduled, queue.now(), Priority::Issue, kIssue);
        case NodeKind::Irq:
            listener.interruptRaised(instance, ring.front().ticket, queue.now());
            [[fallthrough]];
        case NodeKind::Fence:
        case NodeKind::SetRegister:
        case NodeKind::Notify:
            node.firstTick = queue.now();
            return endNode(index);
    }
}

void Accelerator::submitHead(Stream& stream) {
    while (!stream.isSubmitted && !stream.nodes.empty()) {
        const std::uint32_t index = stream.nodes.front();
        Node& node = dag.node(index);
        if (node.pendingDependences) return;
        if (node.record.interface != Interface::Direct) {
            stream.isSubmitted = true;
            return submitTransfer(index);
        }
        // The model's own memory: no port of the SoC is involved.
        stream.nodes.pop_front();
        node.firstTick = clock.edgeAtOrAfter(queue.now());
        queue.schedule(node.firstTick, Priority::Completion, component, kDirectDone, index);
    }
}

void Accelerator::submitTransfer(std::uint32_t index) {
    const NodeRecord& r = dag.node(index).record;
    Transfer transfer;
    transfer.id = r.id;
    transfer.index = index;
    transfer.address = r.address;
    transfer.rowBytes = r.rowBytes;
    transfer.rows = r.rows;
    transfer.strideBytes = r.strideBytes;
    transfer.kind = r.kind == NodeKind::Read ? AccessKind::Read : AccessKind::Write;
    if (memory.movesBytes()) {
        Node& node = dag.node(index);
        if (r.kind == NodeKind::Read) node.data.resize(r.sizeBytes());
        transfer.data = node.data.data();
    }
    engineOf(r.interface).submit(transfer);
}

void Accelerator::transferStarted(std::uint32_t index, Tick now) {
    if (index == kFetchIndex) return;
    dag.node(index).firstTick = now;
    Stream& stream = streams[dag.node(index).record.stream];
    stream.nodes.pop_front();
    stream.isSubmitted = false;
    submitHead(stream);
}

void Accelerator::transferEnded(std::uint32_t index, Tick, bool isOk) {
    if (index == kFetchIndex) return fetched(isOk);
    if (!isOk) ++counts.busErrors;
    dag.node(index).isRefused = !isOk;
    queueEnded(index);
}

void Accelerator::issueUnits() {
    const Tick start = clock.edgeAtOrAfter(queue.now());
    for (std::size_t u = 0; u < units.size(); ++u) {
        Unit& unit = units[u];
        if (unit.running != kNone || unit.queue.empty()) continue;
        const std::uint32_t index = unitNodes.at(unit.queue.begin()->second);
        unit.queue.erase(unit.queue.begin());
        unit.running = index;
        Node& node = dag.node(index);
        node.firstTick = start;
        queue.schedule(start + clock.ticks(Cycles(node.record.value)), Priority::Completion,
                       component, kUnitDone, u);
    }
}

void Accelerator::decide() {
    if (hasNotified && !isFinal) {
        nextExchange = ExchangeKind::Event;
        scheduleOnce(isExchangeScheduled, queue.now(), Priority::Exchange, kExchange);
    } else if (isRunning && isFinal && dag.allEnded()) {
        endCommand();
    }
}

TimelineRecord Accelerator::commandRecord(RecordKind kind, Tick begin, Tick end) const {
    const Ticket& t = ring.front().ticket;
    const auto track = std::uint16_t(instance);
    return {begin, end, kind, track, 0, 0, t.operatorIndex, t.item, t.command, kNone, 0};
}

void Accelerator::endCommand() {
    const Tick now = queue.now();
    record(commandRecord(RecordKind::Command, fetchTick, now));
    ++counts.commands;
    counts.busyTicks += now - fetchTick;
    isRunning = false;
    wakeTick = 0;
    ++commandId;
    unitNodes.clear();
    const Ticket ticket = ring.front().ticket;
    ring.pop_front();
    listener.commandEnded(instance, ticket, now);
    if (!ring.empty()) fetch();
}

std::string Accelerator::pendingWork() const {
    if (ring.empty()) return "";
    std::string text =
        componentName(instance, ": command ") + std::to_string(ring.front().ticket.command);
    if (!isRunning) return text + " is being fetched";
    if (!isFinal) text += ", the model's final Actions";
    return text + ", " + std::to_string(dag.notEnded()) + " nodes not ended";
}

}  // namespace harness
