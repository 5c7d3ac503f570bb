"""The guest's event log: what each of the runtime's threads did, by the time-stamp counter.

Records are `struct harness_event` of gem5_configs/guest/abi/harness_device.h. On gem5's x86 the
counter is the CPU clock's cycle number plus a constant (`ISA::readMiscReg`, MISCREG_TSC), so that
tick = counter x period + offset holds exactly; SYNC events give the offset within the time of one
register access.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.errors import StatsError
from harness.run.gem5.binary_log import check_records, read_records
from harness.stats.phases import Phase
from harness.stats.timeline import NO_INDEX, WaitReason

if TYPE_CHECKING:
    from pathlib import Path

    Events = np.ndarray[Any, np.dtype[np.void]]
    Ticks = np.ndarray[Any, np.dtype[np.int64]]

EVENTS_FILE = "events.bin"
WHAT = "the guest's event log"

EVENT_DTYPE = np.dtype(
    [
        ("counter", "<u8"),
        ("kind", "<u4"),
        ("thread", "<u4"),
        ("phase", "<u4"),
        ("step", "<u4"),
        ("argument", "<u8"),
    ]
)
"""`struct harness_event`, 32 bytes."""

SYNC_TOLERANCE_TICKS = 10**6
"""Offsets at both ends of a log agree within one microsecond: an uncached read of a device takes
less, and a frequency that is wrong by one part per million shows after a second."""

MAXIMUM_THREADS = 1024
MAXIMUM_TICK = 2**62


class EventKind(IntEnum):
    """HARNESS_EVENT_*."""

    BEGIN = 1
    WAIT = 2
    END = 3
    SYNC = 4
    INFERENCE = 5


@dataclass(frozen=True, slots=True)
class GuestLog:
    """A validated event log.

    Attributes:
        events: All events but SYNC, ordered by thread, then as logged.
        ticks: The tick of each.
        windows: First tick and end tick of each inference, in order.
        first_tick: When the log begins.
    """

    events: Events
    ticks: Ticks
    windows: tuple[tuple[int, int], ...]
    first_tick: int

    @property
    def threads(self) -> tuple[int, ...]:
        """The threads that logged anything, in order."""
        return tuple(np.unique(self.events["thread"]).tolist())

    def of_thread(self, thread: int) -> tuple[Events, Ticks]:
        """Return a thread's events and their ticks."""
        own = self.events["thread"] == thread
        return self.events[own], self.ticks[own]


def read_guest_log(path: Path, steps: int, clock_period_ticks: int) -> GuestLog:
    """Read and check an event log.

    Args:
        path: The file.
        steps: Number of the program's steps.
        clock_period_ticks: Period of the clock that the time-stamp counter counts.

    Raises:
        StatsError: The file is missing, cut off, out of order, lacks SYNC events or does not hold
            whole inferences.
    """
    events = read_records(path, EVENT_DTYPE, WHAT)
    if not len(events):
        raise StatsError(f"{WHAT} is empty", where=str(path))
    _check_fields(path, events, steps)
    events = events.copy()
    events["counter"] -= events["counter"].min()  # KVM may begin anywhere
    _check_counters(path, events, clock_period_ticks)
    first_tick = _offset(path, events, clock_period_ticks)
    if first_tick < 0:
        raise StatsError(f"{WHAT} begins before tick 0", where=str(path), got=str(first_tick))
    kept = events[events["kind"] != EventKind.SYNC]
    kept = kept[np.argsort(kept["thread"], kind="stable")]
    ticks = kept["counter"].astype(np.int64) * clock_period_ticks + first_tick
    return GuestLog(kept, ticks, _windows(path, kept, ticks), first_tick)


