"""Tiles and commands of operators that work channel by channel: pooling and batch norm."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from harness.compiler.spans import Span, ranges
from harness.compiler.tile_plan import OperandUse, Region, Residency, TileCommand, TilePlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.compiler.limits import Limits
    from harness.compiler.window_shape import PoolShape


@dataclass(frozen=True, slots=True)
class WindowTiling:
    """Tile sizes.

    Attributes:
        batch: Images per tile.
        rows: Tiles along rows.
        columns: Tiles along columns.
        input_channels: Channels per input tile.
        output_channels: Channels per output tile, a multiple of the input tile's or all.
        is_one_item: All commands form one work item.
    """

    batch: int
    rows: tuple[Span, ...]
    columns: tuple[Span, ...]
    input_channels: int
    output_channels: int
    is_one_item: bool = False


def plan_pool2d(
    kernel: str, shape: PoolShape, tiling: WindowTiling, pool: tuple[int, int]
) -> TilePlan:
    """Return tiles and commands of a pooling; an item is one output tile."""
    tiles = _tiles(shape, tiling)
    attributes = {
        "pool_h": pool[0],
        "pool_w": pool[1],
        "stride_h": shape.rows.stride,
        "stride_w": shape.columns.stride,
        "input_first": 0,
    }
    commands = _pool_commands(shape, tiling, attributes)
    return TilePlan(kernel, tiles, tuple(commands))


def _tiles(shape: PoolShape, tiling: WindowTiling) -> dict[str, tuple[Region, ...]]:
    batches = ranges(shape.batch, tiling.batch)
    inputs = tuple(
        Region(
            (n.first, row.first, column.first, c.first), (n.count, row.count, column.count, c.count)
        )
        for n, row, column, c in product(
            batches, tiling.rows, tiling.columns, ranges(shape.channels, tiling.input_channels)
        )
    )
    outputs = tuple(
        Region(
            (n.first, row.out_first, column.out_first, c.first),
            (n.count, row.out_count, column.out_count, c.count),
        )
        for n, row, column, c in product(
            batches,
            [row for row in tiling.rows if row.out_count],
            [column for column in tiling.columns if column.out_count],
            ranges(shape.channels, tiling.output_channels),
        )
    )
    return {"input": inputs, "output": outputs}


def _pool_commands(
    shape: PoolShape, tiling: WindowTiling, fixed: Mapping[str, int]
) -> list[TileCommand]:
    commands: list[TileCommand] = []
    item = output = -1
    places = product(
        range(len(ranges(shape.batch, tiling.batch))),
        enumerate(tiling.rows),
        enumerate(tiling.columns),
    )
    channels = ranges(shape.channels, tiling.input_channels)
    for n, (r, row), (w, column) in places:
        if not (row.out_count and column.out_count):
            continue
        spatial = (n * len(tiling.rows) + r) * len(tiling.columns) + w
        for index, c in enumerate(channels):
            offset = c.first % tiling.output_channels
            if offset == 0:
                output += 1
                item = 0 if tiling.is_one_item else item + 1
            end = c.first + c.count
            is_stored = end % tiling.output_channels == 0 or end == shape.channels
            uses = (
                OperandUse("input", spatial * len(channels) + index, is_read=True),
                OperandUse("output", output, is_written=is_stored),
            )
            attributes = {
                **fixed,
                "pad_top": row.pad_before,
                "pad_bottom": row.pad_after,
                "pad_left": column.pad_before,
                "pad_right": column.pad_after,
                "output_first": offset,
                "channels": c.count,
                "accumulate": 0,
                "finish": 1,
            }
            commands.append(TileCommand(item, uses, attributes))
    return commands


def plan_batch_norm(
    regions: tuple[Region, ...], channels: int, weight_channels: int, limits: Limits
) -> TilePlan:
    """Return tiles and commands of a batch norm; an item is one tile.

    Args:
        regions: Tiles of input and output, 4-D or 2-D; channels are their last dimension.
        channels: Channels in all.
        weight_channels: Channels per tile of the four rows of parameters.
        limits: Says which tiles stay on an accelerator.
    """
    weights = tuple(Region((0, c.first), (4, c.count)) for c in ranges(channels, weight_channels))
    residency = Residency(limits.reuse)
    commands = []
    for index, region in enumerate(regions):
        first = region.first[-1]
        tile = first // weight_channels
        is_new = residency.load(index, "weights", tile)
        is_new = is_new or first == 0  # SMAUG reads them again at channel 0 (batch_norm.c:223)
        uses = (
            OperandUse("input", index, is_read=True),
            OperandUse("weights", tile, is_read=is_new),
            OperandUse("output", index, is_written=True),
        )
        attributes = {
            "channel_first": first - tile * weight_channels,
            "channels": region.shape[-1],
            "accumulate": 0,
            "finish": 1,
        }
        commands.append(TileCommand(index, uses, attributes))
    roles = {"input": regions, "weights": weights, "output": regions}
    return TilePlan("batch_norm", roles, tuple(commands))
