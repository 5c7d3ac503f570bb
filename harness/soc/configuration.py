"""Target to engine configuration: every latency in ticks, every name as in `engine_config.hh`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.base.units import period_ticks
from harness.soc import _engine

if TYPE_CHECKING:
    from harness.target.soc import AcceleratorCacheSpec, CacheSpec, DramSpec
    from harness.target.target import Target

WRITE_BUFFERS = 8
"""Evicted lines that wait. Source: gem5 v25 src/mem/cache/Cache.py `write_buffers`."""
L2_BUS_WIDTH_BYTES = 32
"""Source: gem5 v25 src/mem/XBar.py `L2XBar.width`."""
L2_BUS_LATENCY_CYCLES = 1
"""Of the core's clock, each way. Source: gem5 v25 src/mem/XBar.py `L2XBar`."""
TURNAROUND_CLOCKS = 2
"""Read to write on the DRAM's data bus. Source: gem5 v25 src/mem/DRAMInterface.py `tRTW`, 2 tCK."""

_DRAM_FIELDS = {
    "channels": "channels",
    "ranks": "ranks",
    "banks": "banks",
    "bankGroups": "bank_groups",
    "rowBytes": "row_bytes",
    "burstBytes": "burst_bytes",
    "tRCD": "tRCD_ticks",
    "tRP": "tRP_ticks",
    "tCL": "tCL_ticks",
    "tRAS": "tRAS_ticks",
    "tBURST": "tBURST_ticks",
    "tWR": "tWR_ticks",
    "tRTP": "tRTP_ticks",
    "tRRD": "tRRD_ticks",
    "tCCD_L": "tCCD_L_ticks",
    "tWTR": "tWTR_ticks",
    "tRFC": "tRFC_ticks",
    "tREFI": "tREFI_ticks",
    "frontendLatencyTicks": "frontend_latency_ticks",
    "backendLatencyTicks": "backend_latency_ticks",
    "readQueueEntries": "read_queue_entries",
    "writeQueueEntries": "write_queue_entries",
}


def engine_config(target: Target, *, threads: int, units: int, is_kernel_mode: bool) -> Any:
    """Return the `EngineConfig` of a target.

    Args:
        target: The SoC.
        threads: Host threads, the dispatching one included.
        units: Units of the accelerator model.
        is_kernel_mode: Whether Launch carries operand bytes.
    """
    config = _engine.EngineConfig()
    config.memory = _memory(target)
    config.host = _host(target, threads)
    config.accelerator = _accelerator(target, units)
    config.accelerator.isKernelMode = is_kernel_mode
    return config


def _cache(spec: CacheSpec | AcceleratorCacheSpec) -> Any:
    config = _engine.CacheConfig()
    latency = spec.hit_latency_cycles * period_ticks(spec.clock_hz)
    config.sizeBytes = spec.size_bytes
    config.associativity = spec.associativity
    config.hitTicks = config.missTicks = config.fillTicks = latency
    config.mshrs = spec.mshrs
    config.writeBuffers = WRITE_BUFFERS
    return config


def _bus(clock_ticks: int, width_bytes: int, latency_cycles: int, queue_depth: int) -> Any:
    config = _engine.BusConfig()
    config.clockTicks = clock_ticks
    config.widthBytes = width_bytes
    config.requestTicks = config.responseTicks = latency_cycles * clock_ticks
    config.queueDepth = queue_depth
    return config


def _dram(spec: DramSpec) -> Any:
    config = _engine.DramConfig()
    for name, key in _DRAM_FIELDS.items():
        setattr(config, name, getattr(spec, key))
    config.tRTW = TURNAROUND_CLOCKS * spec.tCK_ticks
    return config


def _memory(target: Target) -> Any:
    config = _engine.MemoryConfig()
    bus = target.bus
    config.lineBytes = target.line_bytes
    config.cores = target.cpu.cores
    config.l1d = _cache(target.l1d)
    config.l2 = _cache(target.l2)
    config.acp = _cache(target.acp)
    config.acceleratorCache = _cache(target.accelerator_cache)
    config.ioCache = _cache(target.io_cache)
    config.l2Bus = _bus(
        period_ticks(target.l2.clock_hz), L2_BUS_WIDTH_BYTES, L2_BUS_LATENCY_CYCLES, bus.queue_depth
    )
    config.memoryBus = _bus(
        period_ticks(bus.clock_hz), bus.width_bytes, bus.latency_cycles, bus.queue_depth
    )
    config.dram = _dram(target.dram)
    config.isDmaCoherent = target.dma.coherent
    return config


def _host(target: Target, threads: int) -> Any:
    config = _engine.HostConfig()
    cpu, driver = target.cpu, target.driver
    clock_ticks = period_ticks(cpu.clock_hz)
    config.threads = threads
    config.clockTicks = clock_ticks
    config.milliTicksPerInstruction = round(1000 * cpu.cycles_per_instruction * clock_ticks)
    config.maximumOutstandingMisses = cpu.maximum_outstanding_misses
    config.maximumOutstandingStores = cpu.maximum_outstanding_stores
    config.storeLineTicks = cpu.store_line_cycles * clock_ticks
    config.uncachedWriteTicks = cpu.uncached_write_ticks
    config.uncachedReadTicks = cpu.uncached_read_ticks
    config.handoffTicks = cpu.thread_handoff_ticks
    config.dispatchTicks = cpu.step_dispatch_ticks
    config.submitTicks = driver.submit_ticks
    config.doorbellTicks = driver.doorbell_ticks
    config.isPolling = driver.wait == "polling"
    config.pollIntervalTicks = driver.poll_interval_ticks
    config.interruptLatencyTicks = driver.interrupt_latency_ticks
    config.interruptHandlerTicks = driver.interrupt_handler_ticks
    config.wakeupTicks = driver.wakeup_ticks
    config.flushLineTicks = driver.flush_line_cycles * clock_ticks
    config.flushMaximumOutstanding = driver.flush_maximum_outstanding
    config.fenceTicks = driver.fence_ticks
    return config


def _accelerator(target: Target, units: int) -> Any:
    config = _engine.AcceleratorConfig()
    config.clockTicks = period_ticks(target.accelerator.clock_hz)
    config.units = units
    config.queueDepth = target.accelerator_queue_depth
    config.tlbEntries = target.accelerator.tlb_entries
    dma = target.dma
    outstanding = dma.maximum_outstanding
    if dma.coherent:
        outstanding = min(outstanding, target.io_cache.maximum_outstanding)
    config.dma = _port(dma.burst_bytes, outstanding, dma.setup_ticks)
    config.acp = _port(target.line_bytes, target.acp.maximum_outstanding, 0)
    config.cache = _port(target.line_bytes, target.accelerator_cache.maximum_outstanding, 0)
    return config


def _port(burst_bytes: int, outstanding: int, setup_ticks: int) -> Any:
    config = _engine.PortConfig()
    config.burstBytes = burst_bytes
    config.maximumOutstanding = outstanding
    config.setupTicks = setup_ticks
    return config
