"""What any gem5 run's dumps say: canonical metrics of each dump, over simulated time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from harness.base.errors import StatsError
from harness.stats.metrics.declarations import INSTRUCTION_COUNTERS, Metric
from harness.stats.metrics.evaluation import evaluate, known_metrics
from harness.stats.metrics.expression import Operation, Reference, parse_expression
from harness.stats.reader import open_stats
from harness.stats.stats_file import FINAL_TICK_NAMES, TICK_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from harness.stats.dump import Dump
    from harness.stats.metrics.evaluation import MetricValue
    from harness.stats.metrics.expression import Expression

PER_DUMP_INSTRUCTIONS = Metric(
    "instructions",
    "Count",
    INSTRUCTION_COUNTERS,
    "instructions that all cores committed since the last reset",
)
"""simInsts is no choice for dumps: it reads the CPUs' own counters, which a reset of statistics
leaves alone, so that it grows from dump to dump (gem5 v24.0, src/cpu/base.cc, GlobalStats)."""


@dataclass(frozen=True, slots=True)
class Series:
    """One metric over the dumps; None where a dump does not have what it needs."""

    name: str
    unit: str
    text: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class DumpSeries:
    """The dumps of one stats.txt.

    Attributes:
        ticks: Ticks since the last reset, of each dump; None where it does not say.
        final_ticks: The tick at which each dump was written, likewise.
        is_complete: Whether each dump is whole; the last one of a killed run is not.
        series: Metrics that at least one dump has.
        refused: Metrics that these statistics leave undecided, and why.
    """

    ticks: tuple[int | None, ...]
    final_ticks: tuple[int | None, ...]
    is_complete: tuple[bool, ...]
    series: tuple[Series, ...]
    refused: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.ticks)


def dump_series(stats: Path, *, only_last: bool = False) -> DumpSeries:
    """Read the metrics of all dumps, or of the last complete one.

    Memory is that of one dump's lines that metrics need, and of the metrics.

    Raises:
        StatsError: The file cannot be read.
    """
    opened = open_stats(stats)
    dumps = [opened.last(_needed_names())] if only_last else opened.read(_needed_names())
    columns: dict[str, list[float | None]] = {name: [] for name in _metrics()}
    units: dict[str, str] = {}
    refused: dict[str, str] = {}
    ticks, final_ticks, is_complete = [], [], []
    for dump in dumps:
        ticks.append(_whole(dump, TICK_NAMES))
        final_ticks.append(_whole(dump, FINAL_TICK_NAMES))
        is_complete.append(dump.is_complete)
        for name, column in columns.items():
            value = _evaluated(dump, name, refused)
            column.append(None if value is None else value.value)
            if value is not None:
                units.setdefault(name, value.unit)
    series = tuple(
        Series(name, units[name].strip("()"), _metrics()[name].text, tuple(columns[name]))
        for name in _metrics()
        if name in units and name not in refused
    )
    return DumpSeries(tuple(ticks), tuple(final_ticks), tuple(is_complete), series, refused)


def _evaluated(dump: Dump, name: str, refused: dict[str, str]) -> MetricValue | None:
    if name in refused:
        return None
    try:
        (value,) = evaluate(dump, [name], _metrics())
    except StatsError as error:
        refused[name] = error.what
        return None
    return value if value.is_there else None


@cache
def _metrics() -> dict[str, Metric]:
    return known_metrics([PER_DUMP_INSTRUCTIONS])


@cache
def _needed_names() -> tuple[str, ...]:
    """Return the patterns of all statistics that metrics may need."""
    formulas = (formula for metric in _metrics().values() for formula in metric.formulas)
    patterns = (each for formula in formulas for each in _patterns(parse_expression(formula)))
    wanted: Iterable[str] = (*TICK_NAMES, *FINAL_TICK_NAMES, *patterns)
    return tuple(dict.fromkeys(wanted))


def _patterns(expression: Expression) -> Iterator[str]:
    if isinstance(expression, Operation):
        yield from _patterns(expression.left)
        yield from _patterns(expression.right)
    elif isinstance(expression, Reference):
        yield from (each for each in expression.patterns if not each.startswith("@"))


def _whole(dump: Dump, names: tuple[str, ...]) -> int | None:
    return next((int(dump[name]) for name in names if name in dump), None)
