// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>

#include "harness/soc/memory/memory_system.hh"

namespace harness {

inline constexpr Addr kLine = 64;

/** Small odd numbers, so that a term left out of a formula shows. */
inline MemoryConfig smallConfig() {
    MemoryConfig config;
    config.lineBytes = kLine;
    config.cores = 2;
    config.accelerators = 2;
    config.l1d = CacheConfig{1024, 2, 1100, 700, 300, 4, 4};
    config.l2 = CacheConfig{8192, 4, 9000, 5000, 2000, 8, 8};
    config.acp = CacheConfig{512, 2, 1500, 900, 400, 4, 4};
    config.acceleratorCache = CacheConfig{512, 2, 1300, 800, 500, 4, 4};
    config.ioCache = CacheConfig{512, 2, 6000, 3000, 1700, 8, 8};
    config.l2Bus = BusConfig{500, 32, 1000, 500, 4, true};
    config.memoryBus = BusConfig{1000, 16, 7000, 2000, 4, true};
    DramConfig& dram = config.dram;
    dram.channels = 1;
    dram.ranks = 1;
    dram.banks = 8;
    dram.rowBytes = 1024;
    dram.burstBytes = 64;
    dram.tRCD = 13000;
    dram.tRP = 14000;
    dram.tCL = 15000;
    dram.tRAS = 35000;
    dram.tBURST = 4000;
    dram.tWR = 16000;
    dram.tRTP = 8000;
    dram.tRRD = 5000;
    dram.tWTR = 6000;
    dram.tRFC = 260000;
    dram.frontendLatencyTicks = 10000;
    dram.backendLatencyTicks = 11000;
    dram.readQueueEntries = 32;
    dram.writeQueueEntries = 64;
    return config;
}

inline Tick ceilTo(Tick tick, Tick clock) { return (tick + clock - 1) / clock * clock; }

inline Tick payload(const BusConfig& bus, Tick bytes) {
    return (bytes + bus.widthBytes - 1) / bus.widthBytes * bus.clockTicks;
}

/** Remembers when accesses ended. */
class Recorder final : public AccessListener, public HazardListener {
  public:
    void accessDone(std::uint64_t tag, Tick now) override {
        ASSERT_EQ(done.count(tag), 0u) << "tag " << tag << " ended twice";
        done[tag] = now;
    }
    void accessAllowed(std::uint32_t requestorId, Tick now) override { allowed[requestorId] = now; }
    void coherenceHazard(const CoherenceHazard& found) override { hazard = found; }

    std::map<std::uint64_t, Tick> done;
    std::map<std::uint32_t, Tick> allowed;
    std::optional<CoherenceHazard> hazard;
};

class MemoryTest : public ::testing::Test {
  protected:
    void build(const MemoryConfig& wanted) {
        config = wanted;
        queue = EventQueue();
        memory = std::make_unique<MemorySystem>(queue, config);
        recorder = Recorder();
        memory->setHazardListener(recorder);
        for (std::uint32_t i = 0; i < config.cores; ++i) memory->core(i).setListener(recorder);
        for (std::uint32_t i = 0; i < config.accelerators; ++i) {
            memory->dma(i).setListener(recorder);
            memory->acp(i).setListener(recorder);
            memory->acceleratorCache(i).setListener(recorder);
        }
    }

    /** Run an access to its end; returns how long it took. */
    Tick time(Requestor& requestor, AccessKind kind, Addr addr, std::uint32_t bytes = kLine) {
        const Tick begin = queue.now();
        const std::uint64_t tag = nextTag++;
        requestor.access(kind, addr, bytes, tag);
        queue.runUntil(kMaxTick);
        EXPECT_EQ(recorder.done.count(tag), 1u) << "the access never ended";
        return recorder.done[tag] - begin;
    }

    /** Let time pass to a tick at which every clock of the configuration has an edge. */
    void alignTo(Tick step) {
        class Nothing final : public EventHandler {
            void handleEvent(std::uint16_t, std::uint64_t) override {}
        };
        static Nothing nothing;
        const ComponentId id = queue.addComponent(nothing, "alignment");
        queue.schedule(ceilTo(queue.now() + 1, step), Priority::Issue, id, 0);
        queue.runUntil(kMaxTick);
    }

    /** DRAM time of a line in a closed bank of an idle channel, from arrival to the bus. */
    Tick dramClosed() const {
        const DramConfig& dram = config.dram;
        return dram.tRCD + dram.tCL + dram.tBURST + dram.frontendLatencyTicks +
               dram.backendLatencyTicks;
    }

    /** From the L1's miss at an aligned tick to done, if memory takes `dramTicks`. */
    Tick missToMemory(Tick dramTicks) const {
        const BusConfig& above = config.l2Bus;
        const BusConfig& below = config.memoryBus;
        Tick tick = ceilTo(config.l1d.missTicks, above.clockTicks) + above.requestTicks;
        tick = ceilTo(tick + config.l2.missTicks, below.clockTicks) + below.requestTicks;
        tick = ceilTo(tick + dramTicks, below.clockTicks);
        tick += below.responseTicks + payload(below, kLine) + config.l2.fillTicks;
        tick = ceilTo(tick, above.clockTicks);
        return tick + above.responseTicks + payload(above, kLine) + config.l1d.fillTicks;
    }

    /** From an upper cache's miss to done, if the answer is ready `supply` after arrival. */
    Tick missToL2Bus(const CacheConfig& cache, Tick supply, Tick bytes) const {
        const BusConfig& bus = config.l2Bus;
        const Tick tick = ceilTo(cache.missTicks, bus.clockTicks) + bus.requestTicks + supply;
        return ceilTo(tick, bus.clockTicks) + bus.responseTicks + payload(bus, bytes) +
               cache.fillTicks;
    }

    MemoryConfig config;
    EventQueue queue;
    std::unique_ptr<MemorySystem> memory;
    Recorder recorder;
    std::uint64_t nextTag = 0;
};

inline constexpr Tick kAligned = 1000000;

}  // namespace harness
