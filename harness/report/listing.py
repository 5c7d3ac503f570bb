"""Tables of values for people and programs alike: aligned text, CSV, or JSON."""

from __future__ import annotations

import csv
import json
import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from harness.report.table import Table, print_table
from harness.stats.export import exact_text, json_number
from harness.stats.writer import format_value

if TYPE_CHECKING:
    from typing import TypeAlias

    Cell: TypeAlias = str | int | float | bool | None

FORMATS = ("table", "csv", "json")
_SIGNIFICANT = 6


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of values under column names; the title and the notes are for people only."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


def print_listing(listing: Listing, form: str = "table", stream: TextIO | None = None) -> None:
    """Print a listing.

    CSV has empty cells for what is absent and gem5's words for NaN and infinities; JSON is an array
    of objects, with null and, since strict JSON has no NaN, the strings "nan", "inf", "-inf".

    Args:
        listing: What to print.
        form: "table", "csv" or "json".
        stream: Default: the standard output.
    """
    stream = stream or sys.stdout
    if form == "csv":
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(listing.columns)
        writer.writerows(
            ["" if cell is None else _exact(cell) for cell in row] for row in listing.rows
        )
    elif form == "json":
        rows = [dict(zip(listing.columns, map(_json, row), strict=True)) for row in listing.rows]
        stream.write(json.dumps(rows, indent=1, allow_nan=False) + "\n")
    else:
        print_table(_table(listing), stream)
        stream.writelines(f"{note}\n" for note in listing.notes)


def _table(listing: Listing) -> Table:
    columns = list(zip(*listing.rows, strict=True)) or [()] * len(listing.columns)
    numeric = [
        any(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in column)
        for column in columns
    ]
    names = tuple(
        f">{name}" if is_number else name
        for name, is_number in zip(listing.columns, numeric, strict=True)
    )
    return Table(listing.title, names, tuple(tuple(map(_shown, row)) for row in listing.rows))


def _shown(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return shown_number(cell) if isinstance(cell, int | float) else cell


def shown_number(value: float) -> str:
    """Return a number for people: whole ones in full, others with six significant digits."""
    if isinstance(value, int) or not math.isfinite(value) or value.is_integer():
        return format_value(value)
    return f"{value:.{_SIGNIFICANT}g}"


def _exact(cell: Cell) -> str:
    return exact_text(cell) if isinstance(cell, int | float) else str(cell)


def _json(cell: Cell) -> Cell:
    return json_number(cell) if isinstance(cell, float) else cell
