"""The timeline as a Chrome trace (JSON), which ui.perfetto.dev and chrome://tracing open.

Format: "Trace Event Format" (Chromium project): complete events (`ph` X), counters (C), flows
(s, f) and metadata (M). Times are in microseconds with six decimals, so that the file has every
tick (1 ps) exactly; Perfetto itself keeps nanoseconds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from harness.report.trace_lanes import assign_lanes
from harness.report.trace_links import flow_events, outstanding_events
from harness.report.trace_names import (
    FIRST_ACCELERATOR_PROCESS,
    HOST_PROCESS,
    INFERENCE_PROCESS,
    OPERATOR_THREAD,
    PHASE_THREAD,
    Track,
    base_threads,
    event_names,
    event_time,
    track_name,
)
from harness.stats.phases import Phase, attribute
from harness.stats.timeline import NO_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.stats.timeline import Timeline


def trace_json(
    timeline: Timeline,
    operators: Sequence[str],
    units: Sequence[str],
    title: str,
    window: tuple[int, int] | None = None,
) -> Iterator[str]:
    """Yield the pieces of the trace's JSON text.

    Args:
        timeline: The run's records.
        operators: Names by operator index.
        units: Names by unit index.
        title: Name of the run.
        window: First tick of the reported inference and the tick after its last; its phases get
            a row.
    """
    head = json.dumps({"displayTimeUnit": "ns", "otherData": {"run": title}})
    yield head[:-1] + ',"traceEvents":[\n'
    separator = ""
    for event in _events(timeline, operators, units, window):
        yield separator + event
        separator = ",\n"
    yield "\n]}\n"


def _events(
    timeline: Timeline,
    operators: Sequence[str],
    units: Sequence[str],
    window: tuple[int, int] | None,
) -> Iterator[str]:
    lanes = assign_lanes(timeline)
    threads = base_threads(timeline) + lanes
    is_host = np.isin(timeline["kind"], (1, 2))
    processes = np.where(is_host, HOST_PROCESS, FIRST_ACCELERATOR_PROCESS + timeline["track"])
    tracks = _tracks(timeline, units, processes, threads, lanes)
    if window is not None:
        tracks += [
            Track(INFERENCE_PROCESS, PHASE_THREAD, "reported inference", "phase"),
            Track(INFERENCE_PROCESS, OPERATOR_THREAD, "reported inference", "operator"),
        ]
    yield from _metadata(tracks)
    if window is not None:
        yield from _inference(timeline, operators, window)
    yield from _slices(timeline, event_names(timeline, operators, units), processes, threads)
    yield from outstanding_events(timeline)
    yield from flow_events(timeline, processes, threads)


def _slices(
    timeline: Timeline, names: list[str], processes: object, threads: object
) -> Iterator[str]:
    """Yield the records, one event each."""
    columns = [
        timeline[name].tolist() for name in ("begin", "end", "item", "command", "node", "bytes")
    ]
    places = (np.asarray(processes).tolist(), np.asarray(threads).tolist())
    for name, process, thread, begin, end, item, command, node, size in zip(
        names, *places, *columns, strict=True
    ):
        details = []
        if item != NO_INDEX:
            details.append(f'"item":{item}')
        if command != NO_INDEX:
            details.append(f'"command":{command}')
        if node != NO_INDEX:
            details.append(f'"node":{node}')
        if size:
            details.append(f'"bytes":{size}')
        yield (
            f'{{"ph":"X","pid":{process},"tid":{thread},"ts":{event_time(begin)},'
            f'"dur":{event_time(end - begin)},"name":{name},"args":{{{",".join(details)}}}}}'
        )


def _inference(
    timeline: Timeline, operators: Sequence[str], window: tuple[int, int]
) -> Iterator[str]:
    """Yield what every tick of the reported inference counts as."""
    inside = timeline[(timeline["end"] > window[0]) & (timeline["begin"] < window[1])]
    segments = attribute(inside, *window)
    labels = {int(phase): phase.label for phase in Phase}
    for thread, values, texts in (
        (PHASE_THREAD, segments.phase, labels),
        (OPERATOR_THREAD, segments.operator, dict(enumerate(operators))),
    ):
        is_new = np.concatenate([[True], np.diff(values) != 0])
        starts = np.flatnonzero(is_new)
        stops = np.concatenate([starts[1:], [len(values)]]) - 1
        for first, last in zip(starts.tolist(), stops.tolist(), strict=True):
            name = texts.get(int(values[first]), "")
            begin, end = int(segments.begin[first]), int(segments.end[last])
            if name:
                yield (
                    f'{{"ph":"X","pid":{INFERENCE_PROCESS},"tid":{thread},'
                    f'"ts":{event_time(begin)},"dur":{event_time(end - begin)},'
                    f'"name":{json.dumps(name)},"args":{{}}}}'
                )


def _tracks(
    timeline: Timeline, units: Sequence[str], processes: object, threads: object, lanes: object
) -> list[Track]:
    """Return the rows that have records, each once."""
    columns = (processes, threads, timeline["kind"], timeline["track"], timeline["detail"], lanes)
    stacked = np.stack([np.asarray(column).astype(np.int64) for column in columns], axis=1)
    is_host = stacked[:, 0] == HOST_PROCESS
    stacked[is_host, 4] = 0  # a thread's phases share its row
    stacked[is_host, 2] = 1
    found = []
    for process, thread, kind, track, detail, lane in np.unique(stacked, axis=0).tolist():
        label = track_name(kind, track, detail, units)
        owner = "host" if process == HOST_PROCESS else f"accel{track}"
        found.append(Track(process, thread, owner, f"{label} {lane}" if lane else label))
    return found


def _metadata(tracks: list[Track]) -> Iterator[str]:
    """Yield names and the order of processes and threads."""
    owners = {each.process: each.owner for each in tracks}
    for process, name in sorted(owners.items()):
        for key, value in (("name", name), ("sort_index", process)):
            event = {"ph": "M", "pid": process, "name": f"process_{key}", "args": {key: value}}
            yield json.dumps(event)
    for each in sorted(tracks, key=lambda track: (track.process, track.thread)):
        for key, value in (("name", each.name), ("sort_index", each.thread)):
            event = {
                "ph": "M",
                "pid": each.process,
                "tid": each.thread,
                "name": f"thread_{key}",
                "args": {key: value},
            }
            yield json.dumps(event)
