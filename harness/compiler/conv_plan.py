"""From a convolution's tile sizes to its tiles and commands; every policy ends here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

from harness.compiler.spans import Range, Span, ranges
from harness.compiler.tile_plan import OperandUse, Region, Residency, TileCommand, TilePlan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.compiler.limits import Limits
    from harness.compiler.window_shape import ConvShape


@dataclass(frozen=True, slots=True)
class ConvTiling:
    """Tile sizes and loop order of a convolution.

    Attributes:
        batch: Images per tile.
        rows: Tiles along rows.
        columns: Tiles along columns.
        input_channels: Channels per input tile.
        weight_channels: Channels per weights tile; divides or equals the input tile's.
        weight_kernels: Filters per weights tile.
        output_kernels: Filters per output tile; at most a weights tile's.
        is_weights_outer: The loop over weights tiles encloses the loops over the image.
    """

    batch: int
    rows: tuple[Span, ...]
    columns: tuple[Span, ...]
    input_channels: int
    weight_channels: int
    weight_kernels: int
    output_kernels: int
    is_weights_outer: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Indices of the tiles along batch, rows and columns, and of the filters."""

    batch: int
    row: int
    column: int
    kernels: int


@dataclass(frozen=True)
class _ConvTiles:
    """All tiles and how to find their indices."""

    shape: ConvShape
    tiling: ConvTiling

    @cached_property
    def batches(self) -> tuple[Range, ...]:
        return ranges(self.shape.batch, self.tiling.batch)

    @cached_property
    def input_channels(self) -> tuple[Range, ...]:
        return ranges(self.shape.channels, self.tiling.input_channels)

    @cached_property
    def weight_channels(self) -> tuple[Range, ...]:
        """Channels of weights tiles; they never cross the border of an input tile."""
        return tuple(
            Range(outer.first + inner.first, inner.count)
            for outer in self.input_channels
            for inner in ranges(outer.count, self.tiling.weight_channels)
        )

    @cached_property
    def weight_kernels(self) -> tuple[Range, ...]:
        return ranges(self.shape.kernels, self.tiling.weight_kernels)

    @cached_property
    def output_kernels(self) -> tuple[tuple[int, Range], ...]:
        """Filters of output tiles, each with the index of its weights tile."""
        return tuple(
            (index, Range(outer.first + inner.first, inner.count))
            for index, outer in enumerate(self.weight_kernels)
            for inner in ranges(outer.count, self.tiling.output_kernels)
        )

    def inputs(self) -> Iterator[Region]:
        for n, row, column, c in product(
            self.batches, self.tiling.rows, self.tiling.columns, self.input_channels
        ):
            yield Region(
                (n.first, row.first, column.first, c.first),
                (n.count, row.count, column.count, c.count),
            )

    def weights(self) -> Iterator[Region]:
        r, s = self.shape.filter_rows, self.shape.filter_columns
        for k, c in product(self.weight_kernels, self.weight_channels):
            yield Region((k.first, 0, 0, c.first), (k.count, r, s, c.count))

    def outputs(self) -> Iterator[Region]:
        rows = [row for row in self.tiling.rows if row.out_count]
        columns = [column for column in self.tiling.columns if column.out_count]
        for n, row, column, (_, k) in product(self.batches, rows, columns, self.output_kernels):
            yield Region(
                (n.first, row.out_first, column.out_first, k.first),
                (n.count, row.out_count, column.out_count, k.count),
            )


def plan_conv2d(
    shape: ConvShape, tiling: ConvTiling, limits: Limits, *, has_bias: bool = False
) -> TilePlan:
    """Return tiles and commands of a convolution.

    An item is one weights tile's filters on one part of the image; its commands loop over output
    tiles and, innermost, over channel tiles whose partial sums stay on the accelerator.
    """
    tiles = _ConvTiles(shape, tiling)
    roles = {
        "input": tuple(tiles.inputs()),
        "weights": tuple(tiles.weights()),
        "output": tuple(tiles.outputs()),
    }
    if has_bias:
        roles["bias"] = tuple(Region((k.first,), (k.count,)) for k in tiles.weight_kernels)
    residency = Residency(limits.reuse)
    commands: list[TileCommand] = []
    for item, place in enumerate(_places(tiles)):
        commands.extend(_item(tiles, place, item, residency, has_bias=has_bias))
    return TilePlan("conv2d", roles, tuple(commands))


