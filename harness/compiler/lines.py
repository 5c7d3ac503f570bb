"""Cache lines that copies, tiles and buffers touch, and back from lines to ranges of buffers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.compiler.program import MemoryRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.compiler.draft import Place
    from harness.compiler.program import Buffer, Copy, Window

Lines = np.ndarray[Any, np.dtype[np.int64]]
"""Numbers of lines, counted through all windows; the same line may occur more than once."""

Marks = np.ndarray[Any, np.dtype[np.bool_]]
"""One mark per line of all windows."""


@dataclass(frozen=True)
class LineMap:
    """Numbers the lines of all windows.

    Attributes:
        buffers: The program's buffers.
        line_bytes: Bytes of a line.
        first_of_window: Number of each window's first line; the last entry is the count of all.
    """

    buffers: Sequence[Buffer]
    line_bytes: int
    first_of_window: tuple[int, ...]

    @classmethod
    def of(cls, windows: Iterable[Window], buffers: Sequence[Buffer], line_bytes: int) -> LineMap:
        """Return the map of these windows, each of which begins with a line of its own."""
        counts = [-(-window.size_bytes // line_bytes) for window in windows]
        return cls(buffers, line_bytes, (0, *accumulate(counts)))

    @property
    def count(self) -> int:
        """Lines in all."""
        return self.first_of_window[-1]

    def of_place(self, buffer: int, offset_bytes: int, size_bytes: int) -> Lines:
        """Return the lines of a range of a buffer."""
        begin, end = self._bounds(buffer, offset_bytes, size_bytes)
        return np.arange(begin, end)

    def of_places(self, places: Iterable[Place]) -> Lines:
        """Return the lines of tiles."""
        return joined(self.of_place(p.buffer, p.offset_bytes, p.size_bytes) for p in places)

    def of_buffers(self, buffers: Iterable[int]) -> Lines:
        """Return the lines of whole buffers."""
        return joined(self.of_place(i, 0, self.buffers[i].size_bytes) for i in buffers)

    def read_by(self, copies: Iterable[Copy]) -> Lines:
        """Return the lines that copies read."""
        return joined(
            self._runs(c.source_buffer, c.source_offset_bytes, c.extents, c.source_strides_bytes)
            for c in copies
        )

    def written_by(self, copies: Iterable[Copy]) -> Lines:
        """Return the lines that copies write."""
        return joined(
            self._runs(
                c.destination_buffer,
                c.destination_offset_bytes,
                c.extents,
                c.destination_strides_bytes,
            )
            for c in copies
        )

    def ranges(self, places: Iterable[Place], marks: Marks) -> list[MemoryRange]:
        """Return the marked lines of these tiles, those that touch joined, each line once."""
        left = marks.copy()
        found: list[MemoryRange] = []
        for place in sorted(places, key=lambda p: (p.buffer, p.offset_bytes)):
            begin, end = self._bounds(place.buffer, place.offset_bytes, place.size_bytes)
            edges = np.flatnonzero(np.diff(left[begin:end], prepend=False, append=False)) + begin
            left[begin:end] = False
            for first, last in edges.reshape(-1, 2).tolist():
                part = self._range(place.buffer, first, last)
                previous = found[-1] if found else None
                if (
                    previous
                    and previous.buffer == part.buffer
                    and previous.offset_bytes + previous.size_bytes == part.offset_bytes
                ):
                    size_bytes = previous.size_bytes + part.size_bytes
                    found[-1] = MemoryRange(
                        part.window, previous.offset_bytes, size_bytes, part.buffer
                    )
                else:
                    found.append(part)
        return found

    def _range(self, buffer: int, first: int, last: int) -> MemoryRange:
        window = self.buffers[buffer].window
        offset_bytes = (first - self.first_of_window[window]) * self.line_bytes
        return MemoryRange(window, offset_bytes, (last - first) * self.line_bytes, buffer)

    def _bounds(self, buffer: int, offset_bytes: int, size_bytes: int) -> tuple[int, int]:
        base = self.first_of_window[self.buffers[buffer].window]
        begin = self.buffers[buffer].offset_bytes + offset_bytes
        return base + begin // self.line_bytes, base - (-(begin + size_bytes) // self.line_bytes)

    def _runs(
        self, buffer: int, offset_bytes: int, extents: Sequence[int], strides: Sequence[int]
    ) -> Lines:
        *outer, run_bytes = extents
        starts = np.array([self.buffers[buffer].offset_bytes + offset_bytes])
        for extent, stride in zip(outer, strides, strict=True):
            starts = np.add.outer(starts, np.arange(extent) * stride).reshape(-1)
        first = starts // self.line_bytes
        last = (starts + run_bytes - 1) // self.line_bytes
        lines = np.add.outer(first, np.arange(int((last - first).max()) + 1))
        base = self.first_of_window[self.buffers[buffer].window]
        touched: Lines = lines[lines <= last[:, None]]
        return touched + base


def joined(parts: Iterable[Lines]) -> Lines:
    """Return all lines of all parts."""
    found = [*parts]
    return np.concatenate(found) if found else np.zeros(0, np.int64)
