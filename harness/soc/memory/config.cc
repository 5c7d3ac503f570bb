// SPDX-License-Identifier: BSD-3-Clause
#include "harness/soc/memory/config.hh"

#include <stdexcept>
#include <string>

namespace harness {

namespace {

bool isPowerOfTwo(std::uint64_t value) { return value != 0 && (value & (value - 1)) == 0; }

void require(bool isGood, const std::string& what) {
    if (!isGood) throw std::invalid_argument("memory system: " + what);
}

void checkCache(const CacheConfig& cache, const std::string& name, std::uint32_t lineBytes) {
    require(cache.associativity > 0, name + ".associativity must be at least 1");
    const std::uint64_t setBytes = std::uint64_t{cache.associativity} * lineBytes;
    require(cache.sizeBytes % setBytes == 0 && isPowerOfTwo(cache.sizeBytes / setBytes),
            name + ".sizeBytes must be associativity * lineBytes * a power of two");
    require(cache.hitTicks > 0, name + ".hitTicks must be at least 1");
    require(cache.mshrs > 0 && cache.mshrs < 0x10000, name + ".mshrs must be 1 to 65535");
    require(cache.writeBuffers > 0, name + ".writeBuffers must be at least 1");
}

void checkOptionalCache(const CacheConfig& cache, const std::string& name,
                        std::uint32_t lineBytes) {
    if (cache.sizeBytes != 0) checkCache(cache, name, lineBytes);
}

void checkBus(const BusConfig& bus, const std::string& name) {
    require(bus.clockTicks > 0, name + ".clockTicks must be at least 1");
    require(bus.widthBytes > 0, name + ".widthBytes must be at least 1");
    require(bus.requestTicks > 0, name + ".requestTicks must be at least 1");
    require(bus.queueDepth > 0, name + ".queueDepth must be at least 1");
}

void checkDram(const DramConfig& dram, std::uint32_t lineBytes) {
    require(dram.channels > 0 && dram.ranks > 0 && dram.banks > 0,
            "dram.channels, ranks and banks must be at least 1");
    require(isPowerOfTwo(dram.burstBytes), "dram.burstBytes must be a power of two");
    require(dram.rowBytes >= dram.burstBytes && dram.rowBytes % dram.burstBytes == 0,
            "dram.rowBytes must be a multiple of dram.burstBytes");
    const std::uint32_t bursts = lineBytes > dram.burstBytes ? lineBytes / dram.burstBytes : 1;
    require(dram.readQueueEntries >= bursts && dram.writeQueueEntries >= bursts,
            "dram.readQueueEntries and writeQueueEntries must hold the bursts of one line");
    require(dram.writeLowPercent <= dram.writeHighPercent && dram.writeHighPercent < 100,
            "dram.writeLowPercent <= writeHighPercent < 100");
    require(dram.writeQueueEntries * (100 - dram.writeLowPercent) / 100 >= bursts,
            "dram.writeQueueEntries above writeLowPercent must hold the bursts of one line");
    require(dram.tBURST > 0, "dram.tBURST must be at least 1");
}

}  // namespace

void checkConfig(const MemoryConfig& config) {
    require(isPowerOfTwo(config.lineBytes) && config.lineBytes >= 8,
            "lineBytes must be a power of two, at least 8");
    require(config.cores > 0, "cores must be at least 1");
    checkCache(config.l1d, "l1d", config.lineBytes);
    checkCache(config.l2, "l2", config.lineBytes);
    checkOptionalCache(config.acp, "acp", config.lineBytes);
    checkOptionalCache(config.acceleratorCache, "acceleratorCache", config.lineBytes);
    if (config.isDmaCoherent) checkCache(config.ioCache, "ioCache", config.lineBytes);
    checkBus(config.l2Bus, "l2Bus");
    checkBus(config.memoryBus, "memoryBus");
    checkDram(config.dram, config.lineBytes);
}

}  // namespace harness