def _places(tiles: _ConvTiles) -> Iterator[_Place]:
    rows = [i for i, row in enumerate(tiles.tiling.rows) if row.out_count]
    columns = [i for i, column in enumerate(tiles.tiling.columns) if column.out_count]
    batches, kernels = range(len(tiles.batches)), range(len(tiles.weight_kernels))
    if tiles.tiling.is_weights_outer:
        for k, n, row, column in product(kernels, batches, rows, columns):
            yield _Place(n, row, column, k)
    else:
        for n, row, column, k in product(batches, rows, columns, kernels):
            yield _Place(n, row, column, k)


def _item(
    tiles: _ConvTiles, place: _Place, item: int, residency: Residency, *, has_bias: bool
) -> Iterator[TileCommand]:
    channels = tiles.weight_channels
    first_kernel = tiles.weight_kernels[place.kernels].first
    for output, (owner, kernels) in enumerate(tiles.output_kernels):
        if owner != place.kernels:
            continue
        for index, c in enumerate(channels):
            is_last = index == len(channels) - 1
            outer, offset = divmod(c.first, tiles.tiling.input_channels)
            inputs = _input_index(tiles, place, outer)
            weights = place.kernels * len(channels) + index
            load_input = residency.load(item, "input", inputs)
            load_weights = residency.load(item, "weights", weights)
            load_bias = has_bias and is_last and residency.load(item, "bias", place.kernels)
            uses = [
                OperandUse("input", inputs, is_read=load_input),
                OperandUse("weights", weights, is_read=load_weights),
            ]
            if has_bias:
                uses.append(OperandUse("bias", place.kernels, is_read=load_bias))
            uses.append(
                OperandUse("output", _output_index(tiles, place, output), is_written=is_last)
            )
            yield TileCommand(
                item,
                tuple(uses),
                {
                    **_window(tiles, place),
                    "kernel_first": kernels.first - first_kernel,
                    "kernel_count": kernels.count,
                    "output_first": 0,
                    "input_first": offset,
                    "channels": c.count,
                    "accumulate": int(index > 0),
                    "finish": int(is_last),
                },
            )


def _window(tiles: _ConvTiles, place: _Place) -> dict[str, int]:
    row, column = tiles.tiling.rows[place.row], tiles.tiling.columns[place.column]
    shape = tiles.shape
    return {
        "stride_h": shape.rows.stride,
        "stride_w": shape.columns.stride,
        "pad_top": row.pad_before,
        "pad_bottom": row.pad_after,
        "pad_left": column.pad_before,
        "pad_right": column.pad_after,
        "dilation_h": _dilation(shape.rows.window, shape.filter_rows),
        "dilation_w": _dilation(shape.columns.window, shape.filter_columns),
    }


def _dilation(window: int, taps: int) -> int:
    return (window - 1) // (taps - 1) if taps > 1 else 1


def _input_index(tiles: _ConvTiles, place: _Place, channel_tile: int) -> int:
    rows, columns = len(tiles.tiling.rows), len(tiles.tiling.columns)
    spatial = (place.batch * rows + place.row) * columns + place.column
    return spatial * len(tiles.input_channels) + channel_tile


def _output_index(tiles: _ConvTiles, place: _Place, kernel_tile: int) -> int:
    rows = [i for i, row in enumerate(tiles.tiling.rows) if row.out_count]
    columns = [i for i, column in enumerate(tiles.tiling.columns) if column.out_count]
    spatial = (place.batch * len(rows) + rows.index(place.row)) * len(columns)
    return (spatial + columns.index(place.column)) * len(tiles.output_kernels) + kernel_tile
