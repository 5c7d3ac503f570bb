"""Tiles and commands of operators on flat chunks of storage, and of softmax on rows."""

from __future__ import annotations

from dataclasses import replace

from harness.compiler.spans import ranges
from harness.compiler.tile_plan import OperandUse, Region, TileCommand, TilePlan


def plan_flat(
    kernel: str, elements: int, chunk: int, *, is_binary: bool, is_one_item: bool = False
) -> TilePlan:
    """Return tiles and commands of an elementwise operator or a stand-alone activation.

    Args:
        kernel: The accelerator's kernel.
        elements: Elements of each tensor as stored.
        chunk: Elements per tile.
        is_binary: There is a second input, "other".
        is_one_item: All commands form one work item.
    """
    regions = tuple(Region((0, part.first), (1, part.count)) for part in ranges(elements, chunk))
    roles = {"input": regions, **({"other": regions} if is_binary else {}), "output": regions}
    commands = []
    for index in range(len(regions)):
        uses = [OperandUse(role, index, is_read=True) for role in roles if role != "output"]
        uses.append(OperandUse("output", index, is_written=True))
        item = 0 if is_one_item else index
        commands.append(TileCommand(item, tuple(uses), {"accumulate": 0, "finish": 1}))
    shape = {role: (1, min(chunk, elements)) for role in roles}
    return TilePlan(kernel, roles, tuple(commands), shape=shape)


def plan_softmax(rows: int, channels: int, rows_per_tile: int) -> TilePlan:
    """Return tiles and commands of a softmax over the channels of (rows, channels)."""
    plan = plan_flat("softmax", rows, rows_per_tile, is_binary=False)
    regions = tuple(
        Region((part.first, 0), (part.count, channels)) for part in ranges(rows, rows_per_tile)
    )
    commands = tuple(
        replace(command, attributes={**command.attributes, "channels": channels})
        for command in plan.commands
    )
    shape = {role: (min(rows_per_tile, rows), channels) for role in plan.tiles}
    roles = {"input": regions, "output": regions}
    return replace(plan, tiles=roles, commands=commands, shape=shape)
