"""Every kind of line that gem5 prints is read back; nothing else is taken for a number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.base.errors import StatsError
from harness.stats._scan import parse_number
from harness.stats.reader import parse_stats
from tests.stats.gem5_text import (
    BEGIN,
    END,
    Style,
    dump_text,
    print_distribution,
    print_vector,
)

if TYPE_CHECKING:
    from harness.stats.dump import Dump

NAMES = st.from_regex(r"[a-z][a-zA-Z0-9_]{0,12}(\.[a-z][A-Za-z0-9_]{0,20}){0,3}", fullmatch=True)
ELEMENTS = st.from_regex(r"[A-Za-z][A-Za-z0-9_.+-]{0,12}", fullmatch=True)
TEXTS = st.from_regex(r"([A-Za-z][A-Za-z0-9 ,:/#()]{0,40}[a-z])?", fullmatch=True)
UNITS = st.sampled_from(
    ["", "Count", "Unspecified", "(Count/Cycle)", "((Byte/Second)/Volt)", "Celsius"]
)
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70).map(float),
    st.floats(min_value=-1e15, max_value=1e15),
    st.sampled_from([math.nan, math.inf, -math.inf, 0.0]),
)
COUNTS = st.lists(st.integers(0, 10**12).map(float), min_size=1, max_size=6)


@st.composite
def dumps(draw: st.DrawFn) -> tuple[str, Style]:
    style = Style(spaces=draw(st.booleans()), descriptions=draw(st.booleans()))
    lines: list[str] = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=5, unique=True)):
        text, unit = draw(TEXTS), draw(UNITS)
        kind = draw(st.sampled_from(["scalar", "vector", "matrix", "distribution", "one line"]))
        if kind == "scalar":
            precision = draw(st.sampled_from([-1, 2, 8]))
            value = draw(NUMBERS)
            lines.append(style.line(name, value, description=text, unit=unit, precision=precision))
        elif kind == "vector":
            elements = draw(st.dictionaries(ELEMENTS, NUMBERS, min_size=2, max_size=4))
            finite = {key: v if math.isfinite(v) else 0.0 for key, v in elements.items()}
            finite.pop("total", None)
            lines += print_vector(style, name, finite or {"a": 1.0, "b": 2.0}, text, unit)
        elif kind == "matrix":
            for row in ("x", "y"):
                lines += print_vector(style, f"{name}_{row}", {"a": 1.0, "b": 2.5}, text, unit)
        elif kind == "distribution":
            size = draw(st.sampled_from([1, 10]))
            lines += print_distribution(style, name, draw(COUNTS), size, text, unit)
        else:
            lines.append(style.one_line(name, draw(COUNTS), text, unit))
    return dump_text(lines), style


def _is_same(first: float, second: float) -> bool:
    return first == second or (math.isnan(first) and math.isnan(second))


def _assert_reads_as(dump: Dump, style: Style) -> None:
    lines = list(dump.lines.values())
    assert [line.name for line in lines] == _labels([each.name for each in style.expected])
    for line, wanted in zip(lines, style.expected, strict=True):
        assert _is_same(line.value, wanted.value), wanted
        assert line.fractions == pytest.approx(wanted.shares, nan_ok=True)
        if style.descriptions and wanted.description and wanted.unit:
            assert (line.description, line.unit) == (wanted.description.strip(), wanted.unit)


def _labels(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    labels = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        labels.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return labels


@given(dumps())
def test_what_gem5_prints_is_read_back(printed: tuple[str, Style]) -> None:
    text, style = printed
    (dump,) = parse_stats(text)

    assert dump.is_complete
    _assert_reads_as(dump, style)


@given(dumps())
def test_windows_line_ends_change_nothing(printed: tuple[str, Style]) -> None:
    text, style = printed
    (dump,) = parse_stats(text.replace("\n", "\r\n"))

    _assert_reads_as(dump, style)


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "+1", "1.", ".5", "1.2.3", "12x3", "0x10", "1_000", "1e5", "1E5", "007", "-007"),
        *("infinity", "-infinity", "Inf", "NaN", "NAN", "1,000", "1 2", "--1", "1-", "٣", "1%"),
    ],
)
def test_what_gem5_never_prints_is_no_number(text: str) -> None:
    assert parse_number(text) is None
    if text.split() == [text]:
        with pytest.raises(StatsError, match=r"s\.txt:4:"):
            parse_stats(f"{BEGIN}a 1 # x\nb {text} # y\n{END}", "s.txt")


@given(st.floats(min_value=-1e300, max_value=1e300), st.integers(0, 20))
def test_numbers_are_rounded_as_python_rounds_them(value: float, precision: int) -> None:
    text = f"{value:.{precision}f}"
    assert parse_number(text) == float(text)


@given(st.integers(-(10**40), 10**40))
def test_whole_numbers_are_exact_whatever_their_size(value: int) -> None:
    (dump,) = parse_stats(f"{BEGIN}a {value}\n{END}")

    assert dump["a"] == value
    assert isinstance(dump["a"], int)


def test_a_unit_may_stand_alone() -> None:
    (dump,) = parse_stats(f"{BEGIN}a  1      (Unspecified)\nb 2 ((Count/Cycle))\n{END}")

    assert dump.statistic("a").unit == "Unspecified"
    assert dump.statistic("b").unit == "(Count/Cycle)"
    with pytest.raises(StatsError, match="text after the value"):
        parse_stats(f"{BEGIN}a  1      (bytes)\n{END}")


def test_shares_may_be_negative() -> None:
    (dump,) = parse_stats(f"{BEGIN}a::b  -3  -12.50%   87.50% # x\n{END}")

    assert dump.statistic("a::b").fractions == (-0.125, 0.875)


def test_subnames_may_hold_blanks_but_never_numbers() -> None:
    (dump,) = parse_stats(f"{BEGIN}a::Read Clean Req  7 # x\n{END}")

    assert dump["a::Read Clean Req"] == 7
    for line in ("a::b 1 2 # x", "a 1 2", "a::b  c 2", "a b 2"):
        with pytest.raises(StatsError, match=r":3:"):
            parse_stats(f"{BEGIN}{line}\n{END}")


def test_a_name_that_is_printed_twice_is_kept_twice() -> None:
    (dump,) = parse_stats(f"{BEGIN}a 1\nb 5\na 2\nc 3\nc 3\n{END}")

    assert list(dump) == ["a", "b", "a#2", "c", "c#2"]
    assert dump["a#2"] == 2
    assert dump["c"] == 3
    with pytest.raises(StatsError, match="more than once"):
        _ = dump["a"]


def test_repetitions_have_the_same_names_in_every_dump() -> None:
    first, second = parse_stats(f"{BEGIN}a 1\na 2\n{END}{BEGIN}a 3\na 4\n{END}")

    assert list(first.items()) == [("a", 1), ("a#2", 2)]
    assert list(second.items()) == [("a", 3), ("a#2", 4)]


def test_m5s_spellings_of_no_value_are_nan() -> None:
    text = "a no_value # x\nb <err: div-0> # y\nc no value # z\n"
    (dump,) = parse_stats(f"{BEGIN}{text}{END}")

    assert all(math.isnan(dump[name]) for name in "abc")


def test_m5s_indented_distributions_are_elements() -> None:
    rows = "     0   2   66.67% \n  1-2   1   33.33% \n"
    text = f"a.start_dist   # text\na.samples 3 \n{rows}a.end_dist\n"
    (dump,) = parse_stats(f"{BEGIN}{text}\nb 1\n{END}")

    assert dump.to_dict() == {"a.samples": 3, "a::0": 2, "a::1-2": 1, "b": 1}
