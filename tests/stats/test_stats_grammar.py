"""stats.txt as gem5 writes it, read and written."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.base.errors import InternalError, StatsError
from harness.stats.comparison import compare_dumps
from harness.stats.reader import parse_stats, read_stats
from harness.stats.statistic import Statistic, is_unit
from harness.stats.writer import distribution, format_dump, format_line, vector

# Lines as gem5 v24.0 prints them, from its text writer's format (src/base/stats/text.cc).
GEM5_TEXT = (Path(__file__).parent / "data" / "gem5_stats.txt").read_text()


def test_gem5_lines_are_read_with_values_units_and_fractions() -> None:
    first, second = parse_stats(GEM5_TEXT)

    assert first.is_complete
    assert first["simTicks"] == 57467000
    assert first["simSeconds"] == pytest.approx(57e-6)
    assert math.isnan(first["system.cpu.ipc"])
    assert first.lines["system.cpu.ipc"].unit == "(Count/Cycle)"
    assert first.lines["hostTickRate"].description.endswith("(ticks/s)")
    assert first.lines["system.l2.overallMisses::cpu.data"].fractions == (0.6119, 0.6119)
    assert first.vector("system.l2.overallMisses") == {"cpu.data": 123, "total": 201}
    assert first.lines["system.mem.rdQLen::0"].unit == ""
    assert first.lines["system.mem.rdQLen::0"].description == "old text (bytes)"
    assert first.vector("system.ruby.delay_hist") == {"0": 3, "1": 1}
    assert not second.is_complete
    assert second["simTicks"] == 10


def test_our_lines_are_the_same_bytes_as_gem5_prints() -> None:
    seconds = Statistic("simSeconds", 57e-6, "Second", "Number of seconds simulated")
    rate = Statistic(
        "hostTickRate",
        1231200000,
        "(Tick/Second)",
        "The number of ticks simulated per host second (ticks/s)",
    )
    misses = Statistic(
        "system.l2.overallMisses::cpu.data",
        123,
        "Count",
        "number of overall misses",
        (0.6119, 0.6119),
    )
    for line in (seconds, rate, misses):
        assert format_line(line) in GEM5_TEXT.split("\n")


def test_a_dump_has_gem5s_frame() -> None:
    text = format_dump([Statistic("simTicks", 1, "Tick", "ticks")])

    assert text.startswith("\n---------- Begin Simulation Statistics ----------\n")
    assert text.endswith("\n---------- End Simulation Statistics   ----------\n")


def test_missing_lines_are_zero_only_when_asked() -> None:
    (dump,) = parse_stats(format_dump([Statistic("a.b", 3)]))

    assert dump.get("a.c") == 0
    with pytest.raises(StatsError, match=r"a\.c"):
        _ = dump["a.c"]


def test_a_line_that_is_not_gem5s_is_refused_with_its_number() -> None:
    with pytest.raises(StatsError, match=r"x\.txt:3"):
        parse_stats(
            "\n---------- Begin Simulation Statistics ----------\nsimTicks many\n\n", "x.txt"
        )


def test_an_empty_file_says_what_leaves_one(tmp_path: Path) -> None:
    path = tmp_path / "stats.txt"
    path.write_text("")
    with pytest.raises(StatsError, match="before its first dump"):
        read_stats(path)


@pytest.mark.parametrize(
    ("unit", "known"),
    [
        ("Count", True),
        ("(Byte/Second)", True),
        ("(Count/(Count/Cycle))", True),
        ("bytes", False),
        ("(Count/Apple)", False),
        ("", False),
    ],
)
def test_units_are_gem5s_vocabulary(unit: str, known: bool) -> None:  # noqa: FBT001
    assert is_unit(unit) is known


@pytest.mark.parametrize(
    "statistic",
    [Statistic("a b", 1), Statistic("", 1), Statistic("a\n", 1), Statistic("a", 1, "bytes")],
)
def test_lines_that_would_not_parse_back_are_never_written(statistic: Statistic) -> None:
    with pytest.raises(InternalError):
        format_dump([statistic])


NAMES = st.from_regex(r"[a-z][a-z0-9_]*(\.[a-z][A-Za-z0-9_]*){0,3}(::[a-z0-9-]+)?", fullmatch=True)
TEXTS = st.from_regex(r"[A-Za-z(][A-Za-z0-9 ,():/]{0,40}[a-z)]", fullmatch=True)
UNITS = st.sampled_from(["Count", "Tick", "(Byte/Second)", "Ratio"])
NUMBERS = st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, min_value=-1e9, max_value=1e9)


@given(st.lists(st.builds(Statistic, NAMES, NUMBERS, UNITS, TEXTS), unique_by=lambda s: s.name))
def test_what_is_written_reads_back(statistics: list[Statistic]) -> None:
    (dump,) = parse_stats(format_dump(statistics))

    assert list(dump.lines) == [statistic.name for statistic in statistics]
    for statistic in statistics:
        back = dump.lines[statistic.name]
        assert back.value == pytest.approx(statistic.value, abs=1e-6)
        assert (back.unit, back.description) == (statistic.unit, statistic.description)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_stats_error(text: str) -> None:
    with contextlib.suppress(StatsError):
        parse_stats(text)


def test_vectors_end_in_their_total() -> None:
    lines = vector("v", {"a": 1, "b": 2}, "Count", "things")

    assert [(line.name, line.value) for line in lines] == [
        ("v::a", 1),
        ("v::b", 2),
        ("v::total", 3),
    ]


@given(st.lists(st.integers(0, 500)), st.integers(1, 50))
def test_every_sample_of_a_distribution_is_in_one_bucket(samples: list[int], bucket: int) -> None:
    (dump,) = parse_stats(format_dump(distribution("d", samples, bucket, "Tick", "wait")))
    fixed = {"samples", "mean", "stdev", "underflows", "overflows"}
    fixed |= {"min_value", "max_value", "total"}
    buckets = {k: v for k, v in dump.vector("d").items() if k not in fixed}

    assert sum(buckets.values()) == len(samples) == dump["d::samples"]


def test_comparison_aligns_by_name_and_shows_what_one_side_lacks() -> None:
    (first,) = parse_stats(format_dump([Statistic("a", 2), Statistic("b", math.nan)]))
    (second,) = parse_stats(
        format_dump([Statistic("c", 1), Statistic("b", math.nan), Statistic("a", 3)])
    )
    a, b, c = compare_dumps(first, second)

    assert (a.name, a.ratio, a.is_equal) == ("a", 1.5, False)
    assert b.is_equal
    assert (c.name, c.first, c.second, c.is_equal) == ("c", None, 1, False)