def _check_fields(path: Path, events: Events, steps: int) -> None:
    kind, phase, step = events["kind"], events["phase"], events["step"]
    checks = (
        (np.isin(kind, list(EventKind)), "unknown kind of event", "a kind from 1 to 5"),
        (events["thread"] < MAXIMUM_THREADS, "no such thread", f"less than {MAXIMUM_THREADS}"),
        (
            (kind != EventKind.BEGIN) | np.isin(phase, list(Phase)),
            "unknown phase",
            f"1 to {max(Phase)}",
        ),
        (
            (kind != EventKind.WAIT) | np.isin(phase, list(WaitReason)),
            "unknown reason to wait",
            f"1 to {max(WaitReason)}",
        ),
        (
            ~np.isin(kind, [EventKind.BEGIN, EventKind.WAIT]) | (step < steps) | (step == NO_INDEX),
            "the program has no such step",
            f"less than {steps}, or all ones",
        ),
        (
            (kind != EventKind.INFERENCE) | ((phase <= 1) & (events["thread"] == 0)),
            "malformed event of an inference",
            "phase 1 at its begin and 0 at its end, on thread 0",
        ),
    )
    for good, what, expected in checks:
        check_records(path, events, good, f"{WHAT}: {what}", expected)


def _check_counters(path: Path, events: Events, period: int) -> None:
    most = MAXIMUM_TICK // period
    check_records(
        path, events, events["counter"] < most, f"{WHAT}: impossible counter", f"{most} counts"
    )
    order = np.argsort(events["thread"], kind="stable")
    thread, counter = events["thread"][order], events["counter"][order]
    good = np.ones(len(events), dtype=bool)
    good[order[1:]] = (thread[1:] != thread[:-1]) | (counter[1:] >= counter[:-1])
    expected = "no counter smaller than the thread's one before"
    check_records(path, events, good, f"{WHAT} is out of order", expected)


def _offset(path: Path, events: Events, period: int) -> int:
    """Return the tick at which the counter was 0, from the SYNC events around the inferences.

    At each end the median counts: an interrupt between the two reads of one SYNC does no harm
    where there are three.
    """
    is_sync = events["kind"] == EventKind.SYNC
    syncs = events[is_sync]
    inferences = events["counter"][events["kind"] == EventKind.INFERENCE]
    if not len(inferences):
        raise StatsError(f"{WHAT} has no inference", where=str(path))
    check_records(
        path, events, ~is_sync | (events["argument"] < MAXIMUM_TICK), f"{WHAT}: SYNC", "a tick"
    )
    offsets = syncs["argument"].astype(np.int64) - syncs["counter"].astype(np.int64) * period
    before = offsets[syncs["counter"] <= inferences.min()]
    after = offsets[syncs["counter"] >= inferences.max()]
    if not len(before) or not len(after):
        raise StatsError(
            f"{WHAT} lacks a SYNC event {'after' if len(before) else 'before'} the inferences",
            where=str(path),
            expected="one or more at both ends",
            got=f"{len(before)} before, {len(after)} after",
        )
    first, last = _median(before), _median(after)
    if abs(last - first) > SYNC_TOLERANCE_TICKS:
        raise StatsError(
            f"{WHAT}: counter and ticks drift apart",
            where=f"{path}, SYNC events",
            expected=f"ticks = {period} x counter + constant, within {SYNC_TOLERANCE_TICKS} ticks",
            got=f"constants {first} and {last}: {last - first:+d} ticks",
            way_out="the period is the CPU clock's; an interrupt between counter and tick also "
            "does this if there are fewer than 3 SYNC events at an end",
        )
    return (first + last) // 2


def _median(offsets: Ticks) -> int:
    return int(np.sort(offsets)[len(offsets) // 2])


def _windows(path: Path, events: Events, ticks: Ticks) -> tuple[tuple[int, int], ...]:
    is_edge = events["kind"] == EventKind.INFERENCE
    edges, at = events[is_edge], ticks[is_edge].tolist()
    wanted = [(index // 2, 1 - index % 2) for index in range(len(edges))]
    found = list(zip(edges["argument"].tolist(), edges["phase"].tolist(), strict=True))
    if found != wanted or len(found) % 2:
        raise StatsError(
            f"{WHAT}: inferences do not follow each other",
            where=str(path),
            expected="begin and end of inference 0, 1, ...",
            got=", ".join(f"{'begin' if begins else 'end'} {n}" for n, begins in found[:8]),
        )
    return tuple(zip(at[::2], at[1::2], strict=True))
