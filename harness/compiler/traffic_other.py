"""Policy traffic for matrix multiplications, pooling and batch norm."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from harness.compiler.estimate import copy_ticks, mat_mul_cycles, shared_ticks, window_cycles
from harness.compiler.matrix_plan import MatrixShape, MatrixTiling, plan_mat_mul
from harness.compiler.smaug_matrix import smaug_mat_mul
from harness.compiler.smaug_search import Shape, Subject, storage_elements
from harness.compiler.smaug_window import smaug_batch_norm, smaug_pool2d, unit_axis
from harness.compiler.spans import ranges, round_up
from harness.compiler.tile_plan import Region, TilePlan
from harness.compiler.traffic import (
    Cuts,
    channel_cuts,
    fastest,
    fitting_channels,
    image_tiles,
    largest_multiple,
    nested_cuts,
    padded_bytes,
    tile_sizes,
)
from harness.compiler.traffic_conv import input_extent
from harness.compiler.window_plan import WindowTiling, plan_batch_norm, plan_pool2d
from harness.compiler.window_shape import PoolShape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.compiler.limits import Limits


def traffic_mat_mul(
    shape: MatrixShape, limits: Limits, subject: Subject, *, has_bias: bool = False
) -> TilePlan:
    """Choose the fastest tiling of a matrix multiplication that moves no more than policy smaug's.

    Raises:
        DoesNotFitError: Not even one row of 8 channels fits.
    """
    general = None
    tilings = _matrix_tilings(shape, limits)
    if limits != limits.without_target():
        general = traffic_mat_mul(shape, limits.without_target(), subject, has_bias=has_bias)
        cuts = channel_cuts(general)
        tilings = (each for each in tilings if _cuts(shape, each) == cuts)
    return fastest(
        ((_matrix_cost(shape, each, limits), each) for each in tilings),
        lambda each: plan_mat_mul(shape, each, limits, has_bias=has_bias),
        {"input": shape.input, "output": shape.output},
        limits,
        subject,
        fallback=lambda: smaug_mat_mul(shape, limits, subject, has_bias=has_bias),
        general=general,
    )


def _cuts(shape: MatrixShape, tiling: MatrixTiling) -> Cuts:
    return nested_cuts(shape.channels, tiling.input_channels, tiling.weight_channels)


def _matrix_tilings(shape: MatrixShape, limits: Limits) -> Iterator[MatrixTiling]:
    for batch in tile_sizes(shape.batch):
        channels = fitting_channels(limits.input_elements // batch, limits, shape.channels)
        most = limits.output_elements // batch
        for outputs in _output_neurons(shape.neurons, most, limits) if channels else ():
            sizes = tile_sizes(outputs, limits.filters_cut)
            for neurons in {min(size, outputs) for size in sizes}:
                inner = fitting_channels(limits.weights_elements // neurons, limits, channels)
                if inner and (outputs % neurons == 0 or outputs == shape.neurons):
                    is_outer = channels < shape.channels
                    yield MatrixTiling(batch, channels, inner, neurons, outputs, outputs, is_outer)


def _output_neurons(neurons: int, most: int, limits: Limits) -> list[int]:
    """Return numbers of neurons per output tile: all, or whole lines, so that nothing is copied."""
    line = limits.line_bytes // limits.element_bytes
    found = {count for count in tile_sizes(neurons, line) if round_up(count, line) <= most}
    if round_up(neurons, limits.alignment) <= most:
        found.add(neurons)
    if not found:
        found.add(most - most % line or most - most % limits.alignment)
    if limits.reuse.accelerators == 1:
        found = {max(found)}
    return sorted(found - {0}, reverse=True)


def _matrix_cost(shape: MatrixShape, tiling: MatrixTiling, limits: Limits) -> tuple[int, int]:
    """Return the estimated time and the bytes moved, both without looking at single tiles."""
    batches, items = -(-shape.batch // tiling.batch), -(-shape.neurons // tiling.output_neurons)
    is_resident = tiling.input_channels >= shape.channels
    loads = min(limits.reuse.accelerators, items) if is_resident else items
    moved = padded_bytes(shape.input, limits) * loads + padded_bytes(shape.output, limits)
    moved += padded_bytes(shape.weights, limits) * batches
    neurons = -(-shape.neurons // tiling.weight_neurons)
    commands = batches * neurons * -(-shape.channels // tiling.weight_channels)
    rows, width = tiling.batch, tiling.weight_channels
    cycles = commands * mat_mul_cycles(rows, tiling.weight_neurons, width, limits)
    return shared_ticks(cycles, moved, commands, batches * items, limits), moved


def traffic_pool2d(
    kernel: str, shape: PoolShape, pool: tuple[int, int], limits: Limits, subject: Subject
) -> TilePlan:
    """Choose the fastest tiling of a pooling that moves no more than policy smaug's.

    Raises:
        DoesNotFitError: Not even one window of 8 channels fits.
    """
    return fastest(
        ((_window_cost(shape, each, limits), each) for each in _window_tiles(shape, limits)),
        lambda each: plan_pool2d(kernel, shape, _window_tiling(shape, each), pool),
        {"input": shape.input, "output": shape.output},
        limits,
        subject,
        fallback=lambda: smaug_pool2d(kernel, shape, pool, limits, subject),
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
    """Return the estimated time and the bytes moved, both without looking at single tiles."""
    batch, rows, columns, channels = tile
    row_spans, column_spans = (
        shape.rows.spans_by_output(rows),
        shape.columns.spans_by_output(columns),
    )
    held = sum([span.count for span in row_spans]) * sum([span.count for span in column_spans])
    inputs = padded_bytes((shape.batch, held, shape.channels), limits)
    moved = inputs + padded_bytes(shape.output, limits)
    is_in_place = len(column_spans) == 1 and channels == shape.channels
    places = len(row_spans) * len(column_spans) * -(-shape.batch // batch)
    commands = places * -(-shape.channels // channels)
    window = shape.rows.window * shape.columns.window
    cycles = commands * window_cycles(tile, window if window > 1 else 0, limits)
    ticks = shared_ticks(cycles, moved, commands, commands, limits)
    if is_in_place:
        return ticks, moved
    return ticks + copy_ticks(moved, held + commands * rows, limits), 2 * moved


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
    """Choose the fastest tiling of a batch norm that moves no more than policy smaug's.

    Raises:
        DoesNotFitError: Not even 8 channels fit.
    """
    image = shape if len(shape) == 4 else (shape[0], 1, 1, shape[1])
    axes = unit_axis(image[1]), unit_axis(image[2])
    pool = PoolShape(image[0], *axes, image[3])
    return fastest(
        ((_window_cost(pool, each, limits), each) for each in _window_tiles(pool, limits)),
        lambda each: _batch_norm_plan(shape, each, limits),
        {"input": shape, "output": shape},
        limits,
        subject,
        fallback=lambda: smaug_batch_norm(shape, limits, subject),
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
