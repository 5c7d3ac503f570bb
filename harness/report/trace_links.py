"""What connects a trace's rows: transfers outstanding as counters, causes as arrows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.report.trace_names import FIRST_ACCELERATOR_PROCESS, HOST_PROCESS, event_time
from harness.stats.timeline import INTERFACE_NAMES, TimelineKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.stats.timeline import Timeline


def outstanding_events(timeline: Timeline) -> Iterator[str]:
    """Yield, per accelerator and interface, how many transfers are outstanding, at each change."""
    moves = timeline[timeline["kind"] == TimelineKind.TRANSFER]
    for track, detail in np.unique(moves[["track", "detail"]]).tolist():
        own = moves[(moves["track"] == track) & (moves["detail"] == detail)]
        points, first = np.unique(np.concatenate([own["begin"], own["end"]]), return_inverse=True)
        steps = np.concatenate([np.ones(len(own), int), -np.ones(len(own), int)])
        depth = np.zeros(len(points), dtype=np.int64)
        np.add.at(depth, first, steps)
        name = json.dumps(f"{INTERFACE_NAMES.get(detail, str(detail))} transfers outstanding")
        process = FIRST_ACCELERATOR_PROCESS + track
        for tick, value in zip(points.tolist(), np.cumsum(depth).tolist(), strict=True):
            yield (
                f'{{"ph":"C","pid":{process},"name":{name},"ts":{event_time(tick)},'
                f'"args":{{"transfers":{value}}}}}'
            )


def flow_events(timeline: Timeline, processes: Any, threads: Any) -> Iterator[str]:
    """Yield arrows: from the host's record that submits to the command, from it to its interrupt.

    A command without a host record at its first tick has no arrow to it: nothing is guessed.
    """
    kinds = timeline["kind"]
    host = np.flatnonzero((kinds == TimelineKind.HOST) & (timeline["track"] == 0))
    host = host[np.argsort(timeline["begin"][host], kind="stable")]
    begins = timeline["begin"][host]
    commands = np.flatnonzero(kinds == TimelineKind.COMMAND)
    interrupts = {
        (row["track"].item(), row["command"].item(), row["begin"].item()): index
        for index in np.flatnonzero(kinds == TimelineKind.INTERRUPT).tolist()
        for row in (timeline[index],)
    }
    identifier = 0
    for index in commands.tolist():
        row = timeline[index]
        begin, end = int(row["begin"]), int(row["end"])
        place = int(np.searchsorted(begins, begin, side="right")) - 1
        target = (int(processes[index]), int(threads[index]))
        if place >= 0 and begin < int(timeline["end"][host[place]]):
            identifier += 1
            source = (HOST_PROCESS, int(threads[host[place]]))
            yield from _arrow("submit", identifier, (*source, begin), (*target, begin))
        raised = interrupts.get((int(row["track"]), int(row["command"]), end))
        if raised is not None and end > begin:
            identifier += 1
            there = (int(processes[raised]), int(threads[raised]), end)
            yield from _arrow("complete", identifier, (*target, end - 1), there)


def _arrow(
    name: str, identifier: int, source: tuple[int, int, int], target: tuple[int, int, int]
) -> Iterator[str]:
    for letter, (process, thread, tick) in (("s", source), ("f", target)):
        end = ',"bp":"e"' if letter == "f" else ""
        yield (
            f'{{"ph":"{letter}","pid":{process},"tid":{thread},"ts":{event_time(tick)},'
            f'"id":{identifier},"name":"{name}","cat":"flow"{end}}}'
        )
