"""One dump: its values by name, its vectors, matrices and distributions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.base.errors import StatsError
from harness.stats.names import ELEMENT, NameFilter, base_of
from harness.stats.shapes import Distribution, Matrix, distribution_of, matrix_of
from harness.stats.statistic import Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np

    from harness.stats.names import Names

_NO_SHARE = 0xFFFF
_SHARES_PER_PERCENT = 100


@dataclass(frozen=True, slots=True)
class DumpEntry:
    """Where a dump stands in its file.

    Attributes:
        index: Its number, from 0; None if the file was read from its end and nobody counted.
        begin_line: Line number of its Begin line; None likewise.
        begin_offset: Offset of the Begin line, in bytes (of the decompressed file).
        end_offset: Offset after the End line.
        is_complete: Begin and End are there. In an incomplete dump, an absent name means nothing.
        is_cut: Its last line was cut off by a killed run and is left out.
        tick: simTicks, ticks since the last reset; None if the dump does not say.
        final_tick: finalTick, the tick at which it was written; None likewise.
    """

    index: int | None
    begin_line: int | None
    begin_offset: int
    end_offset: int
    is_complete: bool
    is_cut: bool
    tick: int | None = None
    final_tick: int | None = None


class Dump:
    """The lines of one dump, by name, in file order.

    A name that gem5 prints twice in a dump (MinorCPU's idleCycles, for one) is kept twice, the
    second as "name#2"; to ask for "name" is then an error unless both have the same value.
    """

    def __init__(self, names: Names, columns: Mapping[str, Any], entry: DumpEntry) -> None:
        self.names = names
        self.entry = entry
        self.ids: np.ndarray[Any, np.dtype[np.uint32]] = columns["ids"]
        self.values: np.ndarray[Any, np.dtype[np.float64]] = columns["values"]
        self._share_rows = columns["share_rows"]
        self._shares = columns["shares"]
        self._odd_shares = dict(columns["odd_shares"])
        self._exact = {row: int(digits) for row, digits in columns["exact_integers"]}

    @property
    def is_complete(self) -> bool:
        """Whether Begin and End line are there."""
        return self.entry.is_complete

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row of every name."""
        labels = self.names.labels()
        return {labels[number]: row for row, number in enumerate(self.ids.tolist())}

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __contains__(self, name: object) -> bool:
        return name in self.rows

    def __getitem__(self, name: str) -> float:
        row = self.rows.get(name)
        if row is None:
            raise StatsError(f'no statistic "{name}" in this dump')
        value = self.at(row)
        self._check_repetitions(name, value)
        return value

    def at(self, row: int) -> float:
        """Return the value of a row: an int if it is whole, however large, else a float."""
        value = float(self.values[row])
        return self._exact.get(row, int(value)) if value.is_integer() else value

    def _check_repetitions(self, name: str, value: float) -> None:
        second = self.rows.get(f"{name}#2")
        ordinal = 2
        while second is not None:
            other = self.at(second)
            if other != value and not (math.isnan(other) and math.isnan(value)):
                raise StatsError(
                    f'the statistic "{name}" is printed more than once, with different values',
                    got=f"{value} and {other}",
                    way_out=f'choose: "{name}#{ordinal}", or .statistic("{name}") for the first',
                )
            ordinal += 1
            second = self.rows.get(f"{name}#{ordinal}")

    def get(self, name: str, default: float = 0) -> float:
        """Return a value, or `default` if the line is not there (gem5 hides zeros)."""
        return self[name] if name in self.rows else default

    def items(self) -> Iterator[tuple[str, float]]:
        """Yield name and value of every line."""
        return ((name, self.at(row)) for name, row in self.rows.items())

    def to_dict(self) -> dict[str, float]:
        """Return all values by name."""
        return dict(self.items())

    def match(self, *patterns: str) -> dict[str, float]:
        """Return the values whose names match any of the patterns (see `NameFilter`)."""
        is_wanted = NameFilter(patterns)
        return {name: self.at(row) for name, row in self.rows.items() if is_wanted(name)}

    def matching(self, pattern: str) -> list[Statistic]:
        """Return the lines whose names match a pattern (see `NameFilter`)."""
        is_wanted = NameFilter([pattern])
        return [self._statistic(name, row) for name, row in self.rows.items() if is_wanted(name)]

    @cached_property
    def lines(self) -> dict[str, Statistic]:
        """Every line with unit, description and shares, by name."""
        return {name: self._statistic(name, row) for name, row in self.rows.items()}

    def statistic(self, name: str) -> Statistic:
        """Return one line with unit, description and shares."""
        if name not in self.rows:
            raise StatsError(f'no statistic "{name}" in this dump')
        return self._statistic(name, self.rows[name])

    def _statistic(self, name: str, row: int) -> Statistic:
        meta = self.names.meta(int(self.ids[row]))
        shares = self._shares_by_row.get(row, ())
        return Statistic(name, self.at(row), meta.unit, meta.description, shares)

    @cached_property
    def _shares_by_row(self) -> dict[int, tuple[float, ...]]:
        percents = (self._shares / _SHARES_PER_PERCENT).tolist()
        for place, percent in self._odd_shares.items():
            percents[place] = percent
        has_second = (self._shares[1::2] != _NO_SHARE).tolist()
        firsts = zip(self._share_rows.tolist(), range(0, len(percents), 2), has_second, strict=True)
        return {
            row: tuple(percent / 100 for percent in percents[at : at + 1 + is_pair])
            for row, at, is_pair in firsts
        }

    @cached_property
    def _elements(self) -> dict[str, dict[str, float]]:
        table: dict[str, dict[str, float]] = {}
        for name, row in self.rows.items():
            base, mark, element = name.partition(ELEMENT)
            if mark:
                table.setdefault(base, {})[element] = self.at(row)
        return table

    def vector(self, name: str) -> dict[str, float]:
        """Return the elements of a vector or distribution by what follows "::", in file order.

        Elements that gem5 hid (zeros, by flag) are absent; a name without elements gives none.
        """
        return dict(self._elements.get(name, {}))

    def matrix(self, name: str) -> Matrix:
        """Return a 2-D vector, printed as `name_row::column`; absent elements are 0.

        Raises:
            StatsError: No line is of that form.
        """
        return matrix_of(name, self._elements)

    def distribution(self, name: str) -> Distribution:
        """Return a distribution, histogram or sparse histogram.

        Raises:
            StatsError: The dump has no `name::samples`.
        """
        return distribution_of(name, self._elements.get(name, {}))

    def bases(self) -> list[str]:
        """Return the statistics' names without elements, each once, in file order."""
        return list(dict.fromkeys(map(base_of, self.rows)))
