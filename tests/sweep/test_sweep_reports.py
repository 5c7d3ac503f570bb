"""What users read: plans, states, progress, tables, and messages about their mistakes."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING

import pytest

from harness.base.errors import SpecError
from harness.run.ending import Ending
from harness.sweep import Resources, Stage, Sweep, command, product
from harness.sweep.collect import collect, to_csv, write_table
from harness.sweep.plan_report import plan_lines
from harness.sweep.planning.plan import make_plan
from harness.sweep.progress import ConsoleSweepProgress, running_lines
from harness.sweep.session import planned, run_sweep, select
from harness.sweep.state.attempts import Claim, End
from harness.sweep.state.process_identity import identity_of
from harness.sweep.state.state_table import StateTable
from harness.sweep.status import status_json, status_lines
from tests.sweep.sweeping import harness, write_sweep

if TYPE_CHECKING:
    from pathlib import Path

STAGE = Stage("boot", command(["true"]))


def _commands(count: int = 3, **options: object) -> Sweep:
    made = command(["echo", "{n}"])
    return Sweep("s", product(n=range(count)), launch=made, **options)  # type: ignore[arg-type]


def _mixed(folder: Path) -> StateTable:
    """A sweep with one point of each state."""
    directory = planned(_commands(5), folder)
    good, bad, running, cancelled, _ = (point.id for point in directory.points)
    mine, store = Claim(identity_of(os.getpid()), job="12_3"), directory.store
    for point in (good, bad, running):
        store.claim(point, 1, mine)
    store.end(good, 1, End(Ending.SUCCESS))
    (directory.path / "runs" / good).mkdir()
    directory.write_point(directory.by_id[good])
    store.end(bad, 1, End(Ending.FATAL, "a cause", "a long\n  message"))
    store.cancel(cancelled)
    return StateTable(directory)


def test_a_plan_shows_points_stages_limits_and_what_is_tried_again(tmp_path: Path) -> None:
    plan = make_plan(_commands(12, prepare=(STAGE,), resources=Resources(2, 1 << 30, 90.0)))
    lines = plan_lines(plan, tmp_path / "none")
    assert lines[0].endswith("s: 12 points, 0 of them done")
    assert "2 cores, 1024 MiB, 90 s" in lines[2]
    assert "out of memory: 2 more, memory x1.5" in lines[3]
    assert any("stage=boot: true" in line for line in lines)
    assert lines[-1].strip() == "and 2 more; --all shows them"
    assert len(plan_lines(plan, tmp_path / "none", is_long=True)) == len(lines) + 1


def test_a_plan_knows_what_is_done(tmp_path: Path) -> None:
    _mixed(tmp_path / "s")
    lines = plan_lines(make_plan(_commands(5)), tmp_path / "s")
    assert "1 of them done" in lines[0]
    assert [line.endswith("  done") for line in lines[4:]] == [True, *[False] * 4]


def test_states_are_counted_and_failures_named(tmp_path: Path) -> None:
    text = "\n".join(status_lines(_mixed(tmp_path / "s")))
    for phase in ("succeeded", "failed", "running", "cancelled", "waiting"):
        assert f"  {phase:<10}       1" in text
    assert "failed (fatal)  n=1  a long message" in text
    assert "n=0" not in text
    long = status_lines(_mixed(tmp_path / "t"), is_long=True)
    assert sum("n=" in line for line in long) == 5


def test_states_for_programs_have_every_point(tmp_path: Path) -> None:
    data = json.loads(status_json(_mixed(tmp_path / "s")))
    assert [each["state"] for each in data["points"]] == [
        *("succeeded", "failed", "running", "cancelled", "waiting"),
    ]
    assert data["points"][1]["exit_cause"] == "a cause"
    assert data["points"][2]["job"] == "12_3"
    assert (data["counts"]["waiting"], data["is_done"]) == (1, False)


def test_progress_is_plain_lines_where_nobody_looks(tmp_path: Path) -> None:
    stream = io.StringIO()
    table = _mixed(tmp_path / "s")
    progress = ConsoleSweepProgress(stream)
    progress.show(table)
    progress.show(table)
    progress.close()
    assert stream.getvalue().count("\n") == 1
    assert "5 points: 1 waiting, 1 running, 1 succeeded, 1 failed, 1 cancelled" in stream.getvalue()
    assert "12_3" in running_lines(table)[0]
    quiet = io.StringIO()
    ConsoleSweepProgress(quiet, is_quiet=True).show(table)
    assert not quiet.getvalue()


def test_a_table_has_a_row_for_every_point_whatever_became_of_it(tmp_path: Path) -> None:
    rows = collect(_mixed(tmp_path / "s"))
    assert [row["n"] for row in rows] == list(range(5))
    assert [row["ending"] for row in rows] == ["success", "fatal", "", "", ""]
    text = to_csv(rows)
    assert text.splitlines()[0] == "id,index,n,state,ending,exit_cause,attempts"
    assert len(text.splitlines()) == 6
    with pytest.raises(SpecError, match="no such table format"):
        write_table(rows, tmp_path / "t.xls")


def test_a_value_keeps_its_name_and_the_column_gives_way(tmp_path: Path) -> None:
    made = command(["echo", "{state}"])
    sweep = Sweep("s", product(state=["on"]), launch=made)
    rows = collect(StateTable(planned(sweep, tmp_path / "s")))
    assert (rows[0]["state"], rows[0]["state_"]) == ("on", "waiting")


def test_statistics_of_the_last_dump_become_columns(tmp_path: Path) -> None:
    sweep = Sweep("s", product(workload=["minerva"], interface=["dma", "acp"]))
    table = run_sweep(sweep, tmp_path / "s")
    rows = collect(table, ["simTicks", "no.such.*"])
    assert [row["simTicks"] for row in rows] == [row["latency_ticks"] for row in rows]
    phases = [name for name in rows[0] if name.endswith("_ticks") and name != "latency_ticks"]
    assert all(sum(row[name] for name in phases) == row["latency_ticks"] for row in rows)


def test_points_are_chosen_by_the_beginning_of_their_ids_and_by_class(tmp_path: Path) -> None:
    table = _mixed(tmp_path / "s")
    points = table.directory.points
    assert select(table, [points[0].id[:12]]) == [points[0]]
    assert select(table, [], [Ending.FATAL]) == [points[1]]
    with pytest.raises(SpecError, match="no point 'zz'"):
        select(table, ["zz"])


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("plan", "none.toml"), "cannot read the sweep"),
        (("run", "s.toml", "-e", "condor"), "no executor 'condor'"),
        (("run", "s.toml", "--detach"), "the local executor's points end with it"),
        (("status", "."), "not a sweep's directory"),
        (("run", "s.toml", "-o", "."), "files that are not a sweep's"),
        (("run", "s.toml", "--memory", "1GB"), "not a size"),
    ],
)
def test_mistakes_are_told_with_exit_code_2(
    tmp_path: Path, words: tuple[str, ...], what: str
) -> None:
    write_sweep(tmp_path, '[product]\nworkload = "minerva"\n')
    done = harness(*words, cwd=tmp_path)
    assert (done.returncode, what in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr
