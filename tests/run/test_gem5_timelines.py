"""What happened in gem5 comes out as the timeline that all reports read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.run.gem5.guest_log import EVENT_DTYPE
from harness.run.gem5.os_counters import OsCounters
from harness.run.gem5.timeline import build_timelines
from harness.stats.phases import Phase
from harness.stats.timeline import NO_INDEX, TimelineKind, WaitReason
from tests.run.gem5_logs import (
    BEGIN,
    END,
    INFERENCE,
    PERIOD,
    WAIT,
    Logs,
    counts,
    device,
    event,
    full_system,
    inference,
    kernel,
    mark,
    one_inference,
    program_of,
    sync,
    ticks_of,
)

if TYPE_CHECKING:
    from pathlib import Path

HOST, HOST_WAIT = TimelineKind.HOST, TimelineKind.HOST_WAIT
COMMAND, UNIT, TRANSFER = TimelineKind.COMMAND, TimelineKind.UNIT, TimelineKind.TRANSFER


def test_events_become_records_of_the_dispatching_thread(tmp_path: Path) -> None:
    logs = one_inference(
        event(110, BEGIN, Phase.LOAD),
        event(200, BEGIN, Phase.PREPARE, step=0),
        event(300, BEGIN, Phase.DRIVER, step=1),
        event(400, WAIT, WaitReason.ACCELERATORS, step=3),
        event(900, BEGIN, Phase.FINALIZE, step=3),
    )
    (only,) = build_timelines(logs.write(tmp_path), program_of(), PERIOD).inferences

    assert (only.begin_tick, only.end_tick) == (ticks_of(100), ticks_of(1000))
    rows = [
        (row["kind"], row["detail"], (int(row["begin"]) - ticks_of(0)) // PERIOD, row["operator"])
        for row in only.timeline
    ]
    assert rows == [
        (HOST, Phase.DISPATCH, 100, NO_INDEX),
        (HOST, Phase.LOAD, 110, NO_INDEX),
        (HOST, Phase.PREPARE, 200, 0),
        (HOST, Phase.DRIVER, 300, 0),
        (HOST_WAIT, WaitReason.ACCELERATORS, 400, 0),
        (HOST, Phase.FINALIZE, 900, 0),
    ]
    assert only.os == OsCounters()


def test_the_wait_is_divided_by_what_the_device_did(tmp_path: Path) -> None:
    logs = one_inference(event(200, WAIT, WaitReason.ACCELERATORS, step=3))
    logs.device = [
        device(COMMAND, 150, 900),
        device(TRANSFER, 250, 400, detail=1, size=64),
        device(UNIT, 350, 800),
        device(TimelineKind.INTERRUPT, 900, 900, command=NO_INDEX),
    ]
    (only,) = build_timelines(logs.write(tmp_path), program_of(), PERIOD).inferences

    expected = {"dispatch": 100, "driver": 150, "transfer": 100, "compute": 450, "interrupt": 100}
    assert counts(only) == expected
    assert len(only.timeline) == 6


def test_one_event_per_awaited_accelerator_is_one_wait(tmp_path: Path) -> None:
    """Between the accelerators' ends, the last awaited command has not ended: driver."""
    logs = one_inference(
        event(200, WAIT, WaitReason.ACCELERATORS, step=3),
        event(500, WAIT, WaitReason.ACCELERATORS, step=3, arg=1),
        event(900, WAIT, WaitReason.ACCELERATORS, step=5, arg=1),
    )
    logs.device = [device(COMMAND, 150, 400), device(COMMAND, 150, 800, track=1, command=7)]
    (only,) = build_timelines(logs.write(tmp_path), program_of(), PERIOD).inferences

    waits = only.timeline[only.timeline["kind"] == HOST_WAIT]
    assert waits["operator"].tolist() == [0, 1]
    assert counts(only) == {"dispatch": 100, "driver": 600, "interrupt": 200}


