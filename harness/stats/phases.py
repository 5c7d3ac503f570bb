"""The phases of an inference: one function gives every tick of the window to exactly one.

The dispatching thread (track 0) decides. While it runs, the phase is the one it is in. While it
waits on accelerators: compute if a unit of an awaited command is busy, else transfer if one of
their transfers is outstanding, else driver until the last awaited command ends, else interrupt.
While it waits on worker threads: their phase, prepare before flush before finalize. Else idle.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.errors import InternalError
from harness.stats.timeline import TimelineKind, WaitReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.stats.timeline import Timeline

    Ticks = np.ndarray[Any, np.dtype[np.int64]]


class Phase(IntEnum):
    """What a tick was spent on; the codes are the timeline's `detail` of HOST records."""

    LOAD = 1
    DISPATCH = 2
    REORDER = 3
    PREPARE = 4
    FLUSH = 5
    DRIVER = 6
    TRANSFER = 7
    COMPUTE = 8
    INTERRUPT = 9
    INVALIDATE = 10
    FINALIZE = 11
    CPU_OP = 12
    OS = 13
    IDLE = 14

    @property
    def label(self) -> str:
        """The phase's name in files and tables: "cpu_op"."""
        return self.name.lower()


ACCELERATOR = "accelerator"
DATA_MOVEMENT = "data movement"
CPU_SOFTWARE = "CPU software"
ROLL_UP: Mapping[str, tuple[Phase, ...]] = {
    ACCELERATOR: (Phase.COMPUTE,),
    DATA_MOVEMENT: (Phase.TRANSFER, Phase.FLUSH, Phase.INVALIDATE),
    CPU_SOFTWARE: (
        Phase.LOAD,
        Phase.DISPATCH,
        Phase.REORDER,
        Phase.PREPARE,
        Phase.FINALIZE,
        Phase.DRIVER,
        Phase.INTERRUPT,
        Phase.CPU_OP,
        Phase.OS,
        Phase.IDLE,
    ),
}
"""SMAUG's three parts (Xi et al., arXiv:1912.04481, abstract): the accelerator, data movement
between it and memory, and the CPU's software stack, where tiling and layout code counts."""

_WORKER_ORDER = (
    Phase.PREPARE,
    Phase.FLUSH,
    Phase.FINALIZE,
    *(p for p in Phase if p not in {Phase.PREPARE, Phase.FLUSH, Phase.FINALIZE}),
)


@dataclass(frozen=True, slots=True)
class Segments:
    """Consecutive pieces of time with one phase and one operator each, sorted, without gaps."""

    begin: Ticks
    end: Ticks
    phase: Ticks
    operator: Ticks

    def ticks_by_phase(self) -> dict[Phase, int]:
        """Return the ticks of every phase; phases without any are 0."""
        totals = np.zeros(max(Phase) + 1, dtype=np.int64)
        np.add.at(totals, self.phase, self.end - self.begin)
        return {phase: int(totals[phase]) for phase in Phase}

    def ticks_by_operator(self) -> dict[int, dict[Phase, int]]:
        """Return, by operator index, the ticks of the phases that it spent any in."""
        table: dict[int, dict[Phase, int]] = {}
        keys = self.operator * (max(Phase) + 1) + self.phase
        unique, inverse = np.unique(keys, return_inverse=True)
        totals = np.zeros(len(unique), dtype=np.int64)
        np.add.at(totals, inverse, self.end - self.begin)
        for key, ticks in zip(unique.tolist(), totals.tolist(), strict=True):
            operator, phase = divmod(key, max(Phase) + 1)
            table.setdefault(operator, {})[Phase(phase)] = ticks
        return table


def roll_up(ticks_by_phase: Mapping[Phase, int]) -> dict[str, int]:
    """Add phases up to accelerator, data movement and CPU software."""
    return {
        part: sum(ticks_by_phase.get(phase, 0) for phase in phases)
        for part, phases in ROLL_UP.items()
    }


def attribute(timeline: Timeline, begin: int, end: int) -> Segments:
    """Give every tick of [begin, end) to exactly one phase and operator.

    Args:
        timeline: Records of at least this window, in any order.
        begin: The window's first tick.
        end: The tick after its last.

    Raises:
        InternalError: Records of the dispatching thread overlap, or ticks were lost.
    """
    host = _host_records(timeline, begin, end)
    pieces = [_running(host), _gaps(host, begin, end)]
    waits = host[host["kind"] == TimelineKind.HOST_WAIT]
    on_accelerators = waits["detail"] == WaitReason.ACCELERATORS
    on_workers = waits["detail"] == WaitReason.WORKERS
    for operator in np.unique(waits["operator"][on_accelerators]).tolist():
        chosen = waits[on_accelerators & (waits["operator"] == operator)]
        pieces.append(_accelerator_wait(timeline, chosen, operator))
    pieces.append(_worker_wait(timeline, waits[on_workers]))
    others = waits[~(on_accelerators | on_workers)]
    pieces.append(_piece(others["begin"], others["end"], Phase.IDLE, others["operator"]))
    return _joined(pieces, begin, end)


def _piece(begin: Any, end: Any, phase: Any, operator: Any) -> Ticks:
    """Return rows (begin, end, phase, operator)."""
    rows = np.empty((len(begin), 4), dtype=np.int64)
    for column, values in enumerate((begin, end, phase, operator)):
        rows[:, column] = values
    return rows


