"""From the logs of a gem5 run to one timeline per inference, as the embedded SoC's engine makes it.

The event log says what the guest's threads did, the device's log what the accelerators did, and in
full system the probes' logs when each CPU was in the kernel. Thread i runs on CPU i.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from harness.run.gem5.device_log import (
    DEVICE_FILE,
    MARKS_FILE,
    Mark,
    read_device_timeline,
    read_marks,
)
from harness.run.gem5.guest_log import EVENTS_FILE, read_guest_log
from harness.run.gem5.host_records import (
    DISPATCHER,
    clipped,
    thread_records,
    with_handoffs,
    with_kernel_time,
)
from harness.run.gem5.kernel_time import KernelSymbols, read_kernel_time
from harness.run.gem5.os_counters import REPORT_FILE, OsCounters, kernel_entries, read_report
from harness.stats.timeline import empty_timeline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.compiler.program import Program
    from harness.run.gem5.device_log import Marks
    from harness.run.gem5.guest_log import GuestLog
    from harness.run.gem5.kernel_time import KernelTime
    from harness.run.gem5.os_counters import KernelEntries
    from harness.stats.timeline import Timeline


@dataclass(frozen=True, slots=True)
class GuestInference:
    """One inference as the guest saw it; track 0 of the timeline tiles [begin, end)."""

    begin_tick: int
    end_tick: int
    timeline: Timeline
    os: OsCounters


@dataclass(frozen=True, slots=True)
class GuestTimelines:
    """All inferences of a run, the cold one first.

    Attributes:
        inferences: In order.
        load_ticks: From the runtime's start to READY: the program is read, windows are allocated
            and weights copied; it lies before all inferences.
        counters: What the guest counted over the whole run.
    """

    inferences: tuple[GuestInference, ...]
    load_ticks: int
    counters: Mapping[str, float] = field(default_factory=dict)


def build_timelines(
    output_directory: Path,
    program: Program,
    clock_period_ticks: int,
    *,
    is_full_system: bool = False,
    symbols: Path | None = None,
    start_tick: int | None = None,
    accelerators: int | None = None,
) -> GuestTimelines:
    """Read the logs of a run that came to its end.

    Args:
        output_directory: gem5's output directory.
        program: What ran.
        clock_period_ticks: Period of the CPU clock.
        is_full_system: Whether an operating system ran, and probes logged its time.
        symbols: The kernel's symbols as `nm` lists them; without them its entries have no names.
        start_tick: When the simulation began, or was restored; 0 for a process that gem5 starts.
            A mark of the checkpoint counts more; without either, the first event counts.
        accelerators: Their number, to check the device's records against; None for any.

    Raises:
        StatsError: A log is missing, malformed, or contradicts the program or another log.
    """
    log = read_guest_log(output_directory / EVENTS_FILE, len(program.steps), clock_period_ticks)
    marks = read_marks(output_directory / MARKS_FILE)
    device = read_device_timeline(output_directory / DEVICE_FILE, program, accelerators)
    names = KernelSymbols.read(symbols) if is_full_system and symbols is not None else None
    kernel = read_kernel_time(output_directory, names) if is_full_system else {}
    logged = _logged_records(log, program)
    records = _host_records(logged, kernel)
    counters, of_inference = read_report(output_directory / REPORT_FILE, len(log.windows))
    return GuestTimelines(
        tuple(
            GuestInference(
                begin,
                end,
                _inference_timeline(records, device, begin, end),
                OsCounters(
                    _entries(kernel, logged, (begin, end), has_names=names is not None), own
                ),
            )
            for (begin, end), own in zip(log.windows, of_inference, strict=True)
        ),
        _load_ticks(marks, log, start_tick),
        counters,
    )


def _logged_records(log: GuestLog, program: Program) -> dict[int, Timeline]:
    operators = np.array([step.operator for step in program.steps], dtype=np.int64)
    return {thread: thread_records(log, thread, operators) for thread in log.threads}


def _host_records(
    logged: Mapping[int, Timeline], kernel: Mapping[int, KernelTime]
) -> dict[int, Timeline]:
    """Return the threads' records with the kernel's time in them."""
    records = {
        thread: with_kernel_time(own, kernel[thread]) if thread in kernel else own
        for thread, own in logged.items()
    }
    if DISPATCHER in kernel:
        workers = [own for thread, own in logged.items() if thread != DISPATCHER]
        own = records[DISPATCHER]
        records[DISPATCHER] = with_handoffs(own, kernel[DISPATCHER], workers)
    return records


def _inference_timeline(
    records: Mapping[int, Timeline], device: Timeline, begin: int, end: int
) -> Timeline:
    """Return an inference's records: the threads' cut to the window, the device's whole."""
    touches = (device["begin"] < end) & ((device["end"] > begin) | (device["begin"] >= begin))
    pieces = [clipped(own, begin, end) for own in records.values()]
    timeline = np.concatenate([*pieces, device[touches]])
    keys = ("detail", "node", "command", "track", "kind", "end", "begin")
    ordered: Timeline = timeline[np.lexsort([timeline[key] for key in keys])]
    return ordered


def _entries(
    kernel: Mapping[int, KernelTime],
    logged: Mapping[int, Timeline],
    window: tuple[int, int],
    *,
    has_names: bool,
) -> tuple[KernelEntries, ...]:
    begin, end = window
    found = [
        kernel_entries(time, logged.get(cpu, empty_timeline()), begin, end, has_names=has_names)
        for cpu, time in kernel.items()
    ]
    return tuple(entry for entries in found for entry in entries)


def _load_ticks(marks: Marks, log: GuestLog, start_tick: int | None) -> int:
    """Return the ticks from the runtime's start to READY; 0 if the guest never said READY."""
    ready = marks["tick"][marks["code"] == Mark.READY]
    if not len(ready):
        return 0
    checkpoints = marks["tick"][(marks["code"] == Mark.CHECKPOINT) & (marks["tick"] <= ready[0])]
    if len(checkpoints):
        start = int(checkpoints[-1])
    else:
        start = log.first_tick if start_tick is None else start_tick
    return max(int(ready[0]) - start, 0)
