"""What `harness timeline` writes keeps the rules of the Chrome trace format, on real runs too."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.report.timeline_export import export_timeline
from harness.report.trace_events import trace_json
from harness.report.trace_lanes import MOST_LANES, assign_lanes
from harness.run.result import read_result
from harness.stats.phases import Phase
from harness.stats.timeline import NO_INDEX, TIMELINE_DTYPE, TimelineKind, read_timeline

if TYPE_CHECKING:
    from pathlib import Path

    Event = dict[str, Any]

TICK = Decimal("0.000001")


def records(*rows: tuple[int, int, int, int, int]) -> np.ndarray[Any, Any]:
    """Return records of begin, end, kind, track, detail."""
    made = np.zeros(len(rows), dtype=TIMELINE_DTYPE)
    for name in ("operator", "item", "command", "node"):
        made[name] = NO_INDEX
    for index, row in enumerate(rows):
        for name, value in zip(("begin", "end", "kind", "track", "detail"), row, strict=True):
            made[name][index] = value
    return made


def events_of(text: str) -> list[Event]:
    events: list[Event] = json.loads(text, parse_float=Decimal)["traceEvents"]
    return events


def check_rules(events: list[Event]) -> None:
    """Hold events against the format: fields, rows, counters in order, arrows in pairs."""
    rows: dict[tuple[int, int], list[tuple[Decimal, Decimal]]] = defaultdict(list)
    counters: dict[tuple[int, str], list[Decimal]] = defaultdict(list)
    arrows: dict[int, list[Event]] = defaultdict(list)
    named = {
        (each["pid"], each.get("tid"))
        for each in events
        if each["ph"] == "M" and each["name"].endswith("_name")
    }
    for each in events:
        assert isinstance(each["pid"], int)
        if each["ph"] == "X":
            assert each["dur"] >= 0
            assert each["name"]
            rows[each["pid"], each["tid"]].append((each["ts"], each["ts"] + each["dur"]))
            assert (each["pid"], each["tid"]) in named
            assert (each["pid"], None) in named
        elif each["ph"] == "C":
            assert min(each["args"].values()) >= 0
            counters[each["pid"], each["name"]].append(each["ts"])
        elif each["ph"] in "sf":
            arrows[each["id"]].append(each)
        else:
            assert each["ph"] == "M"
    for spans in rows.values():
        spans.sort()
        for (_, end), (begin, _) in pairwise(spans):
            assert begin >= end, "events of one row must not overlap"
    for times in counters.values():
        assert times == sorted(set(times))
    for start, finish in arrows.values():
        assert (start["ph"], finish["ph"], finish["bp"]) == ("s", "f", "e")
        assert start["ts"] <= finish["ts"]
        for end in (start, finish):
            spans = rows[end["pid"], end["tid"]]
            assert any(a <= end["ts"] <= b for a, b in spans), "an arrow ends in the air"


def test_times_are_exact_and_rows_have_names() -> None:
    made = records(
        (1, 4, TimelineKind.HOST, 0, Phase.FLUSH),
        (1_000_001, 1_000_009, TimelineKind.TRANSFER, 0, 1),
        (1_000_002, 1_000_011, TimelineKind.TRANSFER, 0, 1),
        (5, 6, TimelineKind.UNIT, 0, 0),
    )
    made["operator"][0] = 0
    events = events_of("".join(trace_json(made, ["conv0"], ["mac"], "net")))
    slices = [each for each in events if each["ph"] == "X"]
    names = [each["args"].get("name") for each in events if each["ph"] == "M"]

    check_rules(events)
    assert (slices[0]["ts"], slices[0]["dur"]) == (TICK, 3 * TICK)
    assert (slices[1]["ts"], slices[1]["dur"]) == (1 + TICK, 8 * TICK)
    assert slices[0]["name"] == "flush conv0"
    assert slices[1]["tid"] != slices[2]["tid"], "overlapping transfers get lanes of their own"
    assert {"host", "accel0", "dispatching thread", "dma", "dma 1", "unit mac"} <= set(names)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=40))
def test_records_of_a_lane_never_overlap(spans: list[tuple[int, int]]) -> None:
    made = records(*((b, b + n, TimelineKind.COMMAND, 0, 0) for b, n in spans))
    lanes = assign_lanes(made)

    for lane in set(lanes.tolist()) - {MOST_LANES - 1}:
        own = np.sort(made[lanes == lane], order=["begin", "end"])
        assert all(own["end"][:-1] <= own["begin"][1:])
    depth = max(
        (sum(b <= t < b + n for b, n in spans) for t in range(81)),
        default=0,
    )
    zeros = sum(n == 0 for _, n in spans)
    assert len(set(lanes.tolist())) <= max(depth, 1) + zeros


def test_outstanding_transfers_are_counted_at_each_change() -> None:
    made = records(
        (10, 30, TimelineKind.TRANSFER, 0, 1),
        (20, 40, TimelineKind.TRANSFER, 0, 1),
    )
    events = events_of("".join(trace_json(made, [], [], "net")))
    counted = [
        (int(each["ts"] / TICK), each["args"]["transfers"]) for each in events if each["ph"] == "C"
    ]

    assert counted == [(10, 1), (20, 2), (30, 1), (40, 0)]


def test_arrows_go_from_submission_to_command_to_interrupt() -> None:
    made = records(
        (0, 10, TimelineKind.HOST, 0, Phase.DRIVER),
        (5, 50, TimelineKind.COMMAND, 0, 0),
        (50, 60, TimelineKind.INTERRUPT, 0, 0),
        (70, 80, TimelineKind.COMMAND, 0, 0),
    )
    made["command"] = [NO_INDEX, 0, 0, 1]
    events = events_of("".join(trace_json(made, [], [], "net")))
    arrows = [(each["name"], each["ph"], each["ts"]) for each in events if each["ph"] in "sf"]

    check_rules(events)
    assert arrows == [
        ("submit", "s", 5 * TICK),
        ("submit", "f", 5 * TICK),
        ("complete", "s", 49 * TICK),
        ("complete", "f", 50 * TICK),
    ]


def test_a_real_run_keeps_the_rules_and_its_phases_fill_the_inference(
    run: Path, tmp_path: Path
) -> None:
    path, count = export_timeline(run, tmp_path / "trace.json")
    events = events_of(path.read_text())
    result = read_result(run)
    assert result.breakdown is not None

    check_rules(events)
    assert count == len(read_timeline(run / "timeline.npy"))
    phases = [each for each in events if each["ph"] == "X" and (each["pid"], each["tid"]) == (2, 1)]
    assert sum(each["dur"] for each in phases) == result.breakdown.ticks * TICK
    by_name: dict[str, Decimal] = defaultdict(Decimal)
    for each in phases:
        by_name[each["name"]] += each["dur"]
    expected = {name: t * TICK for name, t in result.breakdown.phases.items() if t}
    assert by_name == expected


def test_a_compressed_trace_is_the_same_trace_and_the_same_bytes(run: Path, tmp_path: Path) -> None:
    plain, _ = export_timeline(run, tmp_path / "a.json")
    packed, _ = export_timeline(run, tmp_path / "a.json.gz")
    again, _ = export_timeline(run, tmp_path / "b.json.gz")

    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert packed.read_bytes() == again.read_bytes()
    assert packed.stat().st_size < plain.stat().st_size / 5
