"""The timeline as a Chrome trace (JSON), which ui.perfetto.dev and chrome://tracing open.

Format: "Trace Event Format", complete events (`ph` X) and metadata (`ph` M); times are in
microseconds with six decimals, so that every tick (1 ps) is exact.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.stats.phases import Phase
from harness.stats.timeline import INTERFACE_NAMES, NO_INDEX, TimelineKind, WaitReason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.stats.timeline import Timeline

HOST_PROCESS = 1
FIRST_ACCELERATOR_PROCESS = 10
COMMAND_THREAD = 0
INTERRUPT_THREAD = 1
UNIT_THREAD = 100
TRANSFER_THREAD = 200
MOST_LANES = 64
WAIT_NAMES = {
    WaitReason.ACCELERATORS: "wait for accelerators",
    WaitReason.WORKERS: "wait for workers",
    WaitReason.OTHER: "wait",
}


def trace_json(
    timeline: Timeline, operators: Sequence[str], units: Sequence[str], title: str
) -> Iterator[str]:
    """Yield the pieces of the trace's JSON text.

    Args:
        timeline: The run's records.
        operators: Names by operator index.
        units: Names by unit index.
        title: Name of the run.
    """
    lanes = _transfer_lanes(timeline)
    yield '{"displayTimeUnit":"ns","otherData":' + json.dumps({"run": title}) + ',"traceEvents":[\n'
    first = True
    tracks: dict[tuple[int, int], str] = {}
    rows = timeline.tolist()
    for index, row in enumerate(rows):
        process, thread, track, name, arguments = _describe(row, operators, units, lanes.get(index))
        tracks.setdefault((process, thread), track)
        begin, end = row[0], row[1]
        details = f'"name":{json.dumps(name)},"args":{json.dumps(arguments)}'
        yield ("" if first else ",\n") + (
            f'{{"ph":"X","pid":{process},"tid":{thread},"ts":{_micro(begin)},'
            f'"dur":{_micro(end - begin)},{details}}}'
        )
        first = False
    for event in _metadata(tracks):
        yield ("" if first else ",\n") + json.dumps(event)
        first = False
    yield "\n]}\n"


def _micro(ticks: int) -> str:
    """Return ticks as microseconds, exactly."""
    return f"{ticks // 10**6}.{ticks % 10**6:06}"


def _describe(
    row: tuple[int, ...], operators: Sequence[str], units: Sequence[str], lane: int | None
) -> tuple[int, int, str, str, dict[str, Any]]:
    """Return process, thread, the thread's name, the event's name and its arguments."""
    _, _, kind, track, detail, _, operator, item, command, node, size = row
    name = _name(operators, operator)
    arguments = {
        key: value
        for key, value in (("item", item), ("command", command), ("node", node))
        if value != NO_INDEX
    }
    process = FIRST_ACCELERATOR_PROCESS + track
    if kind == TimelineKind.HOST:
        text = f"{Phase(detail).label}{f' {name}' if name else ''}"
        return HOST_PROCESS, track, _thread_name(track), text, {}
    if kind == TimelineKind.HOST_WAIT:
        return HOST_PROCESS, track, _thread_name(track), WAIT_NAMES[WaitReason(detail)], {}
    if kind == TimelineKind.COMMAND:
        return process, COMMAND_THREAD, "commands", name or "command", arguments
    if kind == TimelineKind.UNIT:
        unit = _name(units, detail) or f"unit {detail}"
        return process, UNIT_THREAD + detail, f"unit {unit}", name or unit, arguments
    if kind == TimelineKind.TRANSFER:
        interface = INTERFACE_NAMES.get(detail, str(detail))
        thread = TRANSFER_THREAD + detail * MOST_LANES + (lane or 0)
        label = f"{interface} {lane}" if lane else interface
        return process, thread, label, f"{size} B {name}".rstrip(), {**arguments, "bytes": size}
    return process, INTERRUPT_THREAD, "interrupts", "interrupt", arguments


def _name(names: Sequence[str], index: int) -> str:
    return names[index] if index < len(names) else ""


def _thread_name(track: int) -> str:
    return "dispatching thread" if track == 0 else f"worker {track}"


def _transfer_lanes(timeline: Timeline) -> dict[int, int]:
    """Give transfers that overlap lanes of their own: events of one track must nest."""
    busy_until: dict[tuple[int, int], list[int]] = {}
    lanes = {}
    is_transfer = timeline["kind"] == TimelineKind.TRANSFER
    chosen = is_transfer.nonzero()[0]
    order = sorted(chosen.tolist(), key=lambda i: (int(timeline["begin"][i]), i))
    for index in order:
        row = timeline[index]
        ends = busy_until.setdefault((int(row["track"]), int(row["detail"])), [])
        begin, end = int(row["begin"]), int(row["end"])
        free = next((lane for lane, until in enumerate(ends) if until <= begin), len(ends))
        if free == len(ends):
            ends.append(end)
        ends[free] = end
        lanes[index] = min(free, MOST_LANES - 1)
    return lanes


def _metadata(tracks: dict[tuple[int, int], str]) -> Iterator[dict[str, Any]]:
    for process in sorted({process for process, _ in tracks}):
        name = "host" if process == HOST_PROCESS else f"accel{process - FIRST_ACCELERATOR_PROCESS}"
        yield {"ph": "M", "pid": process, "name": "process_name", "args": {"name": name}}
    for (process, thread), name in sorted(tracks.items()):
        yield {
            "ph": "M",
            "pid": process,
            "tid": thread,
            "name": "thread_name",
            "args": {"name": name},
        }
