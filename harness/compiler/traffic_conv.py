"""Policy traffic for convolutions: tile sizes and loop order, ranked by a closed form of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.compiler.conv_plan import ConvTiling, plan_conv2d
from harness.compiler.estimate import conv2d_cycles, copy_ticks, shared_ticks
from harness.compiler.smaug_conv import smaug_conv2d
from harness.compiler.spans import Axis, Span, round_up
from harness.compiler.traffic import (
    Cuts,
    channel_cuts,
    fastest,
    fitting_channels,
    image_tiles,
    largest_multiple,
    nested_cuts,
    no_slower_than_on_fewer,
    padded_bytes,
    tile_sizes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.compiler.limits import Limits
    from harness.compiler.smaug_search import Subject
    from harness.compiler.tile_plan import TilePlan
    from harness.compiler.window_shape import ConvShape


@dataclass(frozen=True, slots=True)
class _Candidate:
    batch: int
    rows: int
    columns: int
    input_channels: int
    weight_channels: int
    kernels: int
    is_weights_outer: bool

    def cuts(self, channels: int) -> Cuts:
        """Return how the channels are cut."""
        return nested_cuts(channels, self.input_channels, self.weight_channels)


def traffic_conv2d(
    shape: ConvShape, limits: Limits, subject: Subject, *, has_bias: bool = False
) -> TilePlan:
    """Choose the fastest tiling of a convolution that moves no more than policy smaug's.

    Loops over channels are innermost: partial sums stay on the accelerator. Outside, either the
    image or the filters come first, so that inputs or weights are loaded once. Channels are cut as
    they would be on any other target, so that the output's bytes are the same.

    Raises:
        DoesNotFitError: Not even one window of 8 channels fits.
    """
    general = None
    candidates = _candidates(shape, limits)
    if limits != limits.without_target():
        general = traffic_conv2d(shape, limits.without_target(), subject, has_bias=has_bias)
        cuts = channel_cuts(general)
        candidates = (each for each in candidates if each.cuts(shape.channels) == cuts)
    shapes = {"input": shape.input, "output": shape.output}
    plan = fastest(
        ((_cost(shape, each, limits), each) for each in candidates),
        lambda each: plan_conv2d(shape, _tiling(shape, each), limits, has_bias=has_bias),
        shapes,
        limits,
        subject,
        fallback=lambda: smaug_conv2d(shape, limits, subject, has_bias=has_bias),
        general=general,
    )
    return no_slower_than_on_fewer(
        plan,
        shapes,
        limits,
        lambda fewer: traffic_conv2d(shape, fewer, subject, has_bias=has_bias),
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
    step = limits.filters_cut
    fitting = [
        count for count in tile_sizes(kernels, step) if round_up(count, limits.alignment) <= most
    ]
    even = largest_multiple(most, step, kernels, limits.alignment)
    return sorted({*fitting, even} - {0}, reverse=True)


def _cost(shape: ConvShape, candidate: _Candidate, limits: Limits) -> tuple[int, int]:
    """Return the estimated time and the bytes moved, both without looking at single tiles."""
    row_spans = shape.rows.spans_by_output(candidate.rows)
    column_spans = shape.columns.spans_by_output(candidate.columns)
    places = len(row_spans) * len(column_spans) * -(-shape.batch // candidate.batch)
    held = _held(row_spans) * _held(column_spans)
    inputs = padded_bytes((shape.batch, held, shape.channels), limits)
    outputs = padded_bytes(shape.output, limits)
    input_tiles = -(-shape.channels // candidate.input_channels)
    inner_tiles = -(-min(candidate.input_channels, shape.channels) // candidate.weight_channels)
    weight_tiles = input_tiles * inner_tiles
    kernel_tiles = -(-shape.kernels // candidate.kernels)
    accelerators = min(limits.reuse.accelerators, places * kernel_tiles)
    input_loads, weight_loads = _loads(
        candidate, places, kernel_tiles, input_tiles, weight_tiles, accelerators
    )
    loaded = inputs * input_loads + padded_bytes(shape.weights, limits) * weight_loads
    is_row_whole = len(column_spans) == 1
    copies = inputs if not (is_row_whole and input_tiles == 1) else 0
    copies += outputs if not (is_row_whole and kernel_tiles == 1) else 0
    commands = places * kernel_tiles * weight_tiles
    cycles = commands * conv2d_cycles(
        candidate.kernels,
        shape.filter_rows * shape.filter_columns,
        candidate.weight_channels,
        candidate.batch * candidate.rows,
        candidate.columns,
        limits,
    )
    runs = places * candidate.rows * (input_tiles + kernel_tiles)
    ticks = shared_ticks(cycles, loaded + outputs, commands, places * kernel_tiles, limits)
    ticks += copy_ticks(copies, runs if copies else 0, limits)
    return ticks, loaded + outputs + copies


def _held(spans: tuple[Span, ...]) -> int:
    return sum([span.count for span in spans])


def _loads(
    candidate: _Candidate,
    places: int,
    kernel_tiles: int,
    input_tiles: int,
    weight_tiles: int,
    accelerators: int,
) -> tuple[int, int]:
    """Return how often all inputs and all weights are loaded."""
    if candidate.is_weights_outer:
        is_once = input_tiles == 1 and places == 1
        input_loads = min(kernel_tiles, accelerators) if is_once else kernel_tiles
        weight_loads = max(1, accelerators // kernel_tiles) if weight_tiles == 1 else places
        return input_loads, weight_loads
    input_loads = max(1, accelerators // places) if input_tiles == 1 else kernel_tiles
    is_resident = weight_tiles * kernel_tiles == 1
    return min(input_loads, kernel_tiles), accelerators if is_resident else places


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
