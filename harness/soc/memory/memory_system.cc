// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/memory_system.hh"

#include <stdexcept>

#include "harness/soc/memory/bus.hh"
#include "harness/soc/memory/coherence.hh"
#include "harness/soc/memory/dma_port.hh"
#include "harness/soc/memory/memory_hub.hh"
#include "harness/soc/memory/private_cache.hh"
#include "harness/soc/memory/shared_cache.hh"

namespace harness {

namespace {

const MemoryConfig& checked(const MemoryConfig& config) {
    checkConfig(config);
    return config;
}

std::uint32_t totalMshrs(const MemoryConfig& config) {
    std::uint32_t total = config.cores * config.l1d.mshrs;
    if (config.acp.sizeBytes > 0) total += config.accelerators * config.acp.mshrs;
    if (config.acceleratorCache.sizeBytes > 0) {
        total += config.accelerators * config.acceleratorCache.mshrs;
    }
    return total + (config.isDmaCoherent ? config.ioCache.mshrs : 0);
}

}  // namespace

/** Owns the components; they are built top of the list first and refer only upwards in it. */
struct MemorySystem::Parts {
    Parts(EventQueue& eventQueue, const MemoryConfig& memoryConfig);

    using Caches = std::vector<std::unique_ptr<PrivateCache>>;

    PrivateCache& addUpper(Caches& caches, const CacheConfig& cache, const std::string& name);
    void addPort(PrivateCache& cache, std::vector<Requestor*>& ports, std::string name,
                 bool promotesFullWrites);
    void addDma();

    EventQueue& queue;
    MemoryConfig config;
    PacketPool packets;
    Coherence coherence;
    LockService lockService;
    Bus l2Bus;
    Bus memoryBus;
    SharedCache l2;
    MemoryHub hub;
    Caches l1ds;
    Caches acps;
    Caches acceleratorCaches;
    std::unique_ptr<PrivateCache> ioCache;
    std::vector<std::unique_ptr<DmaPort>> dmaPorts;
    std::vector<Requestor*> corePorts;
    std::vector<Requestor*> acpPorts;
    std::vector<Requestor*> acceleratorCachePorts;
    std::vector<Requestor*> dmaRequestors;
    std::uint32_t nextRequestor = 0;

