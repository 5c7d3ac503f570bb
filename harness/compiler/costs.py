"""What a command costs, in ticks, as far as the target and the model's description say.

Used only to choose between tilings; the simulator decides what a tiling really takes. All costs are
whole ticks (1 ps).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.bridge.description import ModelDescription
    from harness.target import Target

TICKS_PER_SECOND = 10**12
COPY_LINE_INSTRUCTIONS = 7
COPY_RUN_INSTRUCTIONS = 32
"""Of harness/kernels' strided copy, per destination line and per run. Source: callgrind,
harness/kernels/costs.json, routine copy_nd."""
DESCRIPTOR_LINES = 8
"""Lines of a descriptor: 512 B for three operands and up to ten attributes (proto/README.md 6)."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Prices of what tilings differ in. The defaults are the shipped target smaug's.

    Attributes:
        cycle_ticks: The accelerator's clock.
        lanes: Elements that a scratchpad port moves per cycle: the model's channel alignment.
        fill_cycles: Filling a pipelined loop once: a multiplication and an addition.
        piece_bytes: Largest piece that one transfer moves.
        piece_ticks: Setting up a piece, and the latency of its first burst.
        kib_ticks: Moving 1 KiB with as many bursts in flight as the port allows.
        shared_kib_ticks: Moving 1 KiB at the full rate of bus and DRAM, which all ports share.
        submit_ticks: Host time to submit a command: its descriptor's lines are stored to a ring
            that no cache holds, flushed if the device does not see caches, and the doorbell rung.
        start_ticks: Doorbell to the first transfer: the descriptor is fetched.
        end_ticks: Last command's end to the waiting thread.
        queue_depth: Commands that an accelerator's ring holds.
        copy_line_ticks: Copying a line between a tensor and a tile, both from memory, and flushing.
        copy_run_ticks: Once per contiguous run.
    """

    cycle_ticks: int = 1_000
    lanes: int = 8
    fill_cycles: int = 9
    piece_bytes: int = 4096
    piece_ticks: int = 106_900
    kib_ticks: int = 80_000
    shared_kib_ticks: int = 80_000
    submit_ticks: int = 600_000
    start_ticks: int = 233_800
    end_ticks: int = 3_500_000
    queue_depth: int = 16
    copy_line_ticks: int = 14_780
    copy_run_ticks: int = 6_400

    def transfer_ticks(self, size_bytes: int) -> int:
        """Return the time of one operand's transfer, converted piece by piece."""
        pieces = -(-size_bytes // self.piece_bytes)
        converted = size_bytes // 2 // self.lanes * self.cycle_ticks
        return pieces * self.piece_ticks + size_bytes * self.kib_ticks // 1024 + converted


def costs_of(target: Target, description: ModelDescription) -> Costs:
    """Return the costs on a target with a model.

    A latency counts the bus both ways, DRAM's controller and an access to a closed row; a port
    cannot move more than its bursts in flight per latency (Little's law).
    """
    dram, dma, bus, cpu = target.dram, target.dma, target.bus, target.cpu
    latency = 2 * bus.latency_cycles * TICKS_PER_SECOND // bus.clock_hz
    latency += dram.frontend_latency_ticks + dram.backend_latency_ticks
    latency += dram.tRCD_ticks + dram.tCL_ticks + dram.tBURST_ticks
    of_bus = TICKS_PER_SECOND * 1024 // (bus.clock_hz * bus.width_bytes)
    of_dram = dram.tBURST_ticks * 1024 // (dram.burst_bytes * dram.channels)
    of_port = latency * 1024 // (dma.maximum_outstanding * dma.burst_bytes)
    instruction = cpu.cycles_per_instruction * TICKS_PER_SECOND / cpu.clock_hz
    miss = latency // cpu.maximum_outstanding_misses
    cycle = TICKS_PER_SECOND // cpu.clock_hz
    store_line = cpu.store_line_cycles * cycle
    store = latency // cpu.maximum_outstanding_stores + store_line
    driver = target.driver
    flush = 0 if dma.coherent else _flush_ticks(target)
    numbers = description.parameters
    multiply, add = numbers.get("multiply_latency_cycles", 4), numbers.get("add_latency_cycles", 5)
    return Costs(
        cycle_ticks=TICKS_PER_SECOND // target.accelerator.clock_hz,
        lanes=description.channel_alignment,
        fill_cycles=_whole(multiply, 4) + _whole(add, 5),
        piece_bytes=_whole(numbers.get("transfer_bytes"), 4096),
        piece_ticks=dma.setup_ticks + latency,
        kib_ticks=max(of_bus, of_dram, of_port),
        shared_kib_ticks=max(of_bus, of_dram),
        submit_ticks=driver.submit_ticks
        + cpu.uncached_write_ticks
        + DESCRIPTOR_LINES * (store + flush),
        start_ticks=driver.doorbell_ticks + 2 * latency,
        end_ticks=driver.interrupt_latency_ticks
        + driver.interrupt_handler_ticks
        + driver.wakeup_ticks,
        queue_depth=target.accelerator_queue_depth,
        copy_line_ticks=max(round(COPY_LINE_INSTRUCTIONS * instruction), store_line)
        + miss
        + latency // cpu.maximum_outstanding_stores
        + flush,
        copy_run_ticks=round(COPY_RUN_INSTRUCTIONS * instruction),
    )


def _flush_ticks(target: Target) -> int:
    """Return the time to flush one line: its way to the bus's other end and back."""
    l1d, l2, bus, driver = target.l1d, target.l2, target.bus, target.driver
    way = (
        l1d.hit_latency_cycles * TICKS_PER_SECOND // l1d.clock_hz
        + l2.hit_latency_cycles * TICKS_PER_SECOND // l2.clock_hz
        + bus.latency_cycles * TICKS_PER_SECOND // bus.clock_hz
    )
    issue = driver.flush_line_cycles * TICKS_PER_SECOND // target.cpu.clock_hz
    return issue + 2 * way // driver.flush_maximum_outstanding


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) and value > 0 else default
