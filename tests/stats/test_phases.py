"""Every tick of the window belongs to exactly one phase."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.base.errors import InternalError
from harness.stats.breakdown import break_down, breakdown_statistics, covered_ticks
from harness.stats.phases import ROLL_UP, Phase, attribute, roll_up
from harness.stats.timeline import TIMELINE_DTYPE, TimelineKind, WaitReason

HOST, WAIT = TimelineKind.HOST, TimelineKind.HOST_WAIT
COMMAND, UNIT, TRANSFER = TimelineKind.COMMAND, TimelineKind.UNIT, TimelineKind.TRANSFER


def timeline(*rows: tuple[int, ...]) -> np.ndarray:
    """Rows of (kind, track, detail, begin, end[, operator[, bytes]])."""
    records = np.zeros(len(rows), dtype=TIMELINE_DTYPE)
    for record, row in zip(records, rows, strict=True):
        kind, track, detail, begin, end, operator, size = (*row, 0, 0)[:7]
        record["kind"], record["track"], record["detail"] = kind, track, detail
        record["begin"], record["end"] = begin, end
        record["operator"], record["bytes"] = operator, size
    return records


def spent(records: np.ndarray, begin: int, end: int) -> dict[str, int]:
    phases = attribute(records, begin, end).ticks_by_phase()
    return {phase.label: ticks for phase, ticks in phases.items() if ticks}


def test_the_record_is_48_bytes() -> None:
    assert TIMELINE_DTYPE.itemsize == 48


def test_every_phase_is_in_exactly_one_part_of_the_roll_up() -> None:
    listed = [phase for phases in ROLL_UP.values() for phase in phases]

    assert sorted(listed) == sorted(Phase)


def test_a_running_dispatching_thread_decides_alone() -> None:
    records = timeline((HOST, 0, Phase.PREPARE, 0, 10), (UNIT, 0, 0, 0, 10))

    assert spent(records, 0, 10) == {"prepare": 10}


def test_waiting_on_accelerators_is_compute_before_transfer_before_driver_then_interrupt() -> None:
    records = timeline(
        (WAIT, 0, WaitReason.ACCELERATORS, 100, 200),
        (COMMAND, 0, 0, 110, 180),
        (TRANSFER, 0, 1, 120, 150),
        (UNIT, 0, 1, 140, 160),
    )
    assert spent(records, 100, 200) == {
        "driver": 20 + 20,  # 100-120 before the first transfer, 160-180 until the command's end
        "transfer": 20,  # 120-140, exposed
        "compute": 20,  # 140-160
        "interrupt": 20,  # 180-200
    }


def test_only_awaited_commands_count() -> None:
    records = timeline(
        (WAIT, 0, WaitReason.ACCELERATORS, 0, 100, 7),
        (COMMAND, 0, 0, 0, 50, 7),
        (UNIT, 0, 0, 0, 100, 8),
    )
    assert spent(records, 0, 100) == {"driver": 50, "interrupt": 50}


def test_a_command_that_outlives_the_wait_was_not_awaited() -> None:
    records = timeline(
        (WAIT, 0, WaitReason.ACCELERATORS, 0, 100),
        (COMMAND, 0, 0, 0, 60),
        (COMMAND, 1, 0, 0, 150),
    )
    assert spent(records, 0, 100) == {"driver": 60, "interrupt": 40}


def test_waiting_on_workers_is_their_phase_and_prepare_wins() -> None:
    records = timeline(
        (WAIT, 0, WaitReason.WORKERS, 0, 100),
        (HOST, 1, Phase.FINALIZE, 0, 60),
        (HOST, 2, Phase.PREPARE, 40, 80),
    )
    assert spent(records, 0, 100) == {"finalize": 40, "prepare": 40, "idle": 20}


def test_ticks_that_nobody_speaks_for_are_idle() -> None:
    records = timeline((HOST, 0, Phase.LOAD, 10, 20), (WAIT, 0, WaitReason.OTHER, 20, 25))

    assert spent(records, 0, 30) == {"load": 10, "idle": 20}


def test_the_window_clips_what_it_cuts() -> None:
    assert spent(timeline((HOST, 0, Phase.FLUSH, 0, 100)), 30, 50) == {"flush": 20}


def test_an_overlap_of_the_dispatching_thread_with_itself_is_our_bug() -> None:
    records = timeline((HOST, 0, Phase.LOAD, 0, 10), (HOST, 0, Phase.FLUSH, 9, 12))
    with pytest.raises(InternalError, match="tick 9"):
        attribute(records, 0, 12)


def test_an_empty_window_has_no_ticks() -> None:
    assert spent(timeline(), 5, 5) == {}


INTERVALS = st.tuples(st.integers(0, 300), st.integers(0, 60), st.integers(0, 2))


@given(
    cuts=st.lists(st.integers(0, 300), min_size=2, max_size=12, unique=True),
    choices=st.lists(st.integers(0, 17), min_size=12, max_size=12),
    devices=st.lists(st.tuples(st.sampled_from([COMMAND, UNIT, TRANSFER]), INTERVALS)),
    workers=st.lists(st.tuples(st.sampled_from(list(Phase)), INTERVALS)),
)
def test_phases_always_add_up_to_the_window(
    cuts: list[int],
    choices: list[int],
    devices: list[tuple[int, tuple[int, int, int]]],
    workers: list[tuple[int, tuple[int, int, int]]],
) -> None:
    cuts = sorted(cuts)
    rows: list[tuple[int, ...]] = []
    for begin, end, choice in zip(cuts, cuts[1:], choices, strict=False):
        if 1 <= choice <= 14:
            rows.append((HOST, 0, choice, begin, end, choice % 3))
        elif choice:
            rows.append((WAIT, 0, choice - 14, begin, end, choice % 3))
    rows += [(kind, 0, 1, at, at + size, op) for kind, (at, size, op) in devices]
    rows += [(HOST, 1, phase, at, at + size, op) for phase, (at, size, op) in workers]
    records = timeline(*rows)
    begin, end = cuts[0], cuts[-1]

    segments = attribute(records, begin, end)
    phases = segments.ticks_by_phase()

    assert sum(phases.values()) == end - begin
    assert sum(roll_up(phases).values()) == end - begin
    by_operator = segments.ticks_by_operator()
    assert sum(sum(ticks.values()) for ticks in by_operator.values()) == end - begin
    assert np.all(segments.begin[1:] == segments.end[:-1])
    for tick in range(begin, end, 7):
        position = int(np.searchsorted(segments.begin, tick, side="right")) - 1
        assert segments.phase[position] == slow_phase(records, tick)


def slow_phase(records: np.ndarray, tick: int) -> int:
    """The rule of the design, read literally for one tick."""
    now = records[(records["begin"] <= tick) & (tick < records["end"])]
    own = now[(now["track"] == 0) & ((now["kind"] == HOST) | (now["kind"] == WAIT))]
    if not len(own) or own[0]["kind"] == HOST:
        return int(own[0]["detail"]) if len(own) else Phase.IDLE
    (own,) = own
    if own["detail"] == WaitReason.ACCELERATORS:
        kinds = set(now["kind"][now["operator"] == own["operator"]].tolist())
        if UNIT in kinds:
            return Phase.COMPUTE
        if TRANSFER in kinds:
            return Phase.TRANSFER
        awaited = records[(records["kind"] == COMMAND) & (records["operator"] == own["operator"])]
        ends = awaited["end"][awaited["end"] <= own["end"]]
        return Phase.DRIVER if len(ends) and tick < ends.max() else Phase.INTERRUPT
    if own["detail"] == WaitReason.WORKERS:
        order = (Phase.PREPARE, Phase.FLUSH, Phase.FINALIZE, *Phase)
        working = set(now["detail"][(now["kind"] == HOST) & (now["track"] > 0)].tolist())
        return next((phase for phase in order if phase in working), Phase.IDLE)
    return Phase.IDLE


@given(st.lists(INTERVALS))
def test_covered_ticks_count_overlaps_once(intervals: list[tuple[int, int, int]]) -> None:
    records = timeline(*[(UNIT, 0, 0, at, at + size) for at, size, _ in intervals])
    covered = {tick for at, size, _ in intervals for tick in range(at, at + size)}

    assert covered_ticks(records) == len(covered)


def test_the_breakdown_names_operators_units_and_interfaces() -> None:
    records = timeline(
        (HOST, 0, Phase.PREPARE, 0, 40, 1),
        (WAIT, 0, WaitReason.ACCELERATORS, 40, 100, 1),
        (COMMAND, 1, 0, 50, 90, 1),
        (TRANSFER, 1, 1, 50, 60, 1, 4096),
        (UNIT, 1, 1, 60, 90, 1),
    )
    result = break_down(records, (0, 100), [("a", "add", 0), ("b", "conv2d", 9)], ["x", "mac"], 2)

    assert result.ticks == 100
    assert result.phases["compute"] == 30
    assert [(time.name, time.macs, time.ticks) for time in result.operators] == [("b", 9, 100)]
    busy = result.accelerators[1]
    assert (busy.commands, busy.command_ticks, busy.unit_ticks) == (1, 40, {"x": 0, "mac": 30})
    assert busy.bytes_by_interface == {"dma": 4096}
    assert result.accelerators[0].commands == 0
    lines = {line.name: line.value for line in breakdown_statistics(result)}
    assert lines["system.phases.ticks::total"] == 100
    assert lines["system.accel1.transferBytes::dma"] == 4096
