"""Plain tables: a title, a header, rows of text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print one table at once; the first column is left-aligned, the others right-aligned."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    sys.stdout.write(f"\n{title}\n")
    for line in lines:
        first, *others = (cell for cell in line)
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        sys.stdout.write(f"  {'  '.join(cells).rstrip()}\n")
    sys.stdout.flush()


def milliseconds(seconds: float) -> str:
    """Return a duration in milliseconds."""
    return f"{seconds * 1e3:.1f} ms"


def seconds_text(seconds: float) -> str:
    """Return a duration in seconds."""
    return f"{seconds:.2f} s"


def ratio_text(ratio: float) -> str:
    """Return a ratio."""
    return f"{ratio:.2f}"


def against_aim(value: float, aim: float, aim_text: str) -> str:
    """Return an aim and whether the value keeps it."""
    return f"{aim_text} {'kept' if value <= aim else 'missed'}"
