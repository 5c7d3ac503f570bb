"""Writes the logs of a gem5 run that never was: events, device records, marks, kernel time."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from harness.compiler.program import (
    Assignment,
    Invoke,
    OperatorInfo,
    Prepare,
    Program,
    RunOnCpu,
    Step,
    Wait,
)
from harness.run.gem5.timeline import build_timelines
from harness.stats.phases import attribute
from harness.stats.timeline import NO_INDEX, TIMELINE_DTYPE

if TYPE_CHECKING:
    from pathlib import Path

    from harness.run.gem5.timeline import GuestInference, GuestTimelines

BEGIN, WAIT, END, SYNC, INFERENCE = 1, 2, 3, 4, 5
PERIOD = 500
"""Ticks per count: a CPU at 2 GHz."""
OFFSET = 123_457
"""Tick at which the guest's counter was 0."""
KERNEL = 0xFFFFFFFF81000000
USER = 0x401000

SYMBOLS = f"""
{KERNEL:016x} T _stext
{KERNEL + 0x1000:016x} T entry_SYSCALL_64
{KERNEL + 0x1000:016x} T __entry_text_start
{KERNEL + 0x1100:016x} T asm_exc_page_fault
{KERNEL + 0x1110:016x} T asm_exc_int3
{KERNEL + 0x1200:016x} t irq_entries_start
{KERNEL + 0x1800:016x} T asm_common_interrupt
{KERNEL + 0x1900:016x} T asm_sysvec_apic_timer_interrupt
{KERNEL + 0x1A00:016x} T asm_sysvec_reschedule_ipi
{KERNEL + 0x1B00:016x} T asm_sysvec_thermal
{KERNEL + 0x1100:016x} D some_data
                 U undefined_elsewhere
"""


def program_of(items: tuple[int, ...] = (2, 1)) -> Program:
    """Return a program with one operator per work item, of which each has so many commands.

    Its commands are numbered against the order of the items, so that no index is right by chance.
    """
    steps: list[Step] = []
    command = sum(items)
    for item, count in enumerate(items):
        steps.append(Step(item, Prepare(0, 0)))
        for position in range(count):
            command -= 1
            steps.append(Step(item, Invoke(item, command, 0, position == count - 1)))
        steps.append(Step(item, Wait(item, 1)))
    steps.append(Step(len(items), RunOnCpu(0)))
    operators = tuple(
        OperatorInfo(f"op{i}", "conv2d", 1, is_accelerated=True) for i in range(len(items) + 1)
    )
    tables: dict[str, tuple[()]] = dict.fromkeys(
        ("windows", "buffers", "copies", "ranges", "cpu_operators", "input_buffers"), ()
    )
    return Program(
        name="made up",
        policy="traffic",
        line_bytes=64,
        assignment=Assignment.ROUND_ROBIN,
        operators=operators,
        commands=tuple(bytes(64) for _ in range(sum(items))),
        steps=tuple(steps),
        output_buffers=(),
        **tables,
    )


def ticks_of(counter: int) -> int:
    return counter * PERIOD + OFFSET


def event(
    counter: int, kind: int, phase: int = 0, *, thread: int = 0, step: int = NO_INDEX, arg: int = 0
) -> bytes:
    return struct.pack("<QIIIIQ", counter, kind, thread, phase, step, arg)


def sync(counter: int, error_ticks: int = 0) -> bytes:
    return event(counter, SYNC, arg=ticks_of(counter) + error_ticks)


def inference(counter: int, number: int, begins: int) -> bytes:
    return event(counter, INFERENCE, begins, arg=number)


def device(
    kind: int,
    begin: int,
    end: int,
    *,
    track: int = 0,
    detail: int = 0,
    item: int = 0,
    command: int = 0,
    size: int = 0,
) -> bytes:
    """Return a record between two counts of the guest's clock."""
    record = np.zeros(1, TIMELINE_DTYPE)
    record["begin"], record["end"] = ticks_of(begin), ticks_of(end)
    record["kind"], record["track"], record["detail"] = kind, track, detail
    record["operator"], record["node"] = NO_INDEX, NO_INDEX
    record["item"], record["command"], record["bytes"] = item, command, size
    return record.tobytes()


def mark(counter: int, code: int, argument: int = 0) -> bytes:
    return struct.pack("<QQQ", ticks_of(counter), code, argument)


def kernel(begin: int, end: int, entry: int = 0x1000) -> bytes:
    """Return a stay in the kernel between two counts, by the entry at this distance."""
    way_in = struct.pack("<QQ", ticks_of(begin), KERNEL + entry)
    return way_in + struct.pack("<QQ", ticks_of(end), USER)


@dataclass
class Logs:
    """What the files of a run hold."""

    events: list[bytes] = field(default_factory=list)
    device: list[bytes] = field(default_factory=list)
    marks: list[bytes] = field(default_factory=list)
    kernel: dict[int, list[bytes]] = field(default_factory=dict)

    def write(self, directory: Path) -> Path:
        """Write the files; SYNC events stand around the others."""
        counters = [struct.unpack_from("<Q", each)[0] for each in self.events]
        last = max(counters, default=0)
        events = [sync(min(counters, default=0)), *self.events, sync(last)]
        (directory / "events.bin").write_bytes(b"".join(events))
        (directory / "device_timeline.bin").write_bytes(b"".join(self.device))
        (directory / "marks.bin").write_bytes(b"".join(self.marks))
        for cpu, records in self.kernel.items():
            (directory / f"kernel_time_{cpu}.bin").write_bytes(b"".join(records))
        return directory


def one_inference(*events: bytes, end: int = 1000) -> Logs:
    """Return logs of one inference from count 100 on."""
    marks = [mark(40, 2), mark(100, 3), mark(end, 4)]
    return Logs([inference(100, 0, 1), *events, inference(end, 0, 0)], marks=marks)


def full_system(logs: Logs, directory: Path, *, symbols: str = SYMBOLS) -> GuestTimelines:
    path = None
    if symbols:
        path = directory / "kernel_symbols.txt"
        path.write_text(symbols)
    return build_timelines(
        logs.write(directory), program_of(), PERIOD, is_full_system=True, symbols=path
    )


def counts(inference: GuestInference) -> dict[str, int]:
    """Return the phases in counts of the guest's clock."""
    segments = attribute(inference.timeline, inference.begin_tick, inference.end_tick)
    spent = segments.ticks_by_phase()
    assert all(ticks % PERIOD == 0 for ticks in spent.values())
    return {phase.label: ticks // PERIOD for phase, ticks in spent.items() if ticks}
