"""Policy traffic for convolutions: tile sizes and loop order by a closed form of bytes moved."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.compiler.conv_plan import ConvTiling, plan_conv2d
from harness.compiler.smaug_conv import smaug_conv2d
from harness.compiler.spans import Axis, round_up
from harness.compiler.traffic import (
    cheapest,
    fitting_channels,
    image_tiles,
    largest_multiple,
    padded_bytes,
    tile_sizes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.compiler.limits import Limits
    from harness.compiler.smaug_search import Subject
    from harness.compiler.tile_plan import TilePlan
    from harness.compiler.window_shape import ConvShape

EXACT_CANDIDATES = 4
"""So many of the best by closed form are planned in full and compared exactly."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    batch: int
    rows: int
    columns: int
    input_channels: int
    weight_channels: int
    kernels: int
    is_weights_outer: bool


def traffic_conv2d(
    shape: ConvShape, limits: Limits, subject: Subject, *, has_bias: bool = False
) -> TilePlan:
    """Choose the tiling of a convolution that moves the fewest bytes.

    Loops over channels are innermost: partial sums stay on the accelerator. Outside, either the
    image or the filters come first, so that inputs or weights are loaded once.

    Raises:
        DoesNotFitError: Not even one window of 8 channels fits.
    """
    ranked = heapq.nsmallest(
        EXACT_CANDIDATES,
        (
            (*_cost(shape, candidate, limits), index, candidate)
            for index, candidate in enumerate(_candidates(shape, limits))
        ),
    )
    plans = (
        plan_conv2d(shape, _tiling(shape, candidate), limits, has_bias=has_bias)
        for *_, candidate in ranked
    )
    return cheapest(
        plans,
        {"input": shape.input, "output": shape.output},
        limits,
        lambda: smaug_conv2d(shape, limits, subject, has_bias=has_bias),
        subject,
    )


def input_extent(axis: Axis, outputs: int) -> int:
    """Return the most input elements that a tile of so many outputs needs."""
    return min(axis.extent, (outputs - 1) * axis.stride + axis.window)


def _candidates(shape: ConvShape, limits: Limits) -> Iterator[_Candidate]:
    def plane(batch: int, rows: int, columns: int) -> int:
        return batch * input_extent(shape.rows, rows) * input_extent(shape.columns, columns)

    def fits(batch: int, rows: int, columns: int) -> bool:
        has_output = batch * rows * columns * limits.alignment <= limits.output_elements
        return (
            has_output and plane(batch, rows, columns) * limits.alignment <= limits.input_elements
        )

    taps = shape.filter_rows * shape.filter_columns
    for batch, rows, columns in image_tiles(shape.output, fits):
        channels = fitting_channels(
            limits.input_elements // plane(batch, rows, columns), limits, shape.channels
        )
        most = limits.output_elements // (batch * rows * columns)
        for kernels in _kernel_counts(shape.kernels, most, limits):
            inner = fitting_channels(limits.weights_elements // (taps * kernels), limits, channels)
            if inner == 0:
                continue
            for is_weights_outer in (False, True):
                yield _Candidate(batch, rows, columns, channels, inner, kernels, is_weights_outer)


def _kernel_counts(kernels: int, most: int, limits: Limits) -> list[int]:
    """Return numbers of filters per tile: whole blocks of PEs, and padded they fit `most`."""
    step = round_up(limits.kernels_step, limits.alignment)
    fitting = [
        count for count in tile_sizes(kernels, step) if round_up(count, limits.alignment) <= most
    ]
    even = largest_multiple(most, step, kernels, limits.alignment)
    return sorted({*fitting, even} - {0}, reverse=True)


def _cost(shape: ConvShape, candidate: _Candidate, limits: Limits) -> tuple[int, int]:
    """Return bytes moved and the number of commands."""
    row_spans = shape.rows.spans_by_output(candidate.rows)
    column_spans = shape.columns.spans_by_output(candidate.columns)
    batches = -(-shape.batch // candidate.batch)
    places = len(row_spans) * len(column_spans) * batches
    held = sum(span.count for span in row_spans) * sum(span.count for span in column_spans)
    inputs = padded_bytes((shape.batch, held, shape.channels), limits)
    weights = padded_bytes(shape.weights, limits)
    outputs = padded_bytes(shape.output, limits)
    input_tiles = -(-shape.channels // candidate.input_channels)
    weight_tiles = input_tiles * -(
        -min(candidate.input_channels, shape.channels) // candidate.weight_channels
    )
    kernel_tiles = -(-shape.kernels // candidate.kernels)
    once = input_tiles == 1 and (not candidate.is_weights_outer or places == 1)
    input_loads = 1 if once else kernel_tiles
    if candidate.is_weights_outer:
        weight_loads = 1 if weight_tiles == 1 else places
    else:
        weight_loads = 1 if weight_tiles * kernel_tiles == 1 else places
    is_row_whole = len(column_spans) == 1
    copies = 0
    if not (is_row_whole and input_tiles == 1):
        copies += inputs
    if not (is_row_whole and kernel_tiles == 1):
        copies += outputs
    moved = inputs * input_loads + weights * weight_loads + outputs + copies
    return moved, places * kernel_tiles * weight_tiles


def _tiling(shape: ConvShape, candidate: _Candidate) -> ConvTiling:
    return ConvTiling(
        batch=candidate.batch,
        rows=shape.rows.spans_by_output(candidate.rows),
        columns=shape.columns.spans_by_output(candidate.columns),
        input_channels=candidate.input_channels,
        weight_channels=candidate.weight_channels,
        weight_kernels=candidate.kernels,
        output_kernels=candidate.kernels,
        is_weights_outer=candidate.is_weights_outer,
    )
