"""Statistics aligned by name over dumps or runs, with a policy for names that some lack."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.errors import StatsError
from harness.stats.names import NameFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.stats.dump import Dump
    from harness.stats.stats_file import StatsFile


class Absent(Enum):
    """What stands for a name that a dump lacks though another one has it.

    gem5 hides zeros of many statistics, so absent often means zero. In a dump that a killed run
    cut off it means nothing: there ZERO is NaN.
    """

    ZERO = "zero"
    NAN = "nan"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Filled:
    """A cell that no file gave."""

    row: str
    column: str
    value: float


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows (dumps or runs) by columns (statistics or metrics).

    Attributes:
        rows: Labels of the rows.
        columns: Labels of the columns.
        units: gem5's unit of each column; empty where the files have none.
        values: One row each.
        filled: Cells that the policy filled; everything else was read.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    units: tuple[str, ...]
    values: np.ndarray[Any, np.dtype[np.float64]]
    filled: tuple[Filled, ...]

    def column(self, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return one column."""
        found: np.ndarray[Any, np.dtype[np.float64]] = self.values[:, self.columns.index(name)]
        return found

    def to_dict(self) -> dict[str, dict[str, float]]:
        """Return values by row and column."""
        return {
            row: dict(zip(self.columns, values, strict=True))
            for row, values in zip(self.rows, self.values.tolist(), strict=True)
        }


def dumps_frame(
    stats: StatsFile,
    patterns: Iterable[str],
    dumps: Sequence[int] | None = None,
    absent: Absent = Absent.NAN,
) -> Frame:
    """Return statistics over a file's dumps; a row's label is the dump's number."""
    read = [(str(dump.entry.index), dump) for dump in stats.read(patterns, dumps)]
    return align(read, absent, patterns)


def align(
    dumps: Sequence[tuple[str, Dump]],
    absent: Absent = Absent.NAN,
    patterns: Iterable[str] = ("*",),
) -> Frame:
    """Align dumps by name; columns come in order of first appearance.

    Args:
        dumps: Label and dump of each row.
        absent: What stands for a name that a dump lacks.
        patterns: The names to take, as for `NameFilter`.

    Raises:
        StatsError: No name matches in any dump, or one is absent and that is to be an error.
    """
    patterns = tuple(patterns)
    found = [_values(dump, NameFilter(patterns)) for _, dump in dumps]
    columns = tuple(dict.fromkeys(name for values in found for name in values))
    if not columns:
        raise StatsError(f"no statistic matches {' '.join(patterns)!r}")
    values = np.full((len(dumps), len(columns)), math.nan)
    filled = []
    for index, ((label, dump), own) in enumerate(zip(dumps, found, strict=True)):
        default = 0.0 if absent is Absent.ZERO and dump.is_complete else math.nan
        for place, name in enumerate(columns):
            if name not in own:
                _refuse_absent(absent, label, name)
                filled.append(Filled(label, name, default))
            values[index, place] = own.get(name, default)
    units = _units([dump for _, dump in dumps], columns)
    return Frame(tuple(label for label, _ in dumps), columns, units, values, tuple(filled))


def _values(dump: Dump, is_wanted: NameFilter) -> dict[str, float]:
    if is_wanted.patterns == ("*",):
        return dump.to_dict()
    return {name: dump.at(row) for name, row in dump.rows.items() if is_wanted(name)}


def _units(dumps: Sequence[Dump], columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns' units: of the first dump that has the name."""
    units: dict[str, str] = {}
    for dump in dumps:
        for name in columns:
            if name not in units and name in dump:
                units[name] = dump.statistic(name).unit
    return tuple(units.get(name, "") for name in columns)


def _refuse_absent(absent: Absent, row: str, name: str) -> None:
    if absent is Absent.ERROR:
        raise StatsError(
            f'"{row}" has no statistic "{name}", another one has',
            way_out="choose what stands for absent ones: zero (gem5 hides zeros) or nan",
        )
