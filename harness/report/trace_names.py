"""Processes, threads and names of a trace's events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.report.trace_lanes import MOST_LANES
from harness.stats.phases import Phase
from harness.stats.timeline import INTERFACE_NAMES, TimelineKind, WaitReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.stats.timeline import Timeline

HOST_PROCESS = 1
INFERENCE_PROCESS = 2
FIRST_ACCELERATOR_PROCESS = 10
PHASE_THREAD = 1
OPERATOR_THREAD = 2
COMMAND_THREADS = 1000
INTERRUPT_THREADS = 2000
UNIT_THREADS = 10_000
TRANSFER_THREADS = 10_000_000
"""First threads of an accelerator's kinds of rows; units and interfaces are 16 bits wide."""

WAIT_NAMES = {
    WaitReason.ACCELERATORS: "wait for accelerators",
    WaitReason.WORKERS: "wait for workers",
    WaitReason.OTHER: "wait",
}


@dataclass(frozen=True, slots=True)
class Track:
    """One row of the trace."""

    process: int
    thread: int
    owner: str
    name: str


def event_time(ticks: int) -> str:
    """Return ticks as microseconds, exactly."""
    return f"{ticks // 10**6}.{ticks % 10**6:06}"


def base_threads(timeline: Timeline) -> Any:
    """Return the first thread of each record's rows; its lane is added to it."""
    kind = timeline["kind"].astype(np.int64)
    detail = timeline["detail"].astype(np.int64) * MOST_LANES
    first: dict[int, Any] = {
        TimelineKind.COMMAND: COMMAND_THREADS,
        TimelineKind.INTERRUPT: INTERRUPT_THREADS,
        TimelineKind.UNIT: UNIT_THREADS + detail,
        TimelineKind.TRANSFER: TRANSFER_THREADS + detail,
    }
    threads: Any = timeline["track"].astype(np.int64)
    for each, own in first.items():
        threads = np.where(kind == each, own, threads)
    return threads


def track_name(kind: int, track: int, detail: int, units: Sequence[str]) -> str:
    """Return the name of a row, without its lane."""
    if kind == TimelineKind.COMMAND:
        return "commands"
    if kind == TimelineKind.INTERRUPT:
        return "interrupts"
    if kind == TimelineKind.UNIT:
        return f"unit {units[detail] if detail < len(units) else detail}"
    if kind == TimelineKind.TRANSFER:
        return INTERFACE_NAMES.get(detail, str(detail))
    return "dispatching thread" if track == 0 else f"worker {track}"


def event_names(timeline: Timeline, operators: Sequence[str], units: Sequence[str]) -> list[str]:
    """Return every record's name as JSON; a name is made once for all records that share it."""
    keys = timeline[["kind", "detail", "operator"]]
    unique, inverse = np.unique(keys, return_inverse=True)
    names = [
        json.dumps(_event_name(int(kind), int(detail), _named(operators, int(operator)), units))
        for kind, detail, operator in unique.tolist()
    ]
    return [names[index] for index in inverse.tolist()]


def _event_name(kind: int, detail: int, operator: str, units: Sequence[str]) -> str:
    if kind == TimelineKind.HOST:
        return f"{Phase(detail).label} {operator}".rstrip()
    if kind == TimelineKind.HOST_WAIT:
        return WAIT_NAMES[WaitReason(detail)]
    if kind == TimelineKind.COMMAND:
        return operator or "command"
    if kind == TimelineKind.UNIT:
        return operator or _named(units, detail) or f"unit {detail}"
    if kind == TimelineKind.TRANSFER:
        return operator or INTERFACE_NAMES.get(detail, str(detail))
    return "interrupt"


def _named(names: Sequence[str], index: int) -> str:
    return names[index] if index < len(names) else ""