def test_device_commands_get_operator_and_program_index_over_repeated_inferences(
    tmp_path: Path,
) -> None:
    logs = Logs([inference(100, 0, 1), inference(500, 0, 0)])
    logs.events += [inference(600, 1, 1), inference(1000, 1, 0)]
    # Items of 2 and 1 commands; the second inference has them on the other accelerator.
    for first, (track, other), (base, other_base) in ((100, (0, 1), (0, 0)), (600, (1, 0), (1, 2))):
        logs.device += [
            device(UNIT, first + 10, first + 20, track=track, item=0, command=base),
            device(COMMAND, first + 5, first + 30, track=track, item=0, command=base),
            device(COMMAND, first + 30, first + 60, track=track, item=0, command=base + 1),
            device(COMMAND, first + 10, first + 40, track=other, item=1, command=other_base),
        ]
    cold, warm = build_timelines(logs.write(tmp_path), program_of((2, 1)), PERIOD).inferences

    for each in (cold, warm):
        rows = each.timeline[each.timeline["kind"] != HOST]
        found = sorted((int(r["kind"]), int(r["item"]), int(r["command"])) for r in rows)
        assert found == [(COMMAND, 0, 1), (COMMAND, 0, 2), (COMMAND, 1, 0), (UNIT, 0, 2)]
        assert np.array_equal(rows["operator"], rows["item"])


def test_kernel_time_is_os_except_in_the_driver_and_in_waits(tmp_path: Path) -> None:
    logs = one_inference(
        event(100, BEGIN, Phase.PREPARE, step=0),
        event(300, BEGIN, Phase.DRIVER, step=1),
        event(500, WAIT, WaitReason.ACCELERATORS, step=3),
        event(900, BEGIN, Phase.FINALIZE, step=3),
    )
    logs.device = [device(COMMAND, 450, 800), device(UNIT, 450, 800)]
    logs.kernel[0] = [
        *(kernel(50, 120, 0x1A04), kernel(200, 240, 0x1100), kernel(290, 310, 0x1900)),
        *(kernel(320, 480), kernel(510, 880), kernel(950, 1200, 0x1240)),
    ]
    (only,) = full_system(logs, tmp_path).inferences

    assert counts(only) == {
        "prepare": 200 - 20 - 40 - 10,
        "driver": 200,
        "compute": 300,
        "interrupt": 100,
        "finalize": 50,
        "os": 20 + 40 + 10 + 50,
    }
    found = {each.cause: (each.count, each.ticks, each.waiting_ticks) for each in only.os.entries}
    assert found == {
        "page_fault": (1, 40 * PERIOD, 0),
        "syscall": (2, 160 * PERIOD, 370 * PERIOD),
        "interrupt": (1, 50 * PERIOD, 0),
        "timer": (1, 20 * PERIOD, 0),
        "reschedule_ipi": (0, 20 * PERIOD, 0),
        "other": (0, 0, 0),
    }


def test_without_symbols_entries_have_no_names(tmp_path: Path) -> None:
    logs = one_inference(event(100, BEGIN, Phase.PREPARE))
    logs.kernel[0] = [kernel(200, 300), kernel(400, 500, 0x1100)]
    (only,) = full_system(logs, tmp_path, symbols="").inferences

    assert [(e.cause, e.count, e.ticks) for e in only.os.entries] == [("kernel", 2, 200 * PERIOD)]
    assert only.os.count("page_fault") == 0
    names = {line.name for line in only.os.statistics()}
    assert "system.os.cpu0.entries::kernel" in names


def test_workers_have_tracks_and_handing_over_to_them_is_os(tmp_path: Path) -> None:
    logs = one_inference(
        event(100, BEGIN, Phase.PREPARE, step=0),
        event(200, WAIT, WaitReason.WORKERS, step=0),
        event(600, BEGIN, Phase.FINALIZE, step=0),
        event(150, BEGIN, Phase.PREPARE, thread=1, step=0),
        event(500, END, thread=1),
    )
    logs.kernel = {0: [kernel(210, 590)], 1: [kernel(300, 340, 0x1100), kernel(500, 990)]}
    (only,) = full_system(logs, tmp_path).inferences

    worker = only.timeline[only.timeline["track"] == 1]
    assert worker["detail"].tolist() == [Phase.PREPARE, Phase.OS, Phase.PREPARE]
    spent = counts(only)
    # The worker works until 500; the kernel brings the dispatching thread back until 590.
    assert spent == {"prepare": 100 + 260, "os": 40 + 90, "idle": 10, "finalize": 400}
    idle_worker = next(e for e in only.os.entries if e.cpu == 1 and e.cause == "syscall")
    assert (idle_worker.ticks, idle_worker.waiting_ticks) == (0, 490 * PERIOD)


