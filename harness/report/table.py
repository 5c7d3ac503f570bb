"""Tables as data, and their two renderings: coloured for a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = "  "


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under column names; `strong` are the indices of rows that stand out.

    A column is set flush right if its name begins with ">" (not shown).
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    strong: frozenset[int] = frozenset()


def plain_lines(table: Table) -> list[str]:
    """Return the table as aligned text without any colour."""
    names = tuple(name.removeprefix(">") for name in table.columns)
    widths = [max(len(cell) for cell in column) for column in zip(names, *table.rows, strict=True)]
    right = [name.startswith(">") for name in table.columns]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(cells, widths, right, strict=True)
        )
        return GAP.join(padded).rstrip()

    return [*([table.title] if table.title else []), line(names), *map(line, table.rows)]


def print_table(table: Table, stream: TextIO | None = None) -> None:
    """Print a table: coloured if the stream is a terminal, else as plain lines."""
    stream = stream or sys.stdout
    if is_terminal(stream):
        _print_rich(table, stream)
    else:
        stream.write("\n".join(["", *plain_lines(table), ""]))


def is_terminal(stream: TextIO) -> bool:
    """Tell whether people watch this stream."""
    return stream.isatty()


def _print_rich(table: Table, stream: TextIO) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - rich costs 0.1 s; only terminals pay
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table as RichTable  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    drawn = RichTable(
        title=table.title or None,
        box=SIMPLE_HEAD,
        title_justify="left",
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for name in table.columns:
        is_number = name.startswith(">")
        drawn.add_column(
            name.removeprefix(">"), justify="right" if is_number else "left", no_wrap=is_number
        )
    for index, row in enumerate(table.rows):
        style = "bold" if index in table.strong else ""
        drawn.add_row(*(Text(cell) for cell in row), style=style)
    Console(file=stream).print(drawn)


def shares(parts: Sequence[int]) -> list[str]:
    """Return percentages with one decimal that add up to exactly 100.0 (largest remainder)."""
    whole = sum(parts)
    if whole <= 0:
        return ["0.0 %" for _ in parts]
    tenths = [part * 1000 // whole for part in parts]
    order = sorted(range(len(parts)), key=lambda i: (-(parts[i] * 1000 % whole), i))
    for index in order[: 1000 - sum(tenths)]:
        tenths[index] += 1
    return [f"{tenth // 10}.{tenth % 10} %" for tenth in tenths]
