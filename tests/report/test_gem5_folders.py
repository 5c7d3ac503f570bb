"""Reports of runs that harness did not make: whatever gem5's dumps say, and nothing more."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from harness.base.errors import StatsError
from harness.report.analysis.dump_series import dump_series
from harness.report.plots import PlotOptions
from harness.report.report_files import Report
from harness.report.timeline_export import export_timeline
from harness.run.ending import Ending
from harness.stats.reader import read_stats
from tests.report import test_trace_rules as rules

if TYPE_CHECKING:
    from pathlib import Path

LONGER_TICKS = 1000


@pytest.fixture
def folder(run: Path, tmp_path: Path) -> Path:
    """A folder as gem5 leaves it: the statistics of a real run, two dumps, and nothing of ours."""
    place = tmp_path / "m5out"
    place.mkdir()
    for name in ("stats.txt", "config.ini", "config.json"):
        shutil.copy(run / name, place / name)
    return place


def test_every_dump_is_told_with_its_ticks(folder: Path) -> None:
    dumps = read_stats(folder / "stats.txt")
    data = dump_series(folder / "stats.txt")

    assert data.ticks == tuple(dump["simTicks"] for dump in dumps)
    assert data.final_ticks == tuple(dump["finalTick"] for dump in dumps)
    (seconds,) = (each for each in data.series if each.name == "seconds")
    assert seconds.values == tuple(dump["simSeconds"] for dump in dumps)
    assert seconds.unit == "Second"


def test_instructions_are_those_of_each_dump_not_since_the_start(folder: Path) -> None:
    """gem5 never resets simInsts; a metric per dump must not divide it by the dump's cycles."""
    dumps = read_stats(folder / "stats.txt")
    (counts,) = (
        each for each in dump_series(folder / "stats.txt").series if each.name == "instructions"
    )

    assert counts.values == tuple(dump["system.host.numInsts"] for dump in dumps)


def test_a_folder_of_gem5_has_a_page_and_no_claim_about_its_end(
    folder: Path, tmp_path: Path
) -> None:
    report = Report([str(folder)], PlotOptions())
    report.write_page(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()

    assert [plot.name for plot in report.plots][-1] == "dumps"
    assert "not recorded" in text
    assert "success" not in text


def test_folders_of_gem5_are_compared_by_the_time_of_their_dumps(
    folder: Path, tmp_path: Path
) -> None:
    dumps = read_stats(folder / "stats.txt")
    last = dumps[-1]["finalTick"]
    whole = last - (dumps[0]["finalTick"] - dumps[0]["simTicks"])
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    later = f"{last + LONGER_TICKS:>{len(str(last))}}"
    text = (other / "stats.txt").read_text().replace(f" {last} ", f" {later} ")
    (other / "stats.txt").write_text(text)
    report = Report([str(folder), str(other)], PlotOptions())
    assert report.study is not None

    assert [each.latency_ticks for each in report.records] == [whole, whole + LONGER_TICKS]
    assert report.study.ratio("", ("other",)) == pytest.approx(1 + LONGER_TICKS / whole)


def test_statistics_without_a_complete_dump_are_no_success(folder: Path) -> None:
    (folder / "stats.txt").write_text("")
    (record,) = Report([str(folder)], PlotOptions()).records

    assert record.ending is Ending.LOST
    assert record.latency_ticks is None


def test_dumps_become_counters_of_a_trace(folder: Path, tmp_path: Path) -> None:
    path, count = export_timeline(folder, tmp_path / "trace.json")
    events = json.loads(path.read_text())["traceEvents"]
    exact = rules.events_of(path.read_text())
    dumps = read_stats(folder / "stats.txt")

    rules.check_rules(exact)
    assert count == len(dumps) == sum(each["ph"] == "X" for each in events)
    values = [
        each["args"]["value"]
        for each in events
        if each["ph"] == "C" and each["name"].startswith("seconds")
    ]
    assert values == [dump["simSeconds"] for dump in dumps]


def test_one_dump_is_no_timeline_and_the_error_says_what_helps(folder: Path) -> None:
    text = (folder / "stats.txt").read_text()
    place = text.index("\n---------- Begin", 10)
    (folder / "stats.txt").write_text(text[:place])

    with pytest.raises(StatsError, match="periodicStatDump"):
        export_timeline(folder)
