"""`harness results`: what SQL over many runs says equals what the runs' files say."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from harness.base.errors import SpecError, StatsError
from harness.report.results.answer import answer_csv, answer_json, answer_table
from harness.report.results.asking import ask
from harness.report.results.collection import count_waiting, find_runs
from harness.report.results.database import query_runs
from harness.report.results.record import RunRecord, read_record
from harness.report.results.stats_files import fresh_parquet
from harness.report.results.views import VIEWS
from harness.run.ending import Ending
from harness.run.result import read_result
from harness.stats.reader import read_stats

if TYPE_CHECKING:
    from pathlib import Path


def records(*places: Path) -> list[RunRecord]:
    return [read_record(found) for found in find_runs(places)]


def rows(sql: str, *places: Path) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = query_runs(sql, records(*places)).to_pylist()
    return answer


def test_runs_say_what_their_results_say(sweep: Path) -> None:
    found = rows("select * from runs order by point", sweep)

    assert len(found) == 9
    for row in found[:-1]:
        result = read_result(row["path"])
        assert row["latency_ticks"] == result.latencies[0]
        assert row["p_accelerators"] == row["accelerators"] == result.setting["accelerators"]
        assert row["ending"] == "success"
    assert found[-1]["ending"] == "max tick"
    assert found[-1]["latency_ticks"] is None


def test_phases_add_up_to_latencies(sweep: Path) -> None:
    sql = """select r.run from runs r join phases p using (run) where r.is_success
             group by r.run, r.latency_ticks having sum(p.ticks) <> r.latency_ticks"""
    assert rows(sql, sweep) == []


def test_every_view_answers_with_its_columns(sweep: Path, run: Path) -> None:
    for view in VIEWS:
        answer = query_runs(f"from {view.name}", records(sweep, run))
        wanted = [column.name for column in view.columns]
        assert answer.schema.names[: len(wanted)] == wanted
        assert view.name == "counters" or answer.num_rows


def test_statistics_are_those_of_the_files(run: Path) -> None:
    dumps = read_stats(run / "stats.txt")
    sql = "select dump, value from stats where name = 'simTicks' order by dump"

    assert [row["value"] for row in rows(sql, run)] == [dump["simTicks"] for dump in dumps]
    assert rows("select count(*) as n from stats", run)[0]["n"] >= sum(len(d.lines) for d in dumps)


def test_a_stale_parquet_file_is_made_anew_and_a_fresh_one_kept(run: Path, tmp_path: Path) -> None:
    stats = tmp_path / "stats.txt"
    shutil.copy(run / "stats.txt", stats)
    first = fresh_parquet(stats)
    made_ns = first.stat().st_ctime_ns
    assert fresh_parquet(stats).stat().st_ctime_ns == made_ns
    before = first.read_bytes()

    stats.write_text(stats.read_text().replace("simTicks ", "simTockz "))
    os.utime(stats, ns=(1, 1))
    second = fresh_parquet(stats)
    names = duckdb.read_parquet(str(second)).project("name").fetchall()
    assert ("simTockz",) in names
    assert second.read_bytes() != before


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("selec 1", "the query failed"),
        ("select * from nonsense", "nonsense"),
        ("select nope from runs", "nope"),
        ("drop table runs", "one SELECT"),
        ("select 1; select 2", "one SELECT"),
        ("", "one SELECT"),
        ("copy (select 1) to 'x.csv'", "one SELECT"),
        ("select * from read_csv('/etc/passwd')", "the query failed"),
        ("select * from 'runs.parquet'", "the query failed"),
        ("select * from records", "the query failed"),
    ],
)
def test_a_wrong_query_is_one_clear_error(sweep: Path, sql: str, what: str) -> None:
    with pytest.raises(StatsError, match=what):
        query_runs(sql, records(sweep))


def test_answers_have_four_forms(sweep: Path, tmp_path: Path) -> None:
    sql = "select run, latency_ticks, latency_ms from runs order by point"
    answer = query_runs(sql, records(sweep))
    table = answer_table(answer)
    text = list(csv.reader(io.StringIO(answer_csv(answer))))
    data = json.loads(answer_json(answer))
    ask(sql, [str(sweep)], "parquet", tmp_path / "a.parquet")

    assert table.columns == ("run", ">latency_ticks", ">latency_ms")
    assert text[0] == ["run", "latency_ticks", "latency_ms"]
    assert int(text[1][1]) == data[0]["latency_ticks"] == answer.to_pylist()[0]["latency_ticks"]
    assert data[-1]["latency_ticks"] is None
    assert text[-1][1] == ""
    stored = duckdb.read_parquet(str(tmp_path / "a.parquet")).fetchall()
    assert stored == [tuple(row.values()) for row in answer.to_pylist()]


@pytest.mark.parametrize("broken", ["not json", "[]", '{"format_version": 9}'])
def test_a_damaged_point_is_refused_by_name(sweep: Path, tmp_path: Path, broken: str) -> None:
    place = tmp_path / "runs" / "p"
    place.mkdir(parents=True)
    shutil.copy(sweep / "sweep.json", tmp_path / "sweep.json")
    (place / "point.json").write_text(broken)

    with pytest.raises(SpecError, match=r"point"):
        find_runs([tmp_path])


def test_a_run_without_a_result_is_lost(run: Path, tmp_path: Path) -> None:
    place = tmp_path / "killed"
    place.mkdir()
    shutil.copy(run / "run.json", place / "run.json")
    (found,) = records(place)

    assert found.ending is Ending.LOST
    assert found.setting()["workload"] == "lenet5"
    assert rows("select ending, latency_ticks from runs", place) == [
        {"ending": "lost", "latency_ticks": None}
    ]


def test_runs_of_one_name_are_told_apart_by_their_paths(run: Path, tmp_path: Path) -> None:
    for parent in ("a", "b"):
        shutil.copytree(run, tmp_path / parent / "same")
    names = [each.name for each in records(tmp_path / "a" / "same", tmp_path / "b" / "same")]

    assert len(set(names)) == 2


def test_a_sweep_tells_the_end_of_what_cannot_tell_it(sweep: Path, tmp_path: Path) -> None:
    """A run that was killed leaves no result, a refused one no directory: the sweep's files do."""
    place = tmp_path / "grid"
    shutil.copytree(sweep, place)
    killed, refused = sorted((place / "runs").iterdir())[:2]
    (killed / "result.json").unlink()
    points = [json.loads((killed / "point.json").read_text())]
    points.append(json.loads((refused / "point.json").read_text()))
    points.append({**points[0], "id": "later", "index": 99})
    points.append({**points[0], "id": "stage", "kind": "prepare"})
    shutil.rmtree(refused)
    (place / "points.json").write_text(json.dumps({"format_version": 1, "points": points}))
    (place / "state").mkdir()
    for name, ending in (
        (f"{killed.name}.1.end", "preempted"),
        (f"{killed.name}.10.end", "out of memory"),
        (f"{killed.name}.9.end", "preempted"),
        (f"{refused.name}.1.end", "user error"),
    ):
        text = json.dumps({"ending": ending, "exit_cause": "cause", "message": "why"})
        (place / "state" / name).write_text(text)

    found = rows("select run, ending, message, latency_ticks from runs order by point", place)
    assert [tuple(row.values()) for row in found[:2]] == [
        (killed.name, "out of memory", "why", None),
        (refused.name, "user error", "why", None),
    ]
    assert len(found) == 9
    assert count_waiting([place]) == 1
