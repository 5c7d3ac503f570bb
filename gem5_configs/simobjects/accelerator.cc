// SPDX-License-Identifier: BSD-3-Clause
#include "accelerator.hh"

#include "base/logging.hh"

namespace gem5 {

Accelerator::Accelerator(const Params& params)
    : ClockedObject(params), system(*params.system), stats(this) {}

void Accelerator::makePorts(NestedQueue& queue) {
    const auto port = [&](const char* part) {
        return std::make_unique<AcceleratorPort>(name() + "." + part, system,
                                                 system.getRequestorId(this, part), queue);
    };
    dma = port("dma");
    acp = port("acp");
    cache = port("cache");
}

Port& Accelerator::getPort(const std::string& portName, PortID index) {
    fatal_if(dma == nullptr, "%s belongs to no bridge: name it in AcceleratorBridge.accelerators",
             name());
    if (portName == "dma") return *dma;
    if (portName == "acp") return *acp;
    if (portName == "cache") return *cache;
    return ClockedObject::getPort(portName, index);
}

void Accelerator::attach(const AcceleratorContext& context) {
    const Params& p = params();
    fatal_if(!dma->isConnected(), "%s.dma is not connected: it fetches the commands", name());
    units = context.units;
    harness::AcceleratorConfig config;
    config.clockTicks = clockPeriod();
    config.units = std::uint32_t(units.size());
    config.queueDepth = p.queue_depth;
    config.lineBytes = system.cacheLineSize();
    config.tlbEntries = p.tlb_entries;
    config.isKernelMode = context.isKernelMode;
    config.dma = {p.dma_burst_bytes, p.dma_outstanding, p.dma_setup};
    config.acp = {config.lineBytes, p.acp_outstanding, 0};
    config.cache = {config.lineBytes, p.cache_outstanding, 0};
    memory = std::make_unique<GuestMemory>(context.windows, *dma, *acp, *cache);
    harness::AcceleratorPorts ports;
    ports.dma = dma.get();
    ports.acp = acp->isConnected() ? acp.get() : nullptr;
    ports.cache = cache->isConnected() ? cache.get() : nullptr;
    core = std::make_unique<harness::Accelerator>(context.queue.events, ports, *memory, config,
                                                  context.instance, context.exchanges,
                                                  context.listener, context.timeline);
    before = core->statistics();
}

std::string Accelerator::lookAtRing(Addr address, std::uint64_t count) {
    std::string bytes(count, 0);
    const bool isThere =
        dma->look(address, reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size());
    return isThere ? bytes : "";
}

harness::AcceleratorStatistics Accelerator::counted() const {
    return core == nullptr ? harness::AcceleratorStatistics{} : core->statistics();
}

void Accelerator::regStats() {
    ClockedObject::regStats();
    stats.unitBusyTicks.init(units.empty() ? 1 : units.size());
    for (std::size_t i = 0; i < units.size(); ++i) stats.unitBusyTicks.subname(i, units[i]);
}

void Accelerator::resetStats() {
    ClockedObject::resetStats();
    before = counted();
}

void Accelerator::preDumpStats() {
    ClockedObject::preDumpStats();
    const harness::AcceleratorStatistics now = counted();
    stats.commands = now.commands - before.commands;
    stats.exchanges = now.exchanges - before.exchanges;
    stats.nodes = now.nodes - before.nodes;
    stats.bytesRead = now.bytesRead - before.bytesRead;
    stats.bytesWritten = now.bytesWritten - before.bytesWritten;
    stats.readMismatches = now.readMismatches - before.readMismatches;
    stats.busErrors = now.busErrors - before.busErrors;
    stats.tlbHits = now.translations.hits - before.translations.hits;
    stats.tlbMisses = now.translations.misses - before.translations.misses;
    stats.busyTicks = now.busyTicks - before.busyTicks;
    for (std::size_t i = 0; i < now.unitBusyTicks.size(); ++i) {
        const Tick earlier = i < before.unitBusyTicks.size() ? before.unitBusyTicks[i] : 0;
        stats.unitBusyTicks[i] = now.unitBusyTicks[i] - earlier;
    }
}

Accelerator::Statistics::Statistics(statistics::Group* parent)
    : statistics::Group(parent),
      ADD_STAT(commands, statistics::units::Count::get(), "Commands that ended"),
      ADD_STAT(exchanges, statistics::units::Count::get(), "Turns taken with the model"),
      ADD_STAT(nodes, statistics::units::Count::get(), "Operations that the model asked for"),
      ADD_STAT(bytesRead, statistics::units::Byte::get(), "Bytes read by operations"),
      ADD_STAT(bytesWritten, statistics::units::Byte::get(), "Bytes written by operations"),
      ADD_STAT(readMismatches, statistics::units::Count::get(),
               "Rows whose timed read differed from the bytes at the command's start"),
      ADD_STAT(busErrors, statistics::units::Count::get(), "Transfers that memory refused"),
      ADD_STAT(tlbHits, statistics::units::Count::get(),
               "Requests to pages whose translation was in the TLB"),
      ADD_STAT(tlbMisses, statistics::units::Count::get(),
               "Requests that read an entry of a page list first"),
      ADD_STAT(busyTicks, statistics::units::Tick::get(), "Ticks with a command"),
      ADD_STAT(unitBusyTicks, statistics::units::Tick::get(), "Ticks in which a unit was busy") {
    // Only page-list windows are translated: without one a dump says nothing about it.
    tlbHits.flags(statistics::nozero);
    tlbMisses.flags(statistics::nozero);
}

}  // namespace gem5
