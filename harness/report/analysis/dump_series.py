"""What any gem5 run's dumps say: a few numbers per dump, over simulated time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.stats.reader import open_stats
from harness.stats.stats_file import FINAL_TICK_NAMES, TICK_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.stats.dump import Dump

ROOT_STATISTICS: Mapping[str, tuple[str, ...]] = {
    "simulated time": ("simSeconds", "sim_seconds"),
    "instructions since the start": ("simInsts", "sim_insts"),
    "operations since the start": ("simOps", "sim_ops"),
    "host time": ("hostSeconds", "host_seconds"),
}
"""What every gem5 prints, by its names from v21 on and before. Times are since the last reset of
the statistics; the counts read the CPUs' own counters, which a reset leaves alone (gem5 v24.0,
src/cpu/base.cc, GlobalStats)."""


@dataclass(frozen=True, slots=True)
class Series:
    """One metric over the dumps; None where a dump does not have it."""

    name: str
    unit: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class DumpSeries:
    """The dumps of one stats.txt.

    Attributes:
        ticks: Ticks since the last reset, of each dump; None where it does not say.
        final_ticks: The tick at which each dump was written, likewise.
        is_complete: Whether each dump is whole; the last one of a killed run is not.
        series: Metrics that at least one dump has.
    """

    ticks: tuple[int | None, ...]
    final_ticks: tuple[int | None, ...]
    is_complete: tuple[bool, ...]
    series: tuple[Series, ...]

    def __len__(self) -> int:
        return len(self.ticks)


def dump_series(stats: Path) -> DumpSeries:
    """Read the metrics of all dumps; memory is that of these metrics.

    Raises:
        StatsError: The file cannot be read.
    """
    patterns = [name for names in ROOT_STATISTICS.values() for name in names]
    dumps = list(open_stats(stats).read([*patterns, *TICK_NAMES, *FINAL_TICK_NAMES]))
    series = [_series(name, names, dumps) for name, names in ROOT_STATISTICS.items()]
    return DumpSeries(
        tuple(_whole(dump, TICK_NAMES) for dump in dumps),
        tuple(_whole(dump, FINAL_TICK_NAMES) for dump in dumps),
        tuple(dump.is_complete for dump in dumps),
        tuple(each for each in series if any(value is not None for value in each.values)),
    )


def _series(name: str, spellings: tuple[str, ...], dumps: list[Dump]) -> Series:
    unit = ""
    values: list[float | None] = []
    for dump in dumps:
        found = next((each for each in spellings if each in dump), None)
        values.append(None if found is None else dump[found])
        unit = unit or ("" if found is None else dump.statistic(found).unit)
    return Series(name, unit, tuple(values))


def _whole(dump: Dump, names: tuple[str, ...]) -> int | None:
    return next((int(dump[name]) for name in names if name in dump), None)
