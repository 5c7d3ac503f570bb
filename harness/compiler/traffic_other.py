"""Policy traffic for matrix multiplications, pooling and batch norm."""

from __future__ import annotations

import heapq
from itertools import product
from typing import TYPE_CHECKING

from harness.compiler.matrix_plan import MatrixShape, MatrixTiling, plan_mat_mul
from harness.compiler.smaug_matrix import smaug_mat_mul
from harness.compiler.smaug_search import Shape, Subject, storage_elements
from harness.compiler.smaug_window import smaug_batch_norm, smaug_pool2d, unit_axis
from harness.compiler.spans import ranges, round_up
from harness.compiler.tile_plan import Region, TilePlan
from harness.compiler.traffic import (
    cheapest,
    fitting_channels,
    image_tiles,
    largest_multiple,
    padded_bytes,
    tile_sizes,
)
from harness.compiler.traffic_conv import EXACT_CANDIDATES, input_extent
from harness.compiler.window_plan import WindowTiling, plan_batch_norm, plan_pool2d
from harness.compiler.window_shape import PoolShape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.compiler.limits import Limits


def traffic_mat_mul(
    shape: MatrixShape, limits: Limits, subject: Subject, *, has_bias: bool = False
) -> TilePlan:
    """Choose the tiling of a matrix multiplication that moves the fewest bytes.

    Raises:
        DoesNotFitError: Not even one row of 8 channels fits.
    """
    ranked = heapq.nsmallest(
        EXACT_CANDIDATES,
        (
            (*_matrix_cost(shape, tiling, limits), index, tiling)
            for index, tiling in enumerate(_matrix_tilings(shape, limits))
        ),
    )
    return cheapest(
        (plan_mat_mul(shape, tiling, limits, has_bias=has_bias) for *_, tiling in ranked),
        {"input": shape.input, "output": shape.output},
        limits,
        lambda: smaug_mat_mul(shape, limits, subject, has_bias=has_bias),
        subject,
    )


