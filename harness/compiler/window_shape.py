"""Shapes of sliding-window operators as tilers see them: NHWC input, NHWC output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.compiler.spans import Axis


@dataclass(frozen=True, slots=True)
class ConvShape:
    """A convolution.

    Attributes:
        batch: Images.
        rows: Axis of rows: extent, window, stride, padding.
        columns: Axis of columns.
        channels: Input channels.
        kernels: Filters.
        filter_rows: Rows of a filter, dilation not included.
        filter_columns: Columns of a filter.
    """

    batch: int
    rows: Axis
    columns: Axis
    channels: int
    kernels: int
    filter_rows: int
    filter_columns: int

    @property
    def input(self) -> tuple[int, ...]:
        """Shape of the input."""
        return (self.batch, self.rows.extent, self.columns.extent, self.channels)

    @property
    def weights(self) -> tuple[int, ...]:
        """Shape of the weights."""
        return (self.kernels, self.filter_rows, self.filter_columns, self.channels)

    @property
    def output(self) -> tuple[int, ...]:
        """Shape of the output."""
        return (self.batch, self.rows.outputs, self.columns.outputs, self.kernels)


@dataclass(frozen=True, slots=True)
class PoolShape:
    """A pooling, or with windows of 1 x 1 anything that works channel by channel."""

    batch: int
    rows: Axis
    columns: Axis
    channels: int

    @property
    def input(self) -> tuple[int, ...]:
        """Shape of the input."""
        return (self.batch, self.rows.extent, self.columns.extent, self.channels)

    @property
    def output(self) -> tuple[int, ...]:
        """Shape of the output."""
        return (self.batch, self.rows.outputs, self.columns.outputs, self.channels)
