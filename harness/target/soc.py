# ruff: noqa: N815 - DRAM timing names are JEDEC's; annotations are read at run time
"""Parts of the SoC around the accelerators; every field's value has its source in the TOML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from harness.target.quantities import (
    Count,
    Cycles,
    Flag,
    FrequencyHz,
    PositiveTimeTicks,
    Quantity,
    Ratio,
    SizeBytes,
    Text,
    TimeTicks,
)


@dataclass(frozen=True, slots=True)
class CpuSpec:
    """Identical out-of-order cores.

    Attributes:
        cores: Number of cores.
        clock_hz: Their clock.
        cycles_per_instruction: Without memory stalls; memory is simulated.
        maximum_outstanding_misses: Misses that one core overlaps.
        maximum_outstanding_stores: Store misses that one core overlaps. x86 makes stores visible
            in order; a core without prefetch for ownership sends one at a time.
        store_line_cycles: CPU cycles of a copy's stores to one line that is in the cache.
        uncached_write_ticks: A store to a device register, until the core goes on.
        uncached_read_ticks: A load from a device register, until its value is there.
        step_dispatch_ticks: The runtime's own work per program step.
        thread_handoff_ticks: From one thread's post to the waiting worker's first instruction.
    """

    cores: Annotated[int, Quantity("count", minimum=1, maximum=64)]
    clock_hz: FrequencyHz
    cycles_per_instruction: Ratio
    maximum_outstanding_misses: Count
    maximum_outstanding_stores: Count
    store_line_cycles: Cycles
    uncached_write_ticks: TimeTicks
    uncached_read_ticks: TimeTicks
    step_dispatch_ticks: TimeTicks
    thread_handoff_ticks: TimeTicks


@dataclass(frozen=True, slots=True)
class CacheSpec:
    """A set-associative write-back cache; `hit_latency_cycles` count in `clock_hz`."""

    size_bytes: SizeBytes
    associativity: Count
    hit_latency_cycles: Cycles
    mshrs: Count
    clock_hz: FrequencyHz


@dataclass(frozen=True, slots=True)
class BusSpec:
    """The coherent system bus between caches, ports and DRAM.

    Attributes:
        clock_hz: The bus clock.
        width_bytes: Bytes per cycle and direction.
        latency_cycles: Cycles of one crossing, charged once per direction.
        queue_depth: Requests that may wait per port; a full queue stops the port.
    """

    clock_hz: FrequencyHz
    width_bytes: SizeBytes
    latency_cycles: Cycles
    queue_depth: Count


@dataclass(frozen=True, slots=True)
class DramSpec:
    """An open-page DRAM channel group; timing names are JEDEC's.

    Attributes:
        name: The data set's name.
        tCK_ticks: Clock period.
        channels: Independent channels, interleaved by burst.
        ranks: Ranks per channel.
        banks: Banks per rank, over all bank groups.
        bank_groups: Bank groups per rank; 1 if the part has none.
        row_bytes: Row buffer of one rank of one channel.
        burst_bytes: Bytes of one burst of one channel.
    """

    name: Text
    tCK_ticks: PositiveTimeTicks
    channels: Count
    ranks: Count
    banks: Count
    bank_groups: Count
    row_bytes: SizeBytes
    burst_bytes: SizeBytes
    tCL_ticks: PositiveTimeTicks
    tRCD_ticks: PositiveTimeTicks
    tRP_ticks: PositiveTimeTicks
    tRAS_ticks: PositiveTimeTicks
    tBURST_ticks: PositiveTimeTicks
    tWR_ticks: TimeTicks
    tRTP_ticks: TimeTicks
    tRRD_ticks: TimeTicks
    tCCD_L_ticks: TimeTicks
    tWTR_ticks: TimeTicks
    tRFC_ticks: TimeTicks
    tREFI_ticks: PositiveTimeTicks
    frontend_latency_ticks: TimeTicks
    backend_latency_ticks: TimeTicks
    read_queue_entries: Count
    write_queue_entries: Count


@dataclass(frozen=True, slots=True)
class DmaSpec:
    """A DMA engine per accelerator.

    Attributes:
        coherent: Behind the I/O cache; if not, software flushes and invalidates.
        burst_bytes: Size of one request.
        maximum_outstanding: Requests in flight.
        setup_ticks: Before the first request of each transfer.
    """

    coherent: Flag
    burst_bytes: SizeBytes
    maximum_outstanding: Count
    setup_ticks: TimeTicks


@dataclass(frozen=True, slots=True)
class AcceleratorCacheSpec:
    """A coherent cache between an accelerator's port and the bus (acp, cache, I/O cache)."""

    size_bytes: SizeBytes
    associativity: Count
    hit_latency_cycles: Cycles
    mshrs: Count
    maximum_outstanding: Count
    clock_hz: FrequencyHz


@dataclass(frozen=True, slots=True)
class DriverSpec:
    """Costs of the driver and the operating system on the way to an accelerator and back.

    Attributes:
        submit_ticks: Beside the copy to the ring, its flush and the doorbell, which are simulated:
            checks, and the system call where there is one.
        doorbell_ticks: The doorbell store on its way to the device.
        wait: "interrupt" sleeps in the kernel, "polling" reads a completion word.
        interrupt_latency_ticks: From the accelerator's wire to the handler's first instruction.
        interrupt_handler_ticks: The handler itself.
        wakeup_ticks: From the handler's wake-up to the sleeping thread's first instruction.
        poll_interval_ticks: From one look at the completion register to the next.
        flush_line_cycles: CPU cycles to issue one flush or invalidate instruction; the write-back
            itself is simulated.
        flush_maximum_outstanding: Flushes that one core overlaps.
        fence_ticks: The fence after the last flush.
        memory: Where a program's windows lie: "dma" in blocks that the driver allocates, "pinned"
            in pages of the process, which the driver pins and the device finds by a list.
    """

    submit_ticks: TimeTicks
    doorbell_ticks: TimeTicks
    wait: Annotated[str, Quantity("word", words=("interrupt", "polling"))]
    interrupt_latency_ticks: TimeTicks
    interrupt_handler_ticks: TimeTicks
    wakeup_ticks: TimeTicks
    poll_interval_ticks: PositiveTimeTicks
    flush_line_cycles: Cycles
    flush_maximum_outstanding: Count
    fence_ticks: TimeTicks
    memory: Annotated[str, Quantity("word", words=("dma", "pinned"))] = "dma"
