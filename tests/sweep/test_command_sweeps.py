"""Sweeps over commands on this machine: stages, checkpoints, what a point leaves behind."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.run.ending import Ending
from harness.sweep import Resources, RetryPolicy, Rule, Stage, Sweep, command, product
from harness.sweep.session import retry, run_sweep
from harness.sweep.state.point_state import Phase

if TYPE_CHECKING:
    from harness.sweep.state.state_table import StateTable

DAY = str(Path(__file__).with_name("day.py"))
CUT_OFF = """
import os, pathlib, sys, time
out = pathlib.Path(sys.argv[1])
print(sys.argv[2:])
if len(sys.argv) > 2:
    sys.exit(0 if (pathlib.Path(sys.argv[2].partition("=")[2]) / "m5.cpt").is_file() else 5)
for tick in (5, 40, 300):
    (out / f"cpt.{tick}").mkdir(parents=True)
    if tick < 300:  # the last one is not whole
        (out / f"cpt.{tick}" / "m5.cpt").write_text("[root]")
time.sleep(600)
"""


def _days(folder: Path, *days: str, **options: object) -> Sweep:
    words = [sys.executable, DAY, "{day}", "1", str(folder), "{outdir}"]
    made = command(words, needs_stats=False)
    return Sweep("days", product(day=days), launch=made, **options)  # type: ignore[arg-type]


def _endings(table: StateTable) -> dict[str, tuple[Phase, Ending | None, int]]:
    return {
        str(point.parameters["day"]): (state.phase, state.ending, state.attempts)
        for point in table.directory.points
        for state in [table.states[point.id]]
    }


def test_commands_end_as_they_end_and_leave_a_launch_behind(tmp_path: Path) -> None:
    limits = Resources(memory_bytes=400 << 20, time_s=3.0)
    policy = RetryPolicy({})
    sweep = _days(
        tmp_path, "good", "exit", "crash", "memory", "sleep", resources=limits, policy=policy
    )
    table = run_sweep(sweep, tmp_path / "out", cores=3)
    assert _endings(table) == {
        "good": (Phase.SUCCEEDED, Ending.SUCCESS, 1),
        "exit": (Phase.FAILED, Ending.SCRIPT_ERROR, 1),
        "crash": (Phase.FAILED, Ending.CRASH, 1),
        "memory": (Phase.FAILED, Ending.OUT_OF_MEMORY, 1),
        "sleep": (Phase.FAILED, Ending.TIME_LIMIT, 1),
    }
    for point in table.directory.points:
        place = table.directory.place(point)
        assert (place / "cmd.sh").is_file()
        assert json.loads((place / "point.json").read_text())["kind"] == "launch"
        assert json.loads((place / "result.json").read_text())


def test_what_was_cut_off_goes_on_from_its_newest_whole_checkpoint(tmp_path: Path) -> None:
    script = tmp_path / "cut.py"
    script.write_text(CUT_OFF)
    words = [sys.executable, str(script), "{outdir}"]
    made = command(
        words, needs_stats=False, checkpoint="m5out/cpt.*", resume=("--from={checkpoint}",)
    )
    sweep = Sweep("cut", launch=made, resources=Resources(time_s=2.0))
    table = run_sweep(sweep, tmp_path / "out")
    (state,) = table.states.values()
    assert (state.phase, state.attempts) == (Phase.SUCCEEDED, 2)
    kept = tmp_path / "out" / "keep" / table.directory.points[0].id
    assert [each.name for each in kept.iterdir()] == ["cpt.40"]


def test_a_stage_is_done_once_and_before_its_points(tmp_path: Path) -> None:
    count = f"echo x >> {tmp_path}/count; echo booted > {{output}}/booted"
    stage = Stage("boot", command(["sh", "-c", count]))
    made = command(
        ["sh", "-c", "cat {prepare.boot}/booted {outdir} {n} || true"], needs_stats=False
    )
    sweep = Sweep("staged", product(n=[1, 2, 3]), launch=made, prepare=(stage,))
    assert run_sweep(sweep, tmp_path / "out", cores=2).is_done
    assert run_sweep(sweep, tmp_path / "out", cores=2).is_done
    assert (tmp_path / "count").read_text() == "x\n"


def test_points_of_a_failed_stage_are_held_and_go_on_when_it_succeeds(tmp_path: Path) -> None:
    stage = Stage("boot", command(["sh", "-c", f"test -e {tmp_path}/ready"]))
    sweep = _days(tmp_path, "good", prepare=(stage,))
    table = run_sweep(sweep, tmp_path / "out")
    assert _endings(table) == {"good": (Phase.HELD, None, 0)}
    (tmp_path / "ready").touch()
    assert [point.kind for point in retry(table)] == ["prepare"]
    assert _endings(table) == {"good": (Phase.WAITING, None, 0)}
    table = run_sweep(sweep, tmp_path / "out")
    assert _endings(table) == {"good": (Phase.SUCCEEDED, Ending.SUCCESS, 1)}


def test_a_policy_can_try_what_would_not_be_tried_again(tmp_path: Path) -> None:
    policy = RetryPolicy({Ending.SCRIPT_ERROR: Rule(2)})
    table = run_sweep(_days(tmp_path, "exit", policy=policy), tmp_path / "out")
    assert _endings(table) == {"exit": (Phase.FAILED, Ending.SCRIPT_ERROR, 3)}
