"""What people see of a run: shares that add up, plain lines without a terminal, pictures."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.report.compare_tables import compare_runs, compare_statistics
from harness.report.picture import draw_image
from harness.report.progress import ConsoleProgress
from harness.report.run_report import print_run
from harness.report.run_tables import operator_table, phase_table, run_tables
from harness.report.stats_tables import stats_listing
from harness.report.table import Table, plain_lines, print_table, shares
from harness.run.outputs import Classification, OutputValue, ReferenceCheck
from harness.run.result import Energy, RunResult
from harness.stats.breakdown import AcceleratorTime, Breakdown, OperatorTime
from harness.stats.phases import Phase, roll_up
from harness.stats.reader import parse_stats
from harness.stats.statistic import Statistic
from harness.stats.writer import format_dump

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def breakdown(**ticks: int) -> Breakdown:
    phases = {phase.label: ticks.get(phase.label, 0) for phase in Phase}
    parts = roll_up({phase: phases[phase.label] for phase in Phase})
    whole = sum(phases.values())
    operators = (OperatorTime(0, "conv0", "conv2d", 1234567, whole, phases),)
    busy = AcceleratorTime(0, 2, whole // 2, {"mac": whole // 4, "vector": 0}, 5, {"dma": 4096})
    return Breakdown(0, whole, phases, parts, operators, (busy,))


def result(**changes: object) -> RunResult:
    values: dict[str, object] = {
        "exit_cause": "finished",
        "is_success": True,
        "setting": {"graph": "net", "target": "smaug", "interface": "dma", "accelerators": 1},
        "latencies": (100, 90),
        "reported": 1,
        "breakdown": breakdown(compute=50, transfer=25, prepare=15),
        "outputs": (OutputValue("y", "float16", (1, 2), "ab" * 32, (0.0, 1.0)),),
        "classification": Classification((1,), (1,), ("no", "yes")),
        "reference": ReferenceCheck(True, True, 0, 2),
        "energies": (Energy("multiply", 2.5e-6, "a source"),),
    }
    return RunResult(**{**values, **changes})  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=40).filter(any))
def test_shares_add_up_to_exactly_one_hundred(parts: list[int]) -> None:
    tenths = [int(share.removesuffix(" %").replace(".", "")) for share in shares(parts)]

    assert sum(tenths) == 1000
    for part, tenth in zip(parts, tenths, strict=True):
        assert abs(part / sum(parts) * 1000 - tenth) <= 1


def test_the_phase_table_adds_up_on_both_levels() -> None:
    rows = phase_table(breakdown(compute=1, transfer=1, flush=1, load=3, idle=7)).rows
    level = {row[0]: float(row[2].removesuffix(" %")) for row in rows}
    parts = [share for name, share in level.items() if not name.startswith(" ")]
    finer = [share for name, share in level.items() if name.startswith(" ")]

    assert round(sum(parts), 1) == 200.0  # the three parts, and the total itself
    assert round(sum(finer), 1) == 100.0
    assert "  os" not in level


def test_long_networks_show_the_longest_operators_in_program_order() -> None:
    whole = breakdown(compute=50)
    many = tuple(
        OperatorTime(i, f"op{i}", "relu", 0, ticks, {"compute": ticks})
        for i, ticks in enumerate((5, 1, 9, 7))
    )
    table = operator_table(Breakdown(0, 22, whole.phases, whole.roll_up, many, ()), most=2)

    assert [row[0] for row in table.rows] == ["op2", "op3"]
    assert "2 longest of 4" in table.title


def test_a_file_gets_plain_aligned_lines() -> None:
    table = Table("T", ("name", ">value"), (("a", "1"), ("long", "100")))

    assert plain_lines(table) == ["T", "name  value", "a         1", "long    100"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_the_same_cells() -> None:
    stream = Terminal()
    print_table(Table("Title", ("name", ">value"), (("[a]", "1 %"),), frozenset({0})), stream)

    assert "[a]" in stream.getvalue()
    assert "1 %" in stream.getvalue()


def test_the_report_says_what_matters(tmp_path: Path) -> None:
    stream = io.StringIO()
    print_run(result(), tmp_path, stream)
    text = stream.getvalue()

    for words in (
        "net on smaug",
        "predicted    yes",
        "expected     yes (right)",
        "inference 2 of 2, warm",
        "equal to the reference execution",
        "data movement",
        "4 KiB dma",
        "2.5 uJ",
        "against gem5",
        str(tmp_path),
    ):
        assert words in text


def test_a_failed_run_names_its_cause_and_does_not_call_its_time_a_latency(tmp_path: Path) -> None:
    stream = io.StringIO()
    failed = result(exit_cause="interrupted", is_success=False, classification=None, reference=None)
    print_run(failed, tmp_path, stream)

    assert "exit cause   interrupted" in stream.getvalue()
    assert "latency" not in stream.getvalue()
    assert "unfinished" in stream.getvalue()


def test_a_run_that_measured_nothing_has_no_tables() -> None:
    assert run_tables(RunResult("model lost", is_success=False)) == []


def test_a_digit_is_drawn_with_two_rows_per_line() -> None:
    image = np.zeros((1, 28, 28, 1), np.float16)
    image[0, 4:8, 10:14, 0] = 1
    lines = draw_image(image)

    assert len(lines) == 14
    assert lines[2] == lines[3] == " " * 10 + "@@@@"
    assert "@" not in "".join(lines[4:])


def test_what_is_no_picture_is_not_drawn() -> None:
    assert draw_image(np.zeros((1, 28, 28, 1))) == []
    assert draw_image(np.ones((2, 3))) == []
    assert len(draw_image(np.arange(784).reshape(1, 784))) == 14


def test_two_runs_are_compared_by_settings_phases_and_operators() -> None:
    other = result(
        setting={"graph": "net", "target": "mobile", "interface": "dma", "accelerators": 1},
        breakdown=breakdown(compute=25, transfer=25, prepare=15),
    )
    settings, inferences, phases, operators = compare_runs(("a", result()), ("b", other))

    assert ("target", "smaug", "mobile", "differs") in settings.rows
    assert ("cold (first)", "100 ps", "100 ps", "0 ps", "1.0000") in inferences.rows
    assert ("  compute", "50 ps", "25 ps", "-25 ps", "0.5000") in phases.rows
    assert ("conv0", "90 ps", "65 ps", "-25 ps", "0.7222") in operators.rows


def test_runs_with_and_without_an_operating_system_differ_by_its_phases() -> None:
    def run_in(mode: str, latency: int, **ticks: int) -> RunResult:
        setting = {"graph": "net", "target": "smaug", "mode": mode, "cpu": "timing"}
        return result(
            backend="gem5",
            setting=setting,
            latencies=(latency,),
            reported=0,
            breakdown=breakdown(**ticks),
        )

    emulated, full = run_in("se", 75, compute=50, driver=25), run_in("fs", 105, compute=50)
    full = replace(full, breakdown=breakdown(compute=50, driver=30, os=25), load_ticks=7)
    settings, inferences, phases, _ = compare_runs(("SE", emulated), ("FS", full))

    assert ("load, before them", "0 ps", "7 ps", "+7 ps", "") in inferences.rows

    assert ("mode", "se", "fs", "differs") in settings.rows
    assert not [row for row in settings.rows if row[0] in {"backend", "inference", "cpu"}]
    assert ("total", "75 ps", "105 ps", "+30 ps", "1.4000") in phases.rows
    assert ("  driver", "25 ps", "30 ps", "+5 ps", "1.2000") in phases.rows
    assert ("  os", "0 ps", "25 ps", "+25 ps", "") in phases.rows


def test_statistics_are_compared_and_shown_by_pattern() -> None:
    (a,) = parse_stats(format_dump([Statistic("x.a", 1, "Count", "apples"), Statistic("y", 2)]))
    (b,) = parse_stats(format_dump([Statistic("x.a", 3), Statistic("y", 2)]))

    assert compare_statistics(a, b, "*").rows == (("x.a", "1", "3", "3.0000"),)
    assert stats_listing(a, ["x.*"], "t").rows == (("x.a", 1, "Count", None, "apples"),)


def test_progress_is_plain_lines_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("harness.report.progress.time.monotonic", lambda: now[0])
    plain, terminal, quiet = io.StringIO(), Terminal(), io.StringIO()
    for stream, is_quiet in ((plain, False), (terminal, False), (quiet, True)):
        progress = ConsoleProgress(stream, is_quiet=is_quiet)
        progress.stage("compiling")
        progress.tick(5)
        now[0] += 6
        progress.tick(10**6, "conv0")
        progress.close()

    assert plain.getvalue() == "harness: compiling\nharness: simulating: 1 us, conv0\n"
    assert terminal.getvalue().endswith(" \r")
    assert quiet.getvalue() == ""