def _host_records(timeline: Timeline, begin: int, end: int) -> Timeline:
    """Return the dispatching thread's records in the window, clipped to it and sorted."""
    kinds = timeline["kind"]
    is_host = (kinds == TimelineKind.HOST) | (kinds == TimelineKind.HOST_WAIT)
    chosen: Timeline = timeline[is_host & (timeline["track"] == 0)]
    chosen = chosen[(chosen["end"] > begin) & (chosen["begin"] < end)]
    chosen = chosen[np.argsort(chosen["begin"], kind="stable")]
    chosen["begin"] = np.maximum(chosen["begin"], begin)
    chosen["end"] = np.minimum(chosen["end"], end)
    chosen = chosen[chosen["end"] > chosen["begin"]]
    overlaps = np.flatnonzero(chosen["end"][:-1] > chosen["begin"][1:])
    if overlaps.size:
        first = chosen[overlaps[0] + 1]
        raise InternalError(
            f"two records of the dispatching thread overlap at tick {first['begin']}"
        )
    return chosen


def _running(host: Timeline) -> Ticks:
    running = host[host["kind"] == TimelineKind.HOST]
    return _piece(running["begin"], running["end"], running["detail"], running["operator"])


def _gaps(host: Timeline, begin: int, end: int) -> Ticks:
    """Return the ticks that the dispatching thread says nothing about, as idle."""
    starts = np.concatenate([np.array([begin], dtype=np.uint64), host["end"]])
    stops = np.concatenate([host["begin"], np.array([end], dtype=np.uint64)])
    is_gap = stops > starts
    return _piece(starts[is_gap], stops[is_gap], Phase.IDLE, 0xFFFFFFFF)


def _covers(points: Ticks, records: Timeline) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell for each elementary interval [points[i], points[i+1]) whether a record covers it."""
    depth = np.zeros(len(points), dtype=np.int64)
    np.add.at(depth, np.searchsorted(points, records["begin"]), 1)
    np.add.at(depth, np.searchsorted(points, records["end"]), -1)
    covered: np.ndarray[Any, np.dtype[np.bool_]] = np.cumsum(depth)[:-1] > 0
    return covered


def _points(groups: Iterable[Timeline]) -> Ticks:
    ends = [group[side] for group in groups for side in ("begin", "end")]
    points: Ticks = np.unique(np.concatenate(ends))
    return points


def _accelerator_wait(timeline: Timeline, waits: Timeline, operator: int) -> Ticks:
    """Split waits on the accelerators that work for `operator`."""
    own = timeline[timeline["operator"] == operator]
    units = own[own["kind"] == TimelineKind.UNIT]
    transfers = own[own["kind"] == TimelineKind.TRANSFER]
    ends = np.sort(own["end"][own["kind"] == TimelineKind.COMMAND])
    awaited = np.searchsorted(ends, waits["end"], side="right")
    outstanding = waits.copy()
    last = ends[np.maximum(awaited, 1) - 1] if len(ends) else waits["begin"]
    outstanding["end"] = np.maximum(np.where(awaited > 0, last, 0), waits["begin"])
    points = _points((waits, units, transfers, outstanding))
    choices = [
        (_covers(points, units), Phase.COMPUTE),
        (_covers(points, transfers), Phase.TRANSFER),
        (_covers(points, outstanding), Phase.DRIVER),
    ]
    return _painted(points, waits, choices, Phase.INTERRUPT)


def _worker_wait(timeline: Timeline, waits: Timeline) -> Ticks:
    """Split waits on worker threads by what those do."""
    if not len(waits):
        return np.empty((0, 4), dtype=np.int64)
    workers = timeline[(timeline["kind"] == TimelineKind.HOST) & (timeline["track"] > 0)]
    points = _points((waits, workers))
    present = set(np.unique(workers["detail"]).tolist())
    choices = [
        (_covers(points, workers[workers["detail"] == phase]), phase)
        for phase in _WORKER_ORDER
        if phase in present
    ]
    return _painted(points, waits, choices, Phase.IDLE)


def _painted(points: Ticks, waits: Timeline, choices: list[Any], rest: Phase) -> Ticks:
    """Give each elementary interval inside the waits to the first choice that covers it."""
    phase = np.full(len(points) - 1, int(rest), dtype=np.int64)
    for covered, chosen in reversed(choices):
        phase[covered] = int(chosen)
    inside = _covers(points, waits)
    begin, end = points[:-1][inside], points[1:][inside]
    wait = np.searchsorted(waits["begin"], begin, side="right") - 1
    return _piece(begin, end, phase[inside], waits["operator"][wait])


def _joined(pieces: list[Ticks], begin: int, end: int) -> Segments:
    """Sort pieces in time, join equal neighbours and check that none is lost or counted twice."""
    rows = np.concatenate(pieces)
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    if not len(rows):
        empty = np.zeros(0, dtype=np.int64)
        return Segments(empty, empty, empty, empty)
    if rows[0, 0] != begin or rows[-1, 1] != end or np.any(rows[1:, 0] != rows[:-1, 1]):
        raise InternalError("the phases do not add up to the window")
    starts = np.flatnonzero(np.concatenate([[True], np.any(rows[1:, 2:] != rows[:-1, 2:], axis=1)]))
    last = np.concatenate([starts[1:], [len(rows)]]) - 1
    return Segments(rows[starts, 0], rows[last, 1], rows[starts, 2], rows[starts, 3])
