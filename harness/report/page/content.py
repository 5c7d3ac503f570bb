"""What a page consists of: cells that sort by value, tables, facts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.base.units import format_bytes, format_ticks


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; numbers stand flush right and sort by their value, words by their text."""

    text: str
    value: float | None = None

    @property
    def is_number(self) -> bool:
        """Whether the cell is a number."""
        return self.value is not None


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table; `note` says what a reader must know of it, `is_sortable` whether order is free."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    is_sortable: bool = True
    strong: frozenset[int] = frozenset()

    def is_right(self, column: int) -> bool:
        """Tell whether a column holds numbers."""
        return any(row[column].is_number for row in self.rows)


EMPTY = Cell("")


def text_cell(value: object) -> Cell:
    """Return a cell of words; nothing for None."""
    return EMPTY if value is None else Cell(str(value))


def number_cell(value: float | None, form: str = ",") -> Cell:
    """Return a cell of a number in a format of Python's; nothing for None and NaN."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return EMPTY
    return Cell(format(value, form), float(value))


def ticks_cell(ticks: float | None) -> Cell:
    """Return simulated time with its unit."""
    return EMPTY if ticks is None else Cell(format_ticks(round(ticks)), float(ticks))


def bytes_cell(size_bytes: int | None) -> Cell:
    """Return a size with its unit."""
    return EMPTY if size_bytes is None else Cell(format_bytes(size_bytes), float(size_bytes))


def joules_cell(joules: float | None) -> Cell:
    """Return energy with its unit."""
    if joules is None:
        return EMPTY
    for unit, scale in (("J", 1.0), ("mJ", 1e-3), ("uJ", 1e-6), ("nJ", 1e-9)):
        if joules >= scale:
            return Cell(f"{joules / scale:.4g} {unit}", joules)
    return Cell(f"{joules * 1e12:.4g} pJ", joules)


def percent_cell(share: float | None) -> Cell:
    """Return a share of 1 as a percentage."""
    return EMPTY if share is None else Cell(f"{share * 100:.1f} %", share)


def scalar_cell(value: object, number: float | None) -> Cell:
    """Return a parameter as the sweep spells it, sorting by its number if it is one."""
    return EMPTY if value is None else Cell(str(value), number)
