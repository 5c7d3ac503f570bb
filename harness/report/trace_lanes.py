"""Rows of a trace: records that overlap get lanes of their own, for events of a row must nest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.stats.timeline import TimelineKind

if TYPE_CHECKING:
    from harness.stats.timeline import Timeline

    Lanes = np.ndarray[Any, np.dtype[np.int64]]

MOST_LANES = 64
"""More at once share the last one."""
_LANED = (TimelineKind.COMMAND, TimelineKind.UNIT, TimelineKind.TRANSFER, TimelineKind.INTERRUPT)


def assign_lanes(timeline: Timeline) -> Lanes:
    """Return a lane for each record, 0 wherever nothing overlaps.

    Records of one kind, accelerator and unit or interface share lanes; each takes the first that
    is free. Host threads do one thing at a time and need none.
    """
    lanes = np.zeros(len(timeline), dtype=np.int64)
    order = np.lexsort((timeline["end"], timeline["begin"]))
    order = order[np.isin(timeline["kind"][order], _LANED)]
    ends: dict[tuple[int, int, int], list[int]] = {}
    columns = ("kind", "track", "detail", "begin", "end")
    rows = zip(order.tolist(), *(timeline[name][order].tolist() for name in columns), strict=True)
    for index, kind, track, detail, begin, end in rows:
        busy_until = ends.setdefault((kind, track, detail), [])
        for lane, until in enumerate(busy_until):
            if until <= begin:
                busy_until[lane] = end
                lanes[index] = lane
                break
        else:
            lanes[index] = len(busy_until)
            if len(busy_until) < MOST_LANES:
                busy_until.append(end)
            else:
                lanes[index] = MOST_LANES - 1
    return lanes
