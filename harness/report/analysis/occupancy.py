"""One inference over time: the share of each slice of time by phase, and how busy each resource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.units import TICKS_PER_SECOND
from harness.run.directory import TIMELINE
from harness.stats.phases import Phase, attribute
from harness.stats.timeline import INTERFACE_NAMES, TimelineKind, read_timeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.report.results.record import RunRecord

    Values = np.ndarray[Any, np.dtype[np.float64]]

BINS = 480
"""Slices of time: about two pixels each on a page."""


@dataclass(frozen=True, slots=True)
class Occupancy:
    """An inference in slices of equal length.

    Attributes:
        begin_tick: Its first tick.
        end_tick: The tick after its last.
        edges: Ticks between the slices, relative to the first.
        phases: Share of each slice by phase; the shares of a slice add up to 1.
        units: Share of each slice that an accelerator's unit is busy, by "accel0 mac".
        bandwidths: Bytes per second of each slice, by interface, over all accelerators; a
            transfer's bytes are spread evenly over its time.
        operators: Name, first and last tick of each operator's time, relative.
    """

    begin_tick: int
    end_tick: int
    edges: Values
    phases: Mapping[str, Values]
    units: Mapping[str, Values]
    bandwidths: Mapping[str, Values]
    operators: tuple[tuple[str, int, int], ...]


def occupancy(record: RunRecord, bins: int = BINS) -> Occupancy | None:
    """Return the reported inference over time; None if the run has no timeline of it."""
    path = record.found.path / TIMELINE
    result = record.result
    if result is None or result.breakdown is None or not path.is_file():
        return None
    begin, end = result.breakdown.begin_tick, result.breakdown.end_tick
    timeline = read_timeline(path)
    timeline = timeline[(timeline["end"] > begin) & (timeline["begin"] < end)]
    if end <= begin or not len(timeline):
        return None
    edges = np.linspace(0, end - begin, min(bins, end - begin) + 1)
    width = edges[1]
    segments = attribute(timeline, begin, end)
    phases = {
        phase.label: _covered(
            segments.begin[segments.phase == phase] - begin,
            segments.end[segments.phase == phase] - begin,
            edges,
        )
        / width
        for phase in Phase
        if np.any(segments.phase == phase)
    }
    return Occupancy(
        begin,
        end,
        edges,
        phases,
        _units(timeline, begin, edges, result.units),
        _bandwidths(timeline, begin, edges),
        _operators(segments, begin, result.operators),
    )


def _covered(begins: Any, ends: Any, edges: Values, weights: Any = None) -> Values:
    """Return how much of each slice the intervals cover, each counted `weights` times.

    The covered length up to a point is piecewise linear in it, so that its differences at the
    edges are exact whatever the number of intervals.
    """
    if not len(begins):
        return np.zeros(len(edges) - 1)
    weights = np.ones(len(begins)) if weights is None else weights
    points = np.concatenate([begins, ends]).astype(np.float64)
    slopes = np.concatenate([weights, -weights])
    order = np.argsort(points, kind="stable")
    points, depth = points[order], np.cumsum(slopes[order])
    area = np.concatenate([[0.0], np.cumsum(depth[:-1] * np.diff(points))])
    covered: Values = np.diff(np.interp(edges, points, area, left=0.0))
    return covered


def _units(timeline: Any, begin: int, edges: Values, names: tuple[str, ...]) -> dict[str, Values]:
    busy = timeline[timeline["kind"] == TimelineKind.UNIT]
    found = {}
    for track, detail in sorted(
        {(int(row["track"]), int(row["detail"])) for row in np.unique(busy[["track", "detail"]])}
    ):
        own = busy[(busy["track"] == track) & (busy["detail"] == detail)]
        name = names[detail] if detail < len(names) else f"unit {detail}"
        starts, stops = _merged(own, begin)
        found[f"accel{track} {name}"] = _covered(starts, stops, edges) / edges[1]
    return found


def _merged(records: Any, begin: int) -> tuple[Any, Any]:
    """Return the union of records as intervals, relative to `begin`, clipped to the window."""
    order = np.argsort(records["begin"], kind="stable")
    starts = np.maximum(records["begin"][order].astype(np.int64) - begin, 0)
    ends = np.maximum.accumulate(records["end"][order].astype(np.int64) - begin)
    previous = np.concatenate([[np.int64(0)], ends[:-1]])
    starts = np.maximum(starts, previous)
    is_new = ends > starts
    return starts[is_new], ends[is_new]


def _bandwidths(timeline: Any, begin: int, edges: Values) -> dict[str, Values]:
    moves = timeline[timeline["kind"] == TimelineKind.TRANSFER]
    found = {}
    for code in np.unique(moves["detail"]).tolist():
        own = moves[(moves["detail"] == code) & (moves["end"] > moves["begin"])]
        starts, ends = own["begin"].astype(np.int64), own["end"].astype(np.int64)
        rates = own["bytes"] / (ends - starts)
        moved = _covered(starts - begin, ends - begin, edges, rates)
        name = INTERFACE_NAMES.get(code, str(code))
        found[name] = moved / edges[1] * TICKS_PER_SECOND
    return found


def _operators(
    segments: Any, begin: int, names: tuple[str, ...]
) -> tuple[tuple[str, int, int], ...]:
    found = []
    for index, name in enumerate(names):
        own = segments.operator == index
        if own.any():
            first, last = segments.begin[own].min(), segments.end[own].max()
            found.append((name, int(first) - begin, int(last) - begin))
    return tuple(found)
