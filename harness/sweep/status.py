"""What `harness sweep status` shows: points by state and by ending, and why some failed."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from harness.sweep.description.point import PREPARE
from harness.sweep.state.point_state import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.sweep.description.point import Point
    from harness.sweep.state.state_table import StateTable

FORMAT_VERSION = 1
_SHOWN = 10
_MESSAGE_CHARACTERS = 160
_ODD = (Phase.FAILED, Phase.HELD, Phase.CANCELLED)


def status_lines(table: StateTable, *, is_long: bool = False) -> list[str]:
    """Return the states for people.

    Args:
        table: The states.
        is_long: One line for every point, instead of for a few of those that failed.
    """
    directory = table.directory
    counts = table.counts()
    lines = [f"{directory.name}: {len(directory.points)} points in {directory.path}"]
    lines += [f"  {phase.value:<10} {counts[phase]:>7}" for phase in Phase if counts[phase]]
    endings = Counter(
        state.ending.value
        for point in directory.points
        if (state := table.states[point.id]).ending is not None
    )
    if endings:
        lines.append("last ending")
        lines += [f"  {name:<14} {count:>7}" for name, count in sorted(endings.items())]
    stages = [point for point in directory.everything if point.kind == PREPARE]
    if stages:
        lines.append("preparation")
        lines += [f"  {_line(table, stage)}" for stage in stages]
    points = list(directory.points)
    shown = points if is_long else [p for p in points if table.states[p.id].phase in _ODD]
    if shown:
        lines.append("points" if is_long else "not done")
        limit = len(shown) if is_long else _SHOWN
        lines += [f"  {_line(table, point)}" for point in shown[:limit]]
        if len(shown) > limit:
            lines.append(f"  and {len(shown) - limit} more; --all shows them")
    return lines


def _line(table: StateTable, point: Point) -> str:
    state = table.states[point.id]
    ending = f" ({state.ending.value})" if state.ending is not None else ""
    more = ""
    if state.claim is not None:
        more = (
            f"  on {state.claim.process.host}{f', job {state.claim.job}' * bool(state.claim.job)}"
        )
    elif state.phase is Phase.HELD:
        more = "  its preparation failed"
    elif state.end is not None and state.end.message and state.phase is not Phase.SUCCEEDED:
        more = f"  {' '.join(state.end.message.split())[:_MESSAGE_CHARACTERS]}"
    tries = f" after {state.attempts} attempts" if state.attempts > 1 else ""
    return f"{point.id}  {state.phase.value}{ending}{tries}  {point.title}{more}"


def status_json(table: StateTable) -> str:
    """Return the states as JSON, for programs."""
    counts = table.counts()
    data = {
        "format_version": FORMAT_VERSION,
        "name": table.directory.name,
        "directory": str(table.directory.path),
        "counts": {phase.value: counts[phase] for phase in Phase},
        "is_done": table.is_done,
        "points": list(_entries(table)),
    }
    return json.dumps(data, indent=1) + "\n"


def _entries(table: StateTable) -> Iterator[dict[str, Any]]:
    for point in table.directory.everything:
        state = table.states[point.id]
        yield {
            "id": point.id,
            "index": point.index,
            "kind": point.kind,
            "parameters": dict(point.parameters),
            "state": state.phase.value,
            "ending": state.ending.value if state.ending else "",
            "attempts": state.attempts,
            "exit_cause": state.end.exit_cause if state.end else "",
            "message": state.end.message if state.end else "",
            "peak_memory_bytes": state.end.peak_memory_bytes if state.end else 0,
            "memory_bytes": state.next.memory_bytes,
            "time_s": state.next.time_s,
            "host": state.claim.process.host if state.claim else "",
            "job": state.claim.job if state.claim else "",
            "directory": str(table.directory.place(point)),
        }
