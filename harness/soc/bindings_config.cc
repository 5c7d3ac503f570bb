// SPDX-License-Identifier: BSD-3-Clause
// Configuration structs: Python fills every field by name (harness/soc/configuration.py).
#include "harness/soc/bindings.hh"
#include "harness/soc/engine_config.hh"

namespace nb = nanobind;

namespace harness {

namespace {

void bindMemory(nb::module_& module) {
    nb::class_<CacheConfig>(module, "CacheConfig")
        .def(nb::init<>())
        .def_rw("sizeBytes", &CacheConfig::sizeBytes)
        .def_rw("associativity", &CacheConfig::associativity)
        .def_rw("hitTicks", &CacheConfig::hitTicks)
        .def_rw("missTicks", &CacheConfig::missTicks)
        .def_rw("fillTicks", &CacheConfig::fillTicks)
        .def_rw("mshrs", &CacheConfig::mshrs)
        .def_rw("writeBuffers", &CacheConfig::writeBuffers);
    nb::class_<BusConfig>(module, "BusConfig")
        .def(nb::init<>())
        .def_rw("clockTicks", &BusConfig::clockTicks)
        .def_rw("widthBytes", &BusConfig::widthBytes)
        .def_rw("requestTicks", &BusConfig::requestTicks)
        .def_rw("responseTicks", &BusConfig::responseTicks)
        .def_rw("queueDepth", &BusConfig::queueDepth)
        .def_rw("isCrossbar", &BusConfig::isCrossbar);
    nb::class_<MemoryConfig>(module, "MemoryConfig")
        .def(nb::init<>())
        .def_rw("lineBytes", &MemoryConfig::lineBytes)
        .def_rw("cores", &MemoryConfig::cores)
        .def_rw("l1d", &MemoryConfig::l1d)
        .def_rw("l2", &MemoryConfig::l2)
        .def_rw("acp", &MemoryConfig::acp)
        .def_rw("acceleratorCache", &MemoryConfig::acceleratorCache)
        .def_rw("ioCache", &MemoryConfig::ioCache)
        .def_rw("l2Bus", &MemoryConfig::l2Bus)
        .def_rw("memoryBus", &MemoryConfig::memoryBus)
        .def_rw("dram", &MemoryConfig::dram)
        .def_rw("isDmaCoherent", &MemoryConfig::isDmaCoherent);
}

void bindDram(nb::module_& module) {
    nb::class_<DramConfig>(module, "DramConfig")
        .def(nb::init<>())
        .def_rw("channels", &DramConfig::channels)
        .def_rw("ranks", &DramConfig::ranks)
        .def_rw("banks", &DramConfig::banks)
        .def_rw("bankGroups", &DramConfig::bankGroups)
        .def_rw("rowBytes", &DramConfig::rowBytes)
        .def_rw("burstBytes", &DramConfig::burstBytes)
        .def_rw("tRCD", &DramConfig::tRCD)
        .def_rw("tRP", &DramConfig::tRP)
        .def_rw("tCL", &DramConfig::tCL)
        .def_rw("tRAS", &DramConfig::tRAS)
        .def_rw("tBURST", &DramConfig::tBURST)
        .def_rw("tWR", &DramConfig::tWR)
        .def_rw("tRTP", &DramConfig::tRTP)
        .def_rw("tRRD", &DramConfig::tRRD)
        .def_rw("tCCD_L", &DramConfig::tCCD_L)
        .def_rw("tWTR", &DramConfig::tWTR)
        .def_rw("tRTW", &DramConfig::tRTW)
        .def_rw("tXAW", &DramConfig::tXAW)
        .def_rw("tRFC", &DramConfig::tRFC)
        .def_rw("tREFI", &DramConfig::tREFI)
        .def_rw("frontendLatencyTicks", &DramConfig::frontendLatencyTicks)
        .def_rw("backendLatencyTicks", &DramConfig::backendLatencyTicks)
        .def_rw("readQueueEntries", &DramConfig::readQueueEntries)
        .def_rw("writeQueueEntries", &DramConfig::writeQueueEntries);
}

void bindHost(nb::module_& module) {
    nb::class_<HostConfig>(module, "HostConfig")
        .def(nb::init<>())
        .def_rw("threads", &HostConfig::threads)
        .def_rw("clockTicks", &HostConfig::clockTicks)
        .def_rw("milliTicksPerInstruction", &HostConfig::milliTicksPerInstruction)
        .def_rw("maximumOutstandingMisses", &HostConfig::maximumOutstandingMisses)
        .def_rw("maximumOutstandingStores", &HostConfig::maximumOutstandingStores)
        .def_rw("storeLineTicks", &HostConfig::storeLineTicks)
        .def_rw("uncachedWriteTicks", &HostConfig::uncachedWriteTicks)
        .def_rw("handoffTicks", &HostConfig::handoffTicks)
        .def_rw("dispatchTicks", &HostConfig::dispatchTicks)
        .def_rw("submitTicks", &HostConfig::submitTicks)
        .def_rw("doorbellTicks", &HostConfig::doorbellTicks)
        .def_rw("isPolling", &HostConfig::isPolling)
        .def_rw("pollIntervalTicks", &HostConfig::pollIntervalTicks)
        .def_rw("uncachedReadTicks", &HostConfig::uncachedReadTicks)
        .def_rw("interruptLatencyTicks", &HostConfig::interruptLatencyTicks)
        .def_rw("interruptHandlerTicks", &HostConfig::interruptHandlerTicks)
        .def_rw("wakeupTicks", &HostConfig::wakeupTicks)
        .def_rw("flushLineTicks", &HostConfig::flushLineTicks)
        .def_rw("flushMaximumOutstanding", &HostConfig::flushMaximumOutstanding)
        .def_rw("fenceTicks", &HostConfig::fenceTicks);
}

void bindAccelerator(nb::module_& module) {
    nb::class_<PortConfig>(module, "PortConfig")
        .def(nb::init<>())
        .def_rw("burstBytes", &PortConfig::burstBytes)
        .def_rw("maximumOutstanding", &PortConfig::maximumOutstanding)
        .def_rw("setupTicks", &PortConfig::setupTicks);
    nb::class_<AcceleratorConfig>(module, "AcceleratorConfig")
        .def(nb::init<>())
        .def_rw("clockTicks", &AcceleratorConfig::clockTicks)
        .def_rw("units", &AcceleratorConfig::units)
        .def_rw("queueDepth", &AcceleratorConfig::queueDepth)
        .def_rw("isKernelMode", &AcceleratorConfig::isKernelMode)
        .def_rw("tlbEntries", &AcceleratorConfig::tlbEntries)
        .def_rw("dma", &AcceleratorConfig::dma)
        .def_rw("acp", &AcceleratorConfig::acp)
        .def_rw("cache", &AcceleratorConfig::cache);
}

}  // namespace

void bindConfiguration(nb::module_& module) {
    bindDram(module);
    bindMemory(module);
    bindHost(module);
    bindAccelerator(module);
    nb::class_<EngineConfig>(module, "EngineConfig")
        .def(nb::init<>())
        .def_rw("memory", &EngineConfig::memory)
        .def_rw("host", &EngineConfig::host)
        .def_rw("accelerator", &EngineConfig::accelerator);
}

}  // namespace harness
