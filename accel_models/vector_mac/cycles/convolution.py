"""Cycles of the convolution: weights stay in registers while a whole output plane passes.

Loops, outermost first: block of `pe_count` filters, kernel row, kernel column, block of
`macs_per_pe` input channels, {load the block's weights}, output row, output column (pipelined).

Source: loop order and pipelining from SMAUG 8fd68e6, convolution_simd.c and smv-accel.cfg.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accel_models.vector_mac.parameters import VectorMacParameters

ROW_UNIT = 20
"""Row overheads below are in twentieths of a cycle, so that the rule stays in whole numbers."""

ROW_OVERHEAD = 242
ROW_OVERHEAD_PER_GROUP = 13
"""Filling the column pipeline once per row and channel group read: 12.1 + 0.65 per group cycles.
Fitted: LeNet5 conv rows (no padding; one and four groups)."""

PADDED_ROW_OVERHEAD = 204
PADDED_ROW_OVERHEAD_PER_GROUP = 10
"""The same where a row touches padding, whose reads are skipped: 10.2 + 0.5 per group cycles.
Fitted: CNN10 conv rows (same padding; one and four groups, 3 to 32 rows)."""

PASS_OVERHEAD_CYCLES = 14
PADDED_PASS_OVERHEAD_CYCLES = 8
"""Draining a pass beyond its weight reads. Fitted: LeNet5 tiles of 7 and 17 rows without padding,
CNN10 tiles of 3 and 14 rows with it."""


@dataclass(frozen=True)
class ConvolutionTile:
    """What the rule needs to know of one invocation.

    Attributes:
        output_rows: Rows of the output tile.
        output_columns: Columns of the output tile.
        filters: Filters that this invocation uses.
        kernel_rows: Rows of a filter.
        kernel_columns: Columns of a filter.
        channels: Channels of the weights tile.
        is_padded: Whether output rows touch padding.
        images: Batch size of the tile.
    """

    output_rows: int
    output_columns: int
    filters: int
    kernel_rows: int
    kernel_columns: int
    channels: int
    is_padded: bool
    images: int = 1


def convolution_passes(tile: ConvolutionTile, parameters: VectorMacParameters) -> int:
    """Return how often the output plane passes the MAC array."""
    filter_blocks = -(-tile.filters // parameters.pe_count)
    channel_blocks = -(-tile.channels // parameters.macs_per_pe)
    return filter_blocks * tile.kernel_rows * tile.kernel_columns * channel_blocks


def convolution_cycles(tile: ConvolutionTile, parameters: VectorMacParameters) -> int:
    """Return the cycles of all passes of one invocation, activation and transfers excluded.

    An output pixel takes one cycle per vector that a PE consumes (4 of 8 lanes for 32 channels),
    however many channels are real, because the input scratchpad has one vector port. A pass reads
    its weights first: one vector per used PE and channel group. Every block costs what the first
    one does, because the measured runs sample the blocks (SMAUG's sampling level high).
    """
    passes = convolution_passes(tile, parameters)
    groups = min(parameters.vectors_per_pe, -(-tile.channels // parameters.vector_lanes))
    rows = tile.images * tile.output_rows
    pixels = rows * tile.output_columns
    row_overhead = _row_overhead(groups, is_padded=tile.is_padded)
    weight_reads = min(parameters.pe_count, tile.filters) * groups
    drain = PADDED_PASS_OVERHEAD_CYCLES if tile.is_padded else PASS_OVERHEAD_CYCLES
    in_rows = -(-passes * rows * row_overhead // ROW_UNIT)
    return passes * (pixels * parameters.vectors_per_pe + weight_reads + drain) + in_rows


def _row_overhead(groups: int, *, is_padded: bool) -> int:
    if is_padded:
        return PADDED_ROW_OVERHEAD + PADDED_ROW_OVERHEAD_PER_GROUP * groups
    return ROW_OVERHEAD + ROW_OVERHEAD_PER_GROUP * groups
