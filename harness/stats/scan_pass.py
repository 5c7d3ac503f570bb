"""One pass over a file or one of its dumps, and how the file is to be read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.errors import StatsError
from harness.stats._scan import Layout, NameTable, Scanner, look_at
from harness.stats.source import head_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.stats.dump import DumpEntry
    from harness.stats.names import NameFilter, Names
    from harness.stats.source import Source

HEAD_BYTES = 1 << 16
_RENAMED_LINES = 2
_OFTEN_EQUAL = ("ids", "share_rows")
"""Columns that are mostly those of the dump before; equal ones are kept once."""
_NOTHING: tuple[int, ...] = (-1,)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is to be read.

    Attributes:
        layout: How it sets its columns.
        is_bare: Its first Begin line is missing, but statistics are there.
    """

    layout: Layout
    is_bare: bool


def look_at_head(source: Source) -> Reading:
    """Decide from a file's first bytes how it is to be read."""
    layout, is_bare, _ = look_at(head_of(source, HEAD_BYTES))
    return Reading(layout, is_bare)


def missing_dump(source: Source) -> StatsError:
    """Return the error for a file without any dump."""
    is_empty = not head_of(source, HEAD_BYTES).strip()
    return StatsError(
        "the file holds no dump of statistics",
        where=source.where,
        got="an empty file" if is_empty else "no Begin line",
        way_out="a gem5 that was killed or panicked before its first dump leaves this",
    )


class ScanPass:
    """One pass from a dump's begin, or the file's, to its end.

    Attributes:
        finished: Dumps that were given out.
        better_reading: Set if the pass stopped because the file is to be read in another way.
    """

    def __init__(
        self,
        source: Source,
        names: Names,
        reading: Reading,
        wanted: NameFilter | None = None,
        entry: DumpEntry | None = None,
    ) -> None:
        self._source = source
        self._reading = reading
        self._begin = entry.begin_offset if entry else 0
        self._end = entry.end_offset if entry else None
        self._first_line = (entry.begin_line or 0) if entry else 1
        is_bare = reading.is_bare and self._begin == 0
        self._scanner = Scanner(
            names.table,
            reading.layout,
            is_bare,
            self._first_line,
            self._begin,
            list(wanted.patterns) if wanted else None,
            wanted if wanted and wanted.has_globs else None,
            wanted is None or wanted.can_name_cells,
        )
        self._previous: dict[str, Any] = {}
        self.finished = 0
        self.better_reading: Reading | None = None

    def dumps(self) -> Iterator[dict[str, Any]]:
        """Yield each dump's columns as soon as its end was read.

        Raises:
            StatsError: A line is not gem5's; the dumps before it were given out.
        """
        for block in self._source.blocks(self._begin, self._end):
            yield from self.feed(block)
            if self.better_reading is not None:
                return
        is_good = self._scanner.finish()
        yield from self._taken()
        if not is_good:
            self._refuse()

    def feed(self, block: bytes | memoryview) -> Iterator[dict[str, Any]]:
        """Read one more block and yield the dumps that end in it.

        Raises:
            StatsError: A line is not gem5's.
        """
        is_good = self._scanner.feed(np.frombuffer(block, dtype=np.uint8))
        yield from self._taken()
        if not is_good:
            self._refuse()

    def _taken(self) -> Iterator[dict[str, Any]]:
        for columns in self._scanner.take_dumps():
            self.finished += 1
            for key in _OFTEN_EQUAL:
                if np.array_equal(columns[key], self._previous.get(key, _NOTHING)):
                    columns[key] = self._previous[key]
            self._previous = columns
            yield columns

    def _refuse(self) -> None:
        what, line, column, text, is_shifted = self._scanner.error()
        if is_shifted and _is_renamed(self._source, self._reading):
            self.better_reading = replace(self._reading, layout=Layout.RENAMED)
            return
        if not self._first_line:
            line += 1 + _count_lines(self._source, self._begin)
        raise StatsError(
            f"not a line of gem5 statistics: {what}",
            where=f"{self._source.where}:{line}:{column}",
            got=text.decode("utf-8", "replace"),
            way_out=_WAYS_OUT.get(what, ""),
        )


_WAYS_OUT = {
    "the columns are shifted: a character was lost or added in this line": (
        "a number may be damaged; if you edited the line yourself, keep gem5's columns,"
        " or open the file with are_columns_checked=False"
    ),
    "an End line of a dump whose Begin line is missing": "lines before it may be lost",
}


def _is_renamed(source: Source, reading: Reading) -> bool:
    """Tell whether several lines are shifted: somebody renamed statistics, nothing was damaged."""
    scanner = Scanner(NameTable(), Layout.RENAMED, reading.is_bare, 1, 0, None, None, True)
    for block in source.blocks():
        if not scanner.feed(np.frombuffer(block, dtype=np.uint8)):
            break
        if scanner.shifted_lines() >= _RENAMED_LINES:
            return True
    return scanner.shifted_lines() >= _RENAMED_LINES


def _count_lines(source: Source, end: int) -> int:
    """Count the lines before an offset."""
    return sum(bytes(block).count(b"\n") for block in source.blocks(0, end))
