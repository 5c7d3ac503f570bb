"""Vectors, matrices and distributions of a dump."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from harness.base.errors import StatsError
from harness.stats.reader import parse_stats
from harness.stats.shapes import Bucket
from tests.stats.gem5_text import BEGIN, END

if TYPE_CHECKING:
    from harness.stats.dump import Dump


def _dump(lines: str) -> Dump:
    (dump,) = parse_stats(f"{BEGIN}{lines}\n{END}")
    return dump


def test_a_matrix_has_rows_and_columns() -> None:
    lines = "a.m_x::p 1\na.m_x::q 2\na.m_x::total 3\na.m_y::q 4\na.m::total 7\na.other_x 5"
    matrix = _dump(lines).matrix("a.m")

    assert (matrix.rows, matrix.columns) == (("x", "y"), ("p", "q"))
    assert matrix.values.tolist() == [[1, 2], [0, 4]]
    with pytest.raises(StatsError, match="no 2-D statistic"):
        _dump(lines).matrix("a.n")


def test_a_distribution_has_ordered_buckets() -> None:
    lines = (
        "d::samples 10\nd::mean 4.5\nd::stdev 1.5\nd::underflows 1\nd::10-19 2\nd::0-9 6\n"
        "d::overflows 1\nd::min_value -3\nd::max_value 99\nd::total 10"
    )
    found = _dump(lines).distribution("d")

    assert found.buckets == (Bucket(0, 9, 6), Bucket(10, 19, 2))
    assert (found.samples, found.mean, found.overflows, found.min_value) == (10, 4.5, 1, -3)
    assert found.percentile(0.1) == 0
    assert found.percentile(0.4) == pytest.approx(9 * 3 / 6)
    assert found.percentile(0.9) == 19
    assert math.isnan(found.percentile(0.95))
    assert (found.percentile(0), found.percentile(1)) == (-3, 99)
    for fraction in (-0.1, 1.1, math.nan):
        with pytest.raises(StatsError, match="fraction"):
            found.percentile(fraction)


def test_negative_and_rounded_bounds_are_read() -> None:
    lines = "d::samples 3\nd::-8--1 1\nd::-16--9 1\nd::1.04858e+06-2.09715e+06 1"
    buckets = _dump(lines).distribution("d").buckets

    assert [(each.low, each.high) for each in buckets] == [
        (-16, -9),
        (-8, -1),
        (1.04858e6, 2.09715e6),
    ]


def test_a_one_line_histograms_bounds_come_from_the_lines_beside_it() -> None:
    lines = (
        "h::bucket_size 4\nh::min_bucket 0\nh::max_bucket 11\nh::samples 6\nh::mean 5\n"
        "h | 1 16.67% 16.67% | 3 50.00% 66.67% | 2 33.33% 100.00% # hist\nh::total 6"
    )
    found = _dump(lines).distribution("h")

    assert found.buckets == (Bucket(0, 3, 1), Bucket(4, 7, 3), Bucket(8, 11, 2))


def test_an_empty_distribution_has_no_percentile() -> None:
    found = _dump("d::samples 0\nd::mean nan\nd::stdev nan\nd::total 0").distribution("d")

    assert math.isnan(found.percentile(0.5))
    assert found.buckets == ()
    with pytest.raises(StatsError, match="no distribution"):
        _dump("a 1").distribution("a")


def test_names_are_matched_as_in_a_shell() -> None:
    dump = _dump("a.b 1\na.c::x 2\na.c::total 3\nb.b 4")

    assert dump.match("a.c") == {"a.c::x": 2, "a.c::total": 3}
    assert dump.match("**.b") == dump.match("*.b") == {"a.b": 1, "b.b": 4}
    assert dump.match("a.?", "*::total") == {"a.b": 1, "a.c::x": 2, "a.c::total": 3}
    assert dump.bases() == ["a.b", "a.c", "b.b"]
    assert dump.vector("a.c") == {"x": 2, "total": 3}
    assert dump.vector("a.b") == {}