def _matrix_tilings(shape: MatrixShape, limits: Limits) -> Iterator[MatrixTiling]:
    line = limits.line_bytes // limits.element_bytes
    for batch in tile_sizes(shape.batch):
        most = limits.output_elements // batch
        share = round_up(-(-shape.neurons // limits.reuse.accelerators), line)
        outputs = min(shape.neurons, share)
        if round_up(outputs, limits.alignment) > most:
            outputs = most - most % line or most - most % limits.alignment
        channels = fitting_channels(limits.input_elements // batch, limits, shape.channels)
        if outputs <= 0 or channels == 0:
            continue
        for neurons in {min(size, outputs) for size in tile_sizes(outputs, limits.kernels_step)}:
            inner = fitting_channels(limits.weights_elements // neurons, limits, channels)
            if inner and (outputs % neurons == 0 or outputs == shape.neurons):
                is_outer = channels < shape.channels
                yield MatrixTiling(batch, channels, inner, neurons, outputs, outputs, is_outer)


def _matrix_cost(shape: MatrixShape, tiling: MatrixTiling, limits: Limits) -> tuple[int, int]:
    batches, items = -(-shape.batch // tiling.batch), -(-shape.neurons // tiling.output_neurons)
    inputs = padded_bytes(shape.input, limits)
    loads = items if tiling.input_channels < shape.channels else 1
    weights = padded_bytes(shape.weights, limits)
    neurons = -(-shape.neurons // tiling.weight_neurons)
    channels = -(-shape.channels // tiling.weight_channels)
    moved = inputs * loads + weights * batches + padded_bytes(shape.output, limits)
    return moved, batches * neurons * channels


def traffic_pool2d(
    kernel: str, shape: PoolShape, pool: tuple[int, int], limits: Limits, subject: Subject
) -> TilePlan:
    """Choose the tiling of a pooling that moves the fewest bytes.

    Raises:
        DoesNotFitError: Not even one window of 8 channels fits.
    """
    ranked = heapq.nsmallest(
        EXACT_CANDIDATES,
        (
            (*_window_cost(shape, tile, limits), index, tile)
            for index, tile in enumerate(_window_tiles(shape, limits))
        ),
    )
    return cheapest(
        (plan_pool2d(kernel, shape, _window_tiling(shape, tile), pool) for *_, tile in ranked),
        {"input": shape.input, "output": shape.output},
        limits,
        lambda: smaug_pool2d(kernel, shape, pool, limits, subject),
        subject,
    )


def _window_tiles(shape: PoolShape, limits: Limits) -> Iterator[Shape]:
    def planes(batch: int, rows: int, columns: int) -> tuple[int, int]:
        held = input_extent(shape.rows, rows) * input_extent(shape.columns, columns)
        return batch * held, batch * rows * columns

    def channels(batch: int, rows: int, columns: int) -> int:
        inputs, outputs = planes(batch, rows, columns)
        most = min(limits.input_elements // inputs, limits.output_elements // outputs)
        return largest_multiple(most, limits.alignment, shape.channels, limits.alignment)

    def fits(batch: int, rows: int, columns: int) -> bool:
        return channels(batch, rows, columns) > 0

    for tile in image_tiles(shape.output, fits):
        yield (*tile, channels(*tile))


def _window_cost(shape: PoolShape, tile: Shape, limits: Limits) -> tuple[int, int]:
    batch, rows, columns, channels = tile
    row_spans, column_spans = (
        shape.rows.spans_by_output(rows),
        shape.columns.spans_by_output(columns),
    )
    held = sum(span.count for span in row_spans) * sum(span.count for span in column_spans)
    moved = padded_bytes((shape.batch, held, shape.channels), limits)
    moved += padded_bytes(shape.output, limits)
    is_in_place = len(column_spans) == 1 and channels == shape.channels
    places = len(row_spans) * len(column_spans) * -(-shape.batch // batch)
    return moved * (1 if is_in_place else 2), places * -(-shape.channels // channels)


def _window_tiling(shape: PoolShape, tile: Shape) -> WindowTiling:
    batch, rows, columns, channels = tile
    return WindowTiling(
        batch=batch,
        rows=shape.rows.spans_by_output(rows),
        columns=shape.columns.spans_by_output(columns),
        input_channels=channels,
        output_channels=channels,
    )


def traffic_batch_norm(shape: Shape, limits: Limits, subject: Subject) -> TilePlan:
    """Choose the tiling of a batch norm that moves the fewest bytes.

    Raises:
        DoesNotFitError: Not even 8 channels fit.
    """
    image = shape if len(shape) == 4 else (shape[0], 1, 1, shape[1])
    axes = unit_axis(image[1]), unit_axis(image[2])
    pool = PoolShape(image[0], *axes, image[3])
    ranked = heapq.nsmallest(
        EXACT_CANDIDATES,
        (
            (*_window_cost(pool, tile, limits), index, tile)
            for index, tile in enumerate(_window_tiles(pool, limits))
        ),
    )
    return cheapest(
        (_batch_norm_plan(shape, tile, limits) for *_, tile in ranked),
        {"input": shape, "output": shape},
        limits,
        lambda: smaug_batch_norm(shape, limits, subject),
        subject,
    )


def _batch_norm_plan(shape: Shape, tile: Shape, limits: Limits) -> TilePlan:
    channels, held = shape[-1], tile[-1]
    weight_channels = channels
    if storage_elements((4, channels), limits) > limits.weights_elements:
        most = limits.weights_elements // 4
        held = min(held, most - most % limits.alignment)
        weight_channels = most - most % held
    counts = (*tile[:-1], held)
    extents = shape if len(shape) == 4 else (shape[0], shape[1])
    cuts = counts if len(shape) == 4 else (counts[0], counts[3])
    parts = [ranges(extent, count) for extent, count in zip(extents, cuts, strict=True)]
    regions = tuple(
        Region(tuple(part.first for part in block), tuple(part.count for part in block))
        for block in product(*parts)
    )
    return plan_batch_norm(regions, channels, weight_channels, limits)
