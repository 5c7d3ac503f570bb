"""How an extent is cut: plain ranges, and windows with their halo, padding and stride."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Span:
    """A tile along rows or columns of a sliding-window operator.

    Attributes:
        first: First input element that the tile holds.
        count: Input elements that it holds.
        pad_before: Zeros in front of them.
        pad_after: Zeros behind them.
        out_first: First output that it computes.
        out_count: Outputs that it computes; 0 if too few elements were left.
    """

    first: int
    count: int
    pad_before: int
    pad_after: int
    out_first: int
    out_count: int


@dataclass(frozen=True, slots=True)
class Axis:
    """A dimension that windows slide along.

    Attributes:
        extent: Input elements.
        window: Elements that one window spans, dilation included.
        stride: Elements between windows.
        pad_before: Zeros in front.
        pad_after: Zeros behind.
    """

    extent: int
    window: int
    stride: int = 1
    pad_before: int = 0
    pad_after: int = 0

    @property
    def outputs(self) -> int:
        """Number of windows."""
        padded = self.extent + self.pad_before + self.pad_after
        return max(0, (padded - self.window) // self.stride + 1)

    def whole(self) -> Span:
        """Return the one span that holds everything."""
        return Span(0, self.extent, self.pad_before, self.pad_after, 0, self.outputs)

    def outputs_of_first(self, count: int) -> int:
        """Return how many outputs a first tile of `count` elements computes."""
        return max(0, (count + self.pad_before - self.window) // self.stride + 1)

    def spans_by_input(self, count: int) -> tuple[Span, ...]:
        """Cut by input elements per tile, as SMAUG does.

        The first tile is shortened by the padding in front of it; neighbours overlap by
        window - stride elements; the last tile holds the rest, and may compute nothing.

        Source: notes of SMAUG smaug/core/tensor_utils.cpp:186-287.
        """
        if count >= self.extent:
            return (self.whole(),)
        overlap = self.window - self.stride
        size = (self.outputs_of_first(count) - 1) * self.stride + self.window - self.pad_before
        spans: list[Span] = []
        first, out_first, pad = 0, 0, self.pad_before
        while first < self.extent and (
            not spans or spans[-1].first + spans[-1].count < self.extent
        ):
            size = min(size, self.extent - first)
            after = self.pad_after if first + size == self.extent else 0
            outputs = max(0, (size + pad + after - self.window) // self.stride + 1)
            spans.append(Span(first, size, pad, after, out_first, outputs))
            first, out_first, pad = first + size - overlap, out_first + outputs, 0
            size = count
        return tuple(spans)

    def spans_by_output(self, count: int) -> tuple[Span, ...]:
        """Cut by outputs per tile; each tile holds exactly the elements that its windows see."""
        return _spans_by_output(self, count)

    def span(self, out_first: int, out_count: int) -> Span:
        """Return the tile of these outputs."""
        begin = out_first * self.stride - self.pad_before
        end = begin + (out_count - 1) * self.stride + self.window
        first, last = max(0, begin), min(self.extent, end)
        return Span(
            first, last - first, max(0, -begin), max(0, end - self.extent), out_first, out_count
        )


@lru_cache(maxsize=4096)
def _spans_by_output(axis: Axis, count: int) -> tuple[Span, ...]:
    outputs = axis.outputs
    return tuple(
        axis.span(first, min(count, outputs - first)) for first in range(0, outputs, count)
    )


@dataclass(frozen=True, slots=True)
class Range:
    """A plain tile along a dimension."""

    first: int
    count: int


def ranges(extent: int, count: int) -> tuple[Range, ...]:
    """Cut an extent into tiles of `count`, the last one shorter."""
    return tuple(Range(first, min(count, extent - first)) for first in range(0, extent, count))


def round_up(value: int, multiple: int) -> int:
    """Round up to a multiple."""
    return -(-value // multiple) * multiple
