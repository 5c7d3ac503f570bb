"""Memory planning: buffers that are not live at the same time may share memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.compiler.spans import round_up

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE_BYTES = 4096
"""Windows are whole pages."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Size of a buffer and the operations between which its contents matter, inclusive."""

    size_bytes: int
    first: int
    last: int

    def overlaps(self, other: Lifetime) -> bool:
        """Return whether both are live at some operation."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class Layout:
    """Offsets of buffers in a window, and the window's size."""

    offsets_bytes: tuple[int, ...]
    size_bytes: int


def plan_memory(lifetimes: Sequence[Lifetime], line_bytes: int) -> Layout:
    """Place buffers so that live ones never share a cache line.

    The largest come first, each at the lowest offset that is free during its whole life; buffers
    of equal size keep their order, so the result is deterministic.
    """
    order = sorted(range(len(lifetimes)), key=lambda i: (-lifetimes[i].size_bytes, i))
    offsets = [0] * len(lifetimes)
    placed: list[int] = []
    for index in order:
        offsets[index] = _lowest_offset(lifetimes, offsets, placed, index, line_bytes)
        placed.append(index)
    end = max(
        (offsets[i] + round_up(lifetimes[i].size_bytes, line_bytes) for i in order), default=0
    )
    return Layout(tuple(offsets), round_up(end, PAGE_BYTES))


def _lowest_offset(
    lifetimes: Sequence[Lifetime],
    offsets: Sequence[int],
    placed: Sequence[int],
    index: int,
    line_bytes: int,
) -> int:
    wanted = round_up(lifetimes[index].size_bytes, line_bytes)
    blockers = sorted(
        (offsets[i], offsets[i] + round_up(lifetimes[i].size_bytes, line_bytes))
        for i in placed
        if lifetimes[i].overlaps(lifetimes[index])
    )
    offset = 0
    for begin, end in blockers:
        if begin - offset >= wanted:
            break
        offset = max(offset, end)
    return offset
