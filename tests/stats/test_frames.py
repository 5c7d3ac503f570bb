"""Dumps and runs aligned by name; what no file gave is filled by policy and said."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.base.errors import StatsError
from harness.stats.frame import Absent, Filled, align, dumps_frame
from harness.stats.metrics.evaluation import known_metrics, parse_metric
from harness.stats.reader import open_stats, parse_stats
from harness.stats.run_table import tabulate
from tests.stats.gem5_text import BEGIN, END

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (
    f"{BEGIN}simTicks 10 # t (Tick)\na.x 1 # x (Count)\na.y 2\n{END}"
    f"{BEGIN}simTicks 20 # t (Tick)\na.z 5\na.x 3 # x (Count)\n{END}"
    f"{BEGIN}simTicks 30 # t (Tick)\n"
)
FIRST, SECOND, CUT = parse_stats(TEXT)
ROWS = [("one", FIRST), ("two", SECOND), ("cut", CUT)]


def test_columns_are_aligned_by_name_not_by_place() -> None:
    frame = align(ROWS[:2], Absent.ZERO)

    assert frame.columns == ("simTicks", "a.x", "a.y", "a.z")
    assert frame.units == ("Tick", "Count", "", "")
    assert frame.values.tolist() == [[10, 1, 2, 0], [20, 3, 0, 5]]
    assert frame.filled == (Filled("one", "a.z", 0.0), Filled("two", "a.y", 0.0))
    assert frame.column("a.x").tolist() == [1, 3]
    assert frame.to_dict()["two"]["a.z"] == 5


def test_absent_in_a_cut_dump_is_never_zero() -> None:
    frame = align(ROWS, Absent.ZERO, ["a.x"])

    assert frame.values[:2, 0].tolist() == [1, 3]
    assert math.isnan(frame.values[2, 0])
    assert [cell.row for cell in frame.filled] == ["cut"]


def test_absent_may_be_an_error_that_names_row_and_column() -> None:
    with pytest.raises(StatsError, match=r'"one" has no statistic "a\.z"'):
        align(ROWS[:2], Absent.ERROR)
    assert align(ROWS[:2], Absent.ERROR, ["a.x"]).filled == ()


def test_a_pattern_that_matches_nothing_is_refused() -> None:
    with pytest.raises(StatsError, match="no statistic matches"):
        align(ROWS, Absent.ZERO, ["b.*"])


def test_dumps_of_a_file_are_rows(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text(TEXT)
    frame = dumps_frame(open_stats(tmp_path / "s.txt"), ["a.*"], [0, 1])

    assert frame.rows == ("0", "1")
    assert np.isnan(frame.column("a.y")).tolist() == [False, True]


def test_metrics_and_statistics_share_a_table() -> None:
    metrics = known_metrics([parse_metric("r = a.x / simTicks")])
    frame = tabulate(ROWS, ["simTicks"], ["r", "ticks"], metrics, Absent.ZERO)

    assert frame.columns == ("r", "ticks", "simTicks")
    assert frame.units == ("(Count/Tick)", "Tick", "Tick")
    assert frame.column("r")[:2].tolist() == [0.1, 0.15]
    assert math.isnan(frame.column("r")[2])
    assert [(cell.row, cell.column) for cell in frame.filled] == [("cut", "r")]
    with pytest.raises(StatsError, match="lacks what the metric r needs"):
        tabulate(ROWS, [], ["r"], metrics, Absent.ERROR)
    with pytest.raises(StatsError, match="neither"):
        tabulate(ROWS, [], [], metrics)
