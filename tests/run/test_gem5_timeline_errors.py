"""Logs that are cut off or contradict themselves are refused, with the file and the record."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from harness.base.errors import StatsError
from harness.run.gem5.timeline import build_timelines
from harness.stats.phases import Phase
from harness.stats.timeline import NO_INDEX, TimelineKind
from tests.run.gem5_logs import (
    BEGIN,
    PERIOD,
    SYMBOLS,
    WAIT,
    device,
    event,
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

COMMAND = TimelineKind.COMMAND
GOOD = [sync(1), inference(100, 0, 1), event(100, BEGIN, Phase.LOAD), inference(900, 0, 0)]


def refused(directory: Path, *, is_full_system: bool = False) -> StatsError:
    path = directory / "kernel_symbols.txt"
    with pytest.raises(StatsError) as raised:
        build_timelines(
            directory,
            program_of(),
            PERIOD,
            is_full_system=is_full_system,
            symbols=path if path.exists() else None,
            accelerators=2,
        )
    assert str(directory) in raised.value.where
    return raised.value


def good_logs(directory: Path) -> None:
    logs = one_inference(event(100, BEGIN, Phase.PREPARE))
    logs.device = [device(COMMAND, 200, 300)]
    logs.kernel = {0: [kernel(200, 300)]}
    logs.write(directory)
    (directory / "kernel_symbols.txt").write_text(SYMBOLS)


def test_the_logs_that_the_others_spoil_are_good(tmp_path: Path) -> None:
    good_logs(tmp_path)
    symbols = tmp_path / "kernel_symbols.txt"
    built = build_timelines(tmp_path, program_of(), PERIOD, is_full_system=True, symbols=symbols)

    assert len(built.inferences) == 1


@pytest.mark.parametrize(
    ("name", "what", "size"),
    [
        ("events.bin", "event log", 32),
        ("device_timeline.bin", "device's timeline", 48),
        ("marks.bin", "marks", 24),
        ("kernel_time_0.bin", "kernel time", 16),
    ],
)
def test_a_cut_or_missing_log_is_named(tmp_path: Path, name: str, what: str, size: int) -> None:
    good_logs(tmp_path)
    path = tmp_path / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    error = refused(tmp_path, is_full_system=True)
    assert what in error.what
    assert "cut off" in error.what
    assert f"byte {len(whole) - size}" in error.where
    assert f"{size - 1} B" in error.got

    path.unlink()
    error = refused(tmp_path, is_full_system=True)
    assert what in error.what


@pytest.mark.parametrize(
    ("events", "what", "where"),
    [
        ([], "is empty", "events.bin"),
        ([sync(1), sync(2)], "no inference", "events.bin"),
        (GOOD, "lacks a SYNC event after", "events.bin"),
        ([*GOOD[1:], sync(950)], "lacks a SYNC event before", "events.bin"),
        ([*GOOD, sync(950, 1_000_001)], "drift apart", "SYNC"),
        ([*GOOD[:3], sync(950)], "do not follow each other", "events.bin"),
        ([*GOOD, inference(900, 2, 1), inference(901, 2, 0), sync(950)], "do not follow", ""),
        ([*GOOD, event(800, BEGIN, Phase.LOAD), sync(950)], "out of order", "record 4"),
        ([*GOOD, event(901, 9), sync(950)], "unknown kind", "record 4"),
        ([*GOOD, event(901, BEGIN, 15), sync(950)], "unknown phase", "record 4"),
        ([*GOOD, event(901, WAIT, 4), sync(950)], "unknown reason", "record 4"),
        ([*GOOD, event(901, BEGIN, 1, step=8), sync(950)], "no such step", "record 4"),
        ([*GOOD, event(901, BEGIN, 1, thread=9999), sync(950)], "no such thread", "record 4"),
        ([*GOOD, event(2**61, BEGIN, 1), sync(950)], "impossible counter", "record 4"),
        ([event(1, 4, arg=2**63), *GOOD, sync(950)], "SYNC", "record 0"),
        (
            [event(0, BEGIN, 1), event(1, 4), *GOOD[1:], event(950, 4, arg=474_500)],
            "tick 0",
            "",
        ),
        ([sync(1), event(100, 5, 1, thread=1), sync(950)], "of an inference", "record 1"),
    ],
)
def test_malformed_events_are_refused(
    tmp_path: Path, events: list[bytes], what: str, where: str
) -> None:
    good_logs(tmp_path)
    (tmp_path / "events.bin").write_bytes(b"".join(events))
    error = refused(tmp_path)

    assert what in error.what
    assert where in error.where


def test_a_microsecond_of_drift_is_the_time_of_a_register_access(tmp_path: Path) -> None:
    good_logs(tmp_path)
    (tmp_path / "events.bin").write_bytes(b"".join([*GOOD, sync(950, 1_000_000)]))
    built = build_timelines(tmp_path, program_of(), PERIOD)

    assert built.inferences[0].begin_tick == ticks_of(100) + 500_000


@pytest.mark.parametrize(
    ("records", "what", "where"),
    [
        ([device(TimelineKind.HOST, 1, 2)], "unknown kind", "record 0"),
        ([device(COMMAND, 1, 2), device(COMMAND, 3, 2, command=1)], "before it begins", "record 1"),
        ([device(COMMAND, 1, 2, track=2)], "no such accelerator", "record 0"),
        ([device(COMMAND, 1, 2, item=7)], "no such work item", "device_timeline.bin"),
        ([device(COMMAND, 1, 2, command=NO_INDEX)], "of no command", "record 0"),
        ([device(COMMAND, 1, 2), device(COMMAND, 1, 2, item=1)], "two work items", "record 1"),
    ],
)
def test_malformed_device_records_are_refused(
    tmp_path: Path, records: list[bytes], what: str, where: str
) -> None:
    good_logs(tmp_path)
    (tmp_path / "device_timeline.bin").write_bytes(b"".join(records))
    error = refused(tmp_path)

    assert what in error.what
    assert where in error.where


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("marks.bin", mark(5, 9), "unknown mark"),
        ("marks.bin", mark(5, 2) + mark(4, 3), "out of order"),
        ("kernel_time_0.bin", kernel(5, 4), "out of order"),
        ("kernel_time_0.bin", struct.pack("<QQ", 2**63, 0), "out of order"),
        ("kernel_time_x.bin", b"", "of no CPU"),
        ("kernel_symbols.txt", b"ffffffff81000000 T", "not a line of nm"),
        ("kernel_symbols.txt", b"nonsense", "not a line of nm"),
        ("kernel_symbols.txt", b"1 T nothing_known", "no entry point"),
        ("kernel_symbols.txt", b"", "no entry point"),
        ("report.json", b"{", "report"),
        ("report.json", b"[1]", "no JSON object"),
        ("report.json", b'{"inferences": [{}, {}]}', "too many inferences"),
    ],
)
def test_other_malformed_files_are_refused(
    tmp_path: Path, name: str, content: bytes, what: str
) -> None:
    good_logs(tmp_path)
    (tmp_path / name).write_bytes(content)

    assert what in refused(tmp_path, is_full_system=True).what