    /** Call `visit` on each cache with requestors, in a fixed order. */
    template <typename Visit>
    void forEachCache(Visit visit) const {
        for (const Caches* caches : {&l1ds, &acps, &acceleratorCaches}) {
            for (const auto& cache : *caches) visit(*cache);
        }
        if (ioCache) visit(*ioCache);
    }
};

MemorySystem::Parts::Parts(EventQueue& eventQueue, const MemoryConfig& memoryConfig)
    : queue(eventQueue),
      config(checked(memoryConfig)),
      coherence(config.lineBytes),
      lockService(totalMshrs(config)),
      l2Bus(queue, config.l2Bus, "l2bus", 1),
      memoryBus(queue, config.memoryBus, "membus", config.dram.channels),
      l2(queue, packets, l2Bus, memoryBus, coherence, config.l2, config.lineBytes),
      hub(queue, packets, memoryBus, coherence, lockService.locks, config) {
    l2Bus.setTarget(l2);
    memoryBus.setTarget(hub);
    hub.setProcessorSide(l2);
    coherence.setL2({&l2.tagArray(), &l2.statistics(), config.l2.hitTicks, "l2"});
    for (std::uint32_t i = 0; i < config.cores; ++i) {
        const std::string number = std::to_string(i);
        addPort(addUpper(l1ds, config.l1d, "l1d" + number), corePorts, "core" + number, false);
    }
    for (std::uint32_t i = 0; i < config.accelerators; ++i) {
        const std::string prefix = "accelerator" + std::to_string(i);
        if (config.acp.sizeBytes > 0) {
            addPort(addUpper(acps, config.acp, prefix + ".acp_cache"), acpPorts, prefix + ".acp",
                    true);
        }
        if (config.acceleratorCache.sizeBytes > 0) {
            addPort(addUpper(acceleratorCaches, config.acceleratorCache, prefix + ".data_cache"),
                    acceleratorCachePorts, prefix + ".cache", true);
        }
    }
    addDma();
}

PrivateCache& MemorySystem::Parts::addUpper(Caches& caches, const CacheConfig& cache,
                                            const std::string& name) {
    const PrivateCache::Wiring wiring{queue, packets,          l2Bus, lockService,
                                      &l2,   config.lineBytes, false};
    caches.push_back(std::make_unique<PrivateCache>(wiring, cache, name));
    PrivateCache& added = *caches.back();
    coherence.addUpper({&added.tagArray(), &added.statistics(), cache.hitTicks, name});
    return added;
}

void MemorySystem::Parts::addPort(PrivateCache& cache, std::vector<Requestor*>& ports,
                                  std::string name, bool promotesFullWrites) {
    ports.push_back(&cache.addPort(nextRequestor++, std::move(name), promotesFullWrites));
}

void MemorySystem::Parts::addDma() {
    if (config.isDmaCoherent) {
        const PrivateCache::Wiring wiring{queue,   packets,          memoryBus, lockService,
                                          nullptr, config.lineBytes, true};
        ioCache = std::make_unique<PrivateCache>(wiring, config.ioCache, "iocache");
        hub.setIoCache(*ioCache);
        coherence.setIoCache(
            {&ioCache->tagArray(), &ioCache->statistics(), config.ioCache.hitTicks, "iocache"});
    }
    for (std::uint32_t i = 0; i < config.accelerators; ++i) {
        const std::string name = "accelerator" + std::to_string(i) + ".dma";
        if (config.isDmaCoherent) {
            addPort(*ioCache, dmaRequestors, name, true);
        } else {
            dmaPorts.push_back(std::make_unique<DmaPort>(queue, packets, memoryBus, nextRequestor++,
                                                         name, config.lineBytes));
            dmaRequestors.push_back(dmaPorts.back().get());
        }
    }
}

MemorySystem::MemorySystem(EventQueue& queue, const MemoryConfig& config)
    : parts(std::make_unique<Parts>(queue, config)) {}

MemorySystem::~MemorySystem() = default;

const MemoryConfig& MemorySystem::config() const { return parts->config; }

void MemorySystem::setHazardListener(HazardListener& listener) {
    parts->hub.setHazardListener(listener);
}

Requestor& MemorySystem::core(std::uint32_t index) { return *parts->corePorts.at(index); }
Requestor& MemorySystem::dma(std::uint32_t index) { return *parts->dmaRequestors.at(index); }
Requestor& MemorySystem::acp(std::uint32_t index) { return *parts->acpPorts.at(index); }
Requestor& MemorySystem::acceleratorCache(std::uint32_t index) {
    return *parts->acceleratorCachePorts.at(index);
}

LineState MemorySystem::l1dState(std::uint32_t core, Addr addr) const {
    return parts->l1ds.at(core)->tagArray().state(lineOf(addr));
}
LineState MemorySystem::l2State(Addr addr) const {
    return parts->l2.tagArray().state(lineOf(addr));
}
LineState MemorySystem::acpState(std::uint32_t accelerator, Addr addr) const {
    return parts->acps.at(accelerator)->tagArray().state(lineOf(addr));
}
LineState MemorySystem::acceleratorCacheState(std::uint32_t accelerator, Addr addr) const {
    return parts->acceleratorCaches.at(accelerator)->tagArray().state(lineOf(addr));
}
LineState MemorySystem::ioCacheState(Addr addr) const {
    return parts->ioCache ? parts->ioCache->tagArray().state(lineOf(addr)) : LineState::Invalid;
}

Addr MemorySystem::lineOf(Addr addr) const { return addr & ~Addr{parts->config.lineBytes - 1}; }

const CacheStatistics& MemorySystem::l1dStatistics(std::uint32_t core) const {
    parts->coherence.settleCounts();
    return parts->l1ds.at(core)->statistics();
}
const CacheStatistics& MemorySystem::l2Statistics() const { return parts->l2.statistics(); }
const CacheStatistics& MemorySystem::acpStatistics(std::uint32_t accelerator) const {
    parts->coherence.settleCounts();
    return parts->acps.at(accelerator)->statistics();
}
const CacheStatistics& MemorySystem::acceleratorCacheStatistics(std::uint32_t index) const {
    parts->coherence.settleCounts();
    return parts->acceleratorCaches.at(index)->statistics();
}
const CacheStatistics& MemorySystem::ioCacheStatistics() const {
    if (!parts->ioCache) throw std::out_of_range("no I/O cache: DMA is not coherent");
    return parts->ioCache->statistics();
}
const BusStatistics& MemorySystem::l2BusStatistics() const { return parts->l2Bus.statistics(); }
const BusStatistics& MemorySystem::memoryBusStatistics() const {
    return parts->memoryBus.statistics();
}
const DramStatistics& MemorySystem::dramStatistics(std::uint32_t channel) const {
    if (channel >= parts->hub.channelCount()) throw std::out_of_range("no such DRAM channel");
    return parts->hub.channel(channel).statistics();
}
const DmaStatistics& MemorySystem::dmaStatistics(std::uint32_t accelerator) const {
    return parts->ioCache ? parts->ioCache->portStatistics(accelerator)
                          : parts->dmaPorts.at(accelerator)->statistics();
}

void MemorySystem::resetStatistics() {
    parts->coherence.settleCounts();
    parts->forEachCache([](PrivateCache& cache) { cache.resetStatistics(); });
    for (auto& port : parts->dmaPorts) port->resetStatistics();
    parts->l2.resetStatistics();
    parts->l2Bus.resetStatistics();
    parts->memoryBus.resetStatistics();
    for (std::uint32_t i = 0; i < parts->hub.channelCount(); ++i) {
        parts->hub.channel(i).resetStatistics();
    }
}

std::uint64_t MemorySystem::outstandingAccesses() const {
    std::uint64_t total = 0;
    parts->forEachCache([&](const PrivateCache& cache) { total += cache.outstandingAccesses(); });
    for (const auto& port : parts->dmaPorts) total += port->outstandingAccesses();
    return total;
}

std::vector<std::string> MemorySystem::pendingWork() const {
    std::vector<std::string> lines;
    const auto add = [&lines](std::string line) {
        if (!line.empty()) lines.push_back(std::move(line));
    };
    parts->forEachCache([&](const PrivateCache& cache) { add(cache.pendingWork()); });
    for (const auto& port : parts->dmaPorts) add(port->pendingWork());
    add(parts->l2.pendingWork());
    for (std::uint32_t i = 0; i < parts->hub.channelCount(); ++i) {
        add(parts->hub.channel(i).pendingWork());
    }
    return lines;
}

}  // namespace harness
