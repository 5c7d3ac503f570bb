"""Lines of a stats.txt as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.table import Table
from harness.stats.writer import format_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.stats.reader import Dump
    from harness.stats.statistic import Statistic


def stats_table(dump: Dump, patterns: Sequence[str], title: str) -> Table:
    """Return the lines that match any of the patterns, in file order."""
    chosen = {line.name for pattern in patterns for line in dump.matching(pattern)}
    rows = tuple(
        (line.name, format_value(line.value), line.unit, _comment(line))
        for name, line in dump.lines.items()
        if name in chosen
    )
    cut = "" if dump.is_complete else " (cut off: the run was killed while it wrote)"
    return Table(title + cut, ("name", ">value", "unit", "description"), rows)


def _comment(line: Statistic) -> str:
    if not line.fractions:
        return line.description
    return f"{line.fractions[0] * 100:.2f} % {line.description}".rstrip()
