"""Timeline records of the guest's threads: what they log, cut where their CPU enters the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.run.gem5.guest_log import EventKind
from harness.stats.phases import Phase
from harness.stats.timeline import NO_INDEX, TIMELINE_DTYPE, TimelineKind, WaitReason

if TYPE_CHECKING:
    from harness.run.gem5.guest_log import Events, GuestLog, Ticks
    from harness.run.gem5.kernel_time import KernelTime
    from harness.stats.timeline import Timeline

    Flags = np.ndarray[Any, np.dtype[np.bool_]]

DISPATCHER = 0


def thread_records(log: GuestLog, thread: int, operators: Ticks) -> Timeline:
    """Return the records of one thread over the whole log, in order and without overlap.

    A phase lasts until the thread's next event. Between two of its phases the dispatching thread
    runs the runtime's own code (dispatch), or has nothing to do and waits; workers that wait have
    no record.

    Args:
        log: The event log.
        thread: The thread.
        operators: Index of each step's operator.
    """
    events, ticks = log.of_thread(thread)
    records = np.zeros(len(events), dtype=TIMELINE_DTYPE)
    for name in ("operator", "item", "command", "node"):
        records[name] = NO_INDEX
    records["track"] = thread
    records["begin"], records["end"] = ticks, np.append(ticks[1:], ticks[-1:])
    kind = events["kind"]
    has_step = (events["step"] != NO_INDEX) & np.isin(kind, [EventKind.BEGIN, EventKind.WAIT])
    records["operator"][has_step] = operators[events["step"][has_step]]
    is_work = kind == EventKind.BEGIN
    is_wait = kind == EventKind.WAIT
    records["kind"][is_work] = TimelineKind.HOST
    records["kind"][is_wait] = TimelineKind.HOST_WAIT
    records["detail"][is_work | is_wait] = events["phase"][is_work | is_wait]
    if thread == DISPATCHER:
        _mark_unlabelled(records, events)
    is_kept = np.isin(records["kind"], _kinds_of(thread)) & (records["end"] > records["begin"])
    kept = records[is_kept]
    return _joined(kept, np.cumsum(~_continues_wait(kept)))


def _continues_wait(records: Timeline) -> Flags:
    """Tell which records go on with the wait before them: one event per accelerator is one wait."""
    continues = np.zeros(len(records), dtype=np.bool_)
    before, after = records[:-1], records[1:]
    continues[1:] = (after["kind"] == TimelineKind.HOST_WAIT) & (after["begin"] == before["end"])
    for name in ("kind", "detail", "operator"):
        continues[1:] &= after[name] == before[name]
    return continues


def _kinds_of(thread: int) -> list[int]:
    workers = [int(TimelineKind.HOST)]
    return [*workers, int(TimelineKind.HOST_WAIT)] if thread == DISPATCHER else workers


def _mark_unlabelled(records: Timeline, events: Events) -> None:
    """Say what the dispatching thread does where an inference has begun, or a phase has ended."""
    begins = (events["kind"] == EventKind.INFERENCE) & (events["phase"] == 1)
    records["kind"][begins], records["detail"][begins] = TimelineKind.HOST, Phase.DISPATCH
    ends = events["kind"] == EventKind.END
    records["kind"][ends], records["detail"][ends] = TimelineKind.HOST_WAIT, WaitReason.OTHER


def with_kernel_time(records: Timeline, kernel: KernelTime) -> Timeline:
    """Give the time in the kernel, inside records of work, to the phase os.

    A submission's own time in the kernel stays phase driver. Waiting stays waiting.
    """
    pieces, source, is_inside = _cut(records, kernel.begin, kernel.end)
    is_work = pieces["kind"] == TimelineKind.HOST
    pieces["detail"][is_inside & is_work & (pieces["detail"] != Phase.DRIVER)] = Phase.OS
    return _joined(pieces, source)


def with_handoffs(records: Timeline, kernel: KernelTime, workers: list[Timeline]) -> Timeline:
    """Give what the kernel takes to wake workers, and to come back from them, to the phase os.

    That is the dispatching thread's wait for workers while none of them works and its CPU is in
    the kernel.
    """
    busy = _union([each for each in workers if len(each)])
    pieces, source, is_inside = _cut(records, kernel.begin, kernel.end)
    pieces, second, is_busy = _cut(pieces, *busy)
    is_wait = (pieces["kind"] == TimelineKind.HOST_WAIT) & (pieces["detail"] == WaitReason.WORKERS)
    is_handoff = is_wait & is_inside[second] & ~is_busy
    pieces["kind"][is_handoff], pieces["detail"][is_handoff] = TimelineKind.HOST, Phase.OS
    return _joined(pieces, source[second])


def clipped(records: Timeline, begin: int, end: int) -> Timeline:
    """Return the records in [begin, end), cut at its ends."""
    chosen: Timeline = records[(records["end"] > begin) & (records["begin"] < end)].copy()
    chosen["begin"] = np.maximum(chosen["begin"], np.uint64(begin))
    chosen["end"] = np.minimum(chosen["end"], np.uint64(end))
    return chosen


def covered_ticks(begin: Ticks, end: Ticks, records: Timeline) -> Ticks:
    """Return for each interval how many of its ticks are inside records that do not overlap."""
    starts, stops = records["begin"].astype(np.int64), records["end"].astype(np.int64)
    sums = np.concatenate([[0], np.cumsum(stops - starts)])

    def until(ticks: Ticks) -> Ticks:
        index = np.searchsorted(starts, ticks, side="right")
        over = np.maximum(stops[np.maximum(index, 1) - 1] - ticks, 0) if len(stops) else 0
        total: Ticks = sums[index] - np.where(index > 0, over, 0)
        return total

    return until(end) - until(begin)


def _cut(records: Timeline, begin: Ticks, end: Ticks) -> tuple[Timeline, Ticks, Flags]:
    """Cut records that do not overlap where intervals begin and end.

    Returns:
        The pieces, the index of the record that each is of, and whether it is in an interval.
    """
    if not len(records):
        return records.copy(), np.zeros(0, np.int64), np.zeros(0, np.bool_)
    starts, stops = records["begin"].astype(np.int64), records["end"].astype(np.int64)
    points = np.unique(np.concatenate([starts, stops, begin, end]))
    source = np.searchsorted(starts, points[:-1], side="right") - 1
    is_piece = (source >= 0) & (points[:-1] < stops[source])
    source, low, high = source[is_piece], points[:-1][is_piece], points[1:][is_piece]
    pieces = records[source]
    pieces["begin"], pieces["end"] = low, high
    interval = np.searchsorted(begin, low, side="right") - 1
    is_inside = interval >= 0
    if len(end):
        is_inside &= low < end[interval]
    return pieces, source, is_inside


def _joined(pieces: Timeline, source: Ticks) -> Timeline:
    """Join neighbours that are of one record and say the same."""
    if not len(pieces):
        return pieces
    differs = source[1:] != source[:-1]
    for name in ("kind", "detail"):
        differs |= pieces[name][1:] != pieces[name][:-1]
    starts = np.flatnonzero(np.concatenate([[True], differs]))
    last = np.append(starts[1:], len(pieces)) - 1
    joined: Timeline = pieces[starts]
    joined["end"] = pieces["end"][last]
    return joined


def _union(groups: list[Timeline]) -> tuple[Ticks, Ticks]:
    """Return the intervals that are inside any record, in order and without overlap."""
    if not groups:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    begin = np.concatenate([each["begin"] for each in groups]).astype(np.int64)
    end = np.concatenate([each["end"] for each in groups]).astype(np.int64)
    order = np.argsort(begin, kind="stable")
    begin, end = begin[order], np.maximum.accumulate(end[order])
    starts = np.flatnonzero(np.concatenate([[True], begin[1:] > end[:-1]]))
    return begin[starts], end[np.append(starts[1:], len(begin)) - 1]
