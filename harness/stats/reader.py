"""Open any gem5's stats.txt.

`open_stats` reads on demand and is what new code uses; `read_stats` and `parse_stats` read all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.stats.dump import Dump, DumpEntry
from harness.stats.scan_pass import missing_dump
from harness.stats.source import Source, TextSource, locate_stats
from harness.stats.stats_file import StatsFile

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Dump", "DumpEntry", "StatsFile", "open_stats", "parse_stats", "read_stats"]


def open_stats(path: str | Path, *, are_columns_checked: bool = True) -> StatsFile:
    """Open a stats.txt, a compressed one, or the one in a run's directory.

    Args:
        path: The file or the directory.
        are_columns_checked: Whether a line that leaves gem5's columns, in a file that keeps them,
            is refused as damaged; False for files that somebody edited by hand.

    Raises:
        StatsError: There is none, or it cannot be read.
    """
    return StatsFile(Source(locate_stats(path)), are_columns_checked=are_columns_checked)


def read_stats(path: str | Path) -> list[Dump]:
    """Read all dumps of a stats.txt; the last one may be cut off by a killed run.

    Raises:
        StatsError: The file cannot be read, holds no dump, or a line is not gem5's grammar.
    """
    source = Source(locate_stats(path))
    dumps = list(StatsFile(source))
    if not dumps:
        raise missing_dump(source)
    return dumps


def parse_stats(text: str, where: str = "stats.txt") -> list[Dump]:
    """Parse the text of a stats.txt into its dumps."""
    return list(StatsFile(TextSource(text, where)))