def test_a_log_that_begins_in_user_code_or_ends_inside_the_kernel_is_understood(
    tmp_path: Path,
) -> None:
    logs = one_inference(event(100, BEGIN, Phase.PREPARE))
    logs.kernel[0] = [kernel(1, 150)[16:], kernel(300, 400), kernel(900, 1)[:16]]
    (only,) = full_system(logs, tmp_path).inferences

    assert counts(only) == {"os": 100 + 100, "prepare": 700}


def test_an_interrupted_sync_does_no_harm_among_three(tmp_path: Path) -> None:
    one_inference(event(100, BEGIN, Phase.PREPARE)).write(tmp_path)
    path = tmp_path / "events.bin"
    interrupted = sync(90, error_ticks=10**7)
    path.write_bytes(interrupted + sync(91) + path.read_bytes())
    (only,) = build_timelines(tmp_path, program_of(), PERIOD).inferences

    assert only.begin_tick == ticks_of(100)


def test_the_counter_may_begin_anywhere(tmp_path: Path) -> None:
    one_inference(event(100, BEGIN, Phase.PREPARE)).write(tmp_path)
    path = tmp_path / "events.bin"
    events = np.frombuffer(path.read_bytes(), EVENT_DTYPE).copy()
    events["counter"] += np.uint64(2**63)
    path.write_bytes(events.tobytes())
    (only,) = build_timelines(tmp_path, program_of(), PERIOD).inferences

    assert (only.begin_tick, only.end_tick) == (ticks_of(100), ticks_of(1000))


def test_loading_is_the_time_until_ready(tmp_path: Path) -> None:
    logs = one_inference(event(100, BEGIN, Phase.PREPARE))

    def load_ticks(start_tick: int | None) -> int:
        built = build_timelines(logs.write(tmp_path), program_of(), PERIOD, start_tick=start_tick)
        return built.load_ticks

    assert load_ticks(ticks_of(10)) == 30 * PERIOD
    logs.events.insert(0, event(15, BEGIN, Phase.LOAD))
    assert load_ticks(None) == 25 * PERIOD
    logs.marks.insert(0, mark(20, 1))
    assert load_ticks(0) == 20 * PERIOD
    logs.marks = []
    assert load_ticks(0) == 0


def test_the_guests_report_goes_to_the_inferences_and_the_run(tmp_path: Path) -> None:
    logs = one_inference(event(100, BEGIN, Phase.PREPARE))
    report = {"driver": {"lost": 0, "waits": 3}, "inferences": [{"context switches": 2}]}
    (tmp_path / "report.json").write_text(json.dumps(report))
    built = build_timelines(logs.write(tmp_path), program_of(), PERIOD)

    assert built.counters == {"driver.lost": 0, "driver.waits": 3}
    assert built.inferences[0].os.counters == {"context_switches": 2}
    assert "system.guest.context_switches" in {
        line.name for line in built.inferences[0].os.statistics()
    }


def test_a_phase_lasts_until_the_threads_next_event_whatever_others_log(tmp_path: Path) -> None:
    logs = one_inference(
        event(100, BEGIN, Phase.REORDER),
        event(200, BEGIN, Phase.PREPARE, thread=1),
        event(250, END, thread=1),
        event(600, END),
    )
    (only,) = build_timelines(logs.write(tmp_path), program_of(), PERIOD).inferences

    assert counts(only) == {"reorder": 500, "idle": 400}


@pytest.mark.parametrize("empty", [[], [event(100, INFERENCE, 1), event(100, INFERENCE, 0)]])
def test_a_window_may_be_empty(tmp_path: Path, empty: list[bytes]) -> None:
    logs = Logs([*(empty or [inference(5, 0, 1), inference(5, 0, 0)])])
    (only,) = build_timelines(logs.write(tmp_path), program_of(), PERIOD).inferences

    assert only.begin_tick == only.end_tick
    assert not len(only.timeline)
