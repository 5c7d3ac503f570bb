// SPDX-License-Identifier: BSD-3-Clause
// The engine's counts under gem5 v24's names.
#include <utility>

#include "harness/soc/engine.hh"

namespace harness {

namespace {

using List = std::vector<EngineStatistic>;

/// Adds statistics of one component.
class Section final {
  public:
    Section(List& list, std::string prefix) : list(list), prefix(std::move(prefix)) {}

    template <typename Value>
    Section& add(const char* name, Value value, const char* unit, const char* text) {
        list.push_back({prefix + "." + name, double(value), unit, text});
        return *this;
    }

  private:
    List& list;
    std::string prefix;
};

double ratio(double part, double whole) { return whole != 0 ? part / whole : 0; }

void addCache(List& list, const std::string& name, const CacheStatistics& s) {
    const std::uint64_t hits = s.readHits + s.writeHits, misses = s.readMisses + s.writeMisses;
    Section(list, name)
        .add("ReadReq.hits::total", s.readHits, "Count", "number of ReadReq hits")
        .add("ReadReq.misses::total", s.readMisses, "Count", "number of ReadReq misses")
        .add("WriteReq.hits::total", s.writeHits, "Count", "number of WriteReq hits")
        .add("WriteReq.misses::total", s.writeMisses, "Count", "number of WriteReq misses")
        .add("overallHits::total", hits, "Count", "number of overall hits")
        .add("overallMisses::total", misses, "Count", "number of overall misses")
        .add("overallAccesses::total", hits + misses, "Count", "number of overall accesses")
        .add("overallMissRate::total", ratio(double(misses), double(hits + misses)), "Ratio",
             "miss rate for overall accesses")
        .add("overallMshrHits::total", s.mshrHits, "Count", "misses that joined an MSHR")
        .add("overallMissLatency::total", s.missTicks, "Tick", "number of overall miss ticks")
        .add("replacements", s.replacements, "Count", "number of replacements")
        .add("writebacks::total", s.writebacks, "Count", "number of writebacks")
        .add("upgrades", s.upgrades, "Count", "misses that had the line without write permission")
        .add("flushes", s.flushes, "Count", "lines flushed by instructions")
        .add("snoops", s.snoops, "Count", "lookups for other requestors")
        .add("snoopHits", s.snoopHits, "Count", "lookups for others that found the line")
        .add("snoopInvalidations", s.snoopInvalidations, "Count", "lines dropped for others")
        .add("blockedCycles::total", s.blocked, "Count", "times that no access was taken");
}

void addBus(List& list, const std::string& name, const BusStatistics& s, Tick elapsed) {
    const double layers = double(s.requestLayers) * double(elapsed);
    const double responses = double(s.responseLayers) * double(elapsed);
    Section(list, name)
        .add("pktCount::total", s.requests + s.responses, "Count", "packets of both directions")
        .add("pktSize::total", s.requestBytes + s.responseBytes, "Byte",
             "payload of both directions")
        .add("requestBytes", s.requestBytes, "Byte", "payload towards memory")
        .add("responseBytes", s.responseBytes, "Byte", "payload from memory")
        .add("reqLayer.utilization", ratio(double(s.requestBusyTicks), layers), "Ratio",
             "share of the time that request layers are occupied")
        .add("respLayer.utilization", ratio(double(s.responseBusyTicks), responses), "Ratio",
             "share of the time that response layers are occupied")
        .add("requestWaitTicks", s.requestWaitTicks, "Tick",
             "time that requests waited for a grant")
        .add("snoops", s.snoops, "Count", "total snoops");
}

void addDram(List& list, const std::string& name, const DramStatistics& s, Tick elapsed) {
    const double seconds = double(elapsed) * 1e-12;
    Section(list, name)
        .add("readReqs", s.readRequests, "Count", "number of read requests accepted")
        .add("writeReqs", s.writeRequests, "Count", "number of write requests accepted")
        .add("readBursts", s.readBursts, "Count", "number of controller read bursts")
        .add("writeBursts", s.writeBursts, "Count", "number of controller write bursts")
        .add("servicedByWrQ", s.servicedByWriteQueue, "Count", "reads served by the write queue")
        .add("mergedWrBursts", s.mergedWriteBursts, "Count", "writes merged into a waiting one")
        .add("bytesReadSys", s.requestedBytesRead, "Byte", "bytes that requestors read")
        .add("bytesWrittenSys", s.requestedBytesWritten, "Byte", "bytes that requestors wrote")
        .add("dram.readRowHits", s.readRowHits, "Count", "number of row buffer hits during reads")
        .add("dram.writeRowHits", s.writeRowHits, "Count",
             "number of row buffer hits during writes")
        .add("dram.activates", s.activates, "Count", "rows opened")
        .add("dram.refreshes", s.refreshes, "Count", "refreshes of all banks")
        .add("dram.bytesRead::total", s.bytesRead, "Byte", "total bytes read from memory")
        .add("dram.bytesWritten::total", s.bytesWritten, "Byte", "total bytes written to memory")
        .add("dram.bwTotal::total", ratio(double(s.bytesRead + s.bytesWritten), seconds),
             "(Byte/Second)", "total bandwidth")
        .add("dram.busUtil", 100 * ratio(double(s.dataBusBusyTicks), double(elapsed)), "Ratio",
             "data bus utilization in percentage")
        .add("dram.totMemAccLat", s.readAccessTicks, "Tick", "ticks from burst creation to data")
        .add("dram.totQLat", s.readQueueTicks, "Tick", "ticks spent queuing");
}

void addDma(List& list, const std::string& name, const DmaStatistics& s) {
    Section(list, name)
        .add("reads", s.reads, "Count", "read requests")
        .add("writes", s.writes, "Count", "write requests")
        .add("bytesRead", s.bytesRead, "Byte", "bytes read")
        .add("bytesWritten", s.bytesWritten, "Byte", "bytes written")
        .add("blocked", s.blocked, "Count", "times that the port took no request");
}

void addAccelerator(List& list, const std::string& name, const AcceleratorStatistics& s,
                    const AcceleratorStatistics& before, Tick elapsed) {
    Section section(list, name);
    section.add("commands", s.commands - before.commands, "Count", "commands executed")
        .add("exchanges", s.exchanges - before.exchanges, "Count", "times that the model was asked")
        .add("nodes", s.nodes - before.nodes, "Count", "operations that the model asked for")
        .add("bytesRead", s.bytesRead - before.bytesRead, "Byte", "bytes loaded by commands")
        .add("bytesWritten", s.bytesWritten - before.bytesWritten, "Byte",
             "bytes stored by commands")
        .add("readMismatches", s.readMismatches - before.readMismatches, "Count",
             "rows that a timed read found different from the command's snapshot")
        .add("busyTicks", s.busyTicks - before.busyTicks, "Tick", "time with a command")
        .add("utilization", ratio(double(s.busyTicks - before.busyTicks), double(elapsed)), "Ratio",
             "share of the time with a command");
    for (std::size_t u = 0; u < s.unitBusyTicks.size(); ++u) {
        const std::string unit = "unitBusyTicks::" + std::to_string(u);
        section.add(unit.c_str(), s.unitBusyTicks[u] - before.unitBusyTicks[u], "Tick",
                    "time that the unit computes");
    }
}

/// Only page-list windows are translated: without one there is nothing to tell.
void addTranslations(List& list, const std::string& name, const TranslationStatistics& s,
                     const TranslationStatistics& before) {
    Section(list, name)
        .add("tlbHits", s.hits - before.hits, "Count",
             "requests to pages whose translation was in the TLB")
        .add("tlbMisses", s.misses - before.misses, "Count",
             "requests that read an entry of a page list first");
}

void addCore(List& list, const std::string& name, const CoreStatistics& s,
             const CoreStatistics& before, Tick elapsed, Tick clock) {
    Section(list, name)
        .add("numCycles", elapsed / clock, "Cycle", "number of cpu cycles simulated")
        .add("busyTicks", s.busyTicks - before.busyTicks, "Tick", "time that harness code runs")
        .add("stallTicks", s.stallTicks - before.stallTicks, "Tick",
             "busy time that waits for memory");
}

void addHost(List& list, const HostStatistics& s, const HostStatistics& before) {
    const auto instructions = (s.milliInstructions - before.milliInstructions) / 1000;
    Section(list, "system.host")
        .add("numInsts", instructions, "Count", "instructions of copies and CPU operators")
        .add("copyCalls", s.copyCalls - before.copyCalls, "Count", "tile copies")
        .add("copyRuns", s.copyRuns - before.copyRuns, "Count", "contiguous runs (memcpy) of them")
        .add("copyBytes", s.copyBytes - before.copyBytes, "Byte",
             "bytes copied into or out of tiles")
        .add("flushedLines", s.flushedLines - before.flushedLines, "Count",
             "lines flushed or invalidated")
        .add("submissions", s.submissions - before.submissions, "Count", "commands submitted")
        .add("interrupts", s.interrupts - before.interrupts, "Count", "interrupts taken");
}

}  // namespace

std::vector<EngineStatistic> Engine::statistics() const {
    List list;
    const Tick elapsed = queue.now() - host.beginTick();
    list.push_back({"simTicks", double(elapsed), "Tick", "Number of ticks simulated"});
    list.push_back(
        {"simSeconds", double(elapsed) * 1e-12, "Second", "Number of seconds simulated"});
    list.push_back(
        {"finalTick", double(queue.now()), "Tick", "Ticks from beginning of simulation"});
    list.push_back({"simFreq", 1e12, "(Tick/Second)", "The number of ticks per simulated second"});
    list.push_back({"simEvents", double(queue.eventCount() - eventsBefore), "Count",
                    "Number of events handled"});
    addHost(list, host.statistics(), hostBefore);
    for (std::uint32_t i = 0; i < host.coreCount(); ++i) {
        const std::string cpu = "system.cpu" + std::to_string(i);
        addCore(list, cpu, host.core(i).statistics(), coresBefore[i], elapsed,
                config.host.clockTicks);
        addCache(list, cpu + ".dcache", memory.l1dStatistics(i));
    }
    addCache(list, "system.l2", memory.l2Statistics());
    addBus(list, "system.tol2bus", memory.l2BusStatistics(), elapsed);
    addBus(list, "system.membus", memory.memoryBusStatistics(), elapsed);
    for (std::uint32_t i = 0; i < config.memory.dram.channels; ++i)
        addDram(list, "system.mem_ctrls" + std::to_string(i), memory.dramStatistics(i), elapsed);
    if (config.memory.isDmaCoherent) addCache(list, "system.iocache", memory.ioCacheStatistics());
    for (std::uint32_t i = 0; i < accelerators.size(); ++i) {
        const std::string name = "system.accelerators" + std::to_string(i);
        const AcceleratorStatistics counts = accelerators[i]->statistics();
        addAccelerator(list, name, counts, acceleratorsBefore[i], elapsed);
        if (space.hasPageLists())
            addTranslations(list, name, counts.translations, acceleratorsBefore[i].translations);
        addDma(list, name + ".dma", memory.dmaStatistics(i));
        if (config.memory.acp.sizeBytes) addCache(list, name + ".acp", memory.acpStatistics(i));
        if (config.memory.acceleratorCache.sizeBytes)
            addCache(list, name + ".cache", memory.acceleratorCacheStatistics(i));
    }
    return list;
}

}  // namespace harness
