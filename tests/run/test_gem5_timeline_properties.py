"""Whatever is logged: records tile the windows, and the kernel's time is only moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.run.gem5.timeline import GuestInference, build_timelines
from harness.stats.phases import Phase
from harness.stats.timeline import NO_INDEX, TimelineKind, WaitReason
from tests.run.gem5_logs import (
    BEGIN,
    END,
    PERIOD,
    WAIT,
    Logs,
    counts,
    device,
    event,
    full_system,
    inference,
    kernel,
    program_of,
)

if TYPE_CHECKING:
    from pathlib import Path

HOST, HOST_WAIT, COMMAND = TimelineKind.HOST, TimelineKind.HOST_WAIT, TimelineKind.COMMAND
PHASES = st.integers(1, 14)
LOGGED = st.tuples(st.integers(0, 40), st.sampled_from([BEGIN, WAIT, END]), PHASES)


def thread_events(logged: list[tuple[int, int, int]], thread: int) -> list[bytes]:
    events, counter = [], 100
    for gap, kind, phase in logged:
        counter += gap
        detail = phase if kind == BEGIN else phase % 3 + 1
        step = phase % 8 if phase % 2 else NO_INDEX
        step = step if step < 5 else NO_INDEX
        events.append(event(counter, kind, detail, thread=thread, step=step))
    return events


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    runs=st.lists(st.lists(LOGGED, max_size=12), min_size=1, max_size=3),
    worker=st.lists(LOGGED, max_size=12),
    stays=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=20),
    busy=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 90), st.integers(0, 1))),
)
def test_records_of_the_dispatching_thread_tile_every_window(
    tmp_path: Path,
    runs: list[list[tuple[int, int, int]]],
    worker: list[tuple[int, int, int]],
    stays: list[tuple[int, int]],
    busy: list[tuple[int, int, int]],
) -> None:
    logs = Logs(kernel={0: [], 1: []})
    shift = 0
    for number, logged in enumerate(runs):
        begin = 100 + shift
        own = [(gap + (shift if i == 0 else 0), *rest) for i, (gap, *rest) in enumerate(logged)]
        shift += sum(gap for gap, _, _ in logged) + 7
        logs.events += [inference(begin, number, 1), *thread_events(own, 0)]
        logs.events.append(inference(100 + shift, number, 0))
    logs.events += thread_events(worker, 1)
    counter = 0
    for cpu, (gap, length) in enumerate(stays):
        logs.kernel[cpu % 2].append(kernel(counter + gap, counter + gap + length, 0x1100))
        counter += gap + length
    logs.device = [
        device(COMMAND, at, at + size, item=item, command=number)
        for number, (at, size, item) in enumerate(busy)
    ]
    with_kernel = full_system(logs, tmp_path).inferences
    plain = build_timelines(tmp_path, program_of(), PERIOD).inferences

    assert len(with_kernel) == len(plain) == len(runs)
    for full, emulated in zip(with_kernel, plain, strict=True):
        for each in (full, emulated):
            check_tiling(each)
        whole = sum(counts(full).values())
        assert whole == sum(counts(emulated).values())
        assert whole == (full.end_tick - full.begin_tick) // PERIOD
        check_moved_to_os(full, emulated)


def check_tiling(inference: GuestInference) -> None:
    kinds = inference.timeline["kind"]
    own = inference.timeline[((kinds == HOST) | (kinds == HOST_WAIT))]
    own = own[own["track"] == 0]
    edges = [inference.begin_tick, *own["end"].tolist()]
    assert own["begin"].tolist() == edges[:-1]
    assert edges[-1] == inference.end_tick
    assert np.all(own["end"] > own["begin"])


def check_moved_to_os(full: GuestInference, emulated: GuestInference) -> None:
    """The kernel's time comes out of other phases and nowhere else; the driver keeps its own."""
    details = {}
    for name, each in (("full", full), ("emulated", emulated)):
        own = each.timeline[(each.timeline["kind"] == HOST) & (each.timeline["track"] == 0)]
        length = (own["end"] - own["begin"]).astype(np.int64)
        details[name] = {phase: int(length[own["detail"] == phase].sum()) for phase in Phase}
    assert details["full"][Phase.DRIVER] == details["emulated"][Phase.DRIVER]
    for phase in set(Phase) - {Phase.OS}:
        assert details["full"][phase] <= details["emulated"][phase]
    waits = [each.timeline[each.timeline["kind"] == HOST_WAIT] for each in (full, emulated)]
    others = [w[w["detail"] != WaitReason.WORKERS] for w in waits]
    assert np.array_equal(*others)
