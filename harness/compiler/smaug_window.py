"""SMAUG's tiling of pooling, batch norm and flat operators.

Sources: notes of SMAUG 8fd68e6, smaug/operators/smv/smv_pooling_tiling.cpp:15-200,
smv_batch_norm_tiling.cpp, smv_unary_op_common.cpp:80-95, smv_softmax_op.cpp:10-24.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.base.errors import DoesNotFitError
from harness.compiler.flat_plan import plan_flat, plan_softmax
from harness.compiler.smaug_search import (
    Shape,
    Subject,
    choose_dims,
    dims_with,
    free_tiles,
    largest,
    storage_elements,
    tiles_dimension,
)
from harness.compiler.spans import Axis, ranges, round_up
from harness.compiler.tile_plan import Region, TilePlan
from harness.compiler.window_plan import WindowTiling, plan_batch_norm, plan_pool2d

if TYPE_CHECKING:
    from harness.compiler.limits import Limits
    from harness.compiler.window_shape import PoolShape

_BATCH_NORM_STEP = 8
"""Rows, columns and channels of batch norm tiles grow by this."""


def smaug_pool2d(
    kernel: str, shape: PoolShape, pool: tuple[int, int], limits: Limits, subject: Subject
) -> TilePlan:
    """Tile a pooling as SMAUG does; all its commands run on one accelerator.

    Raises:
        DoesNotFitError: Nothing fits.
    """
    step = limits.alignment
    low = (1, shape.rows.window, shape.columns.window, step)
    steps = (1, shape.rows.stride, shape.columns.stride, step)
    dims_in = choose_dims(shape.input, low, limits, subject, "input")
    own = choose_dims(shape.output, (1, 1, 1, step), limits, subject, "output")
    dims_out = _pool_output_dims(dims_in, own)
    candidates = [
        (tile, out)
        for tile in free_tiles(dims_in, shape.input, low, steps, limits)
        if storage_elements(out := _pool_output(shape, dims_in, own, tile), limits)
        <= limits.smallest_elements
    ]
    tile_in, tile_out = largest(candidates, limits, subject)
    tiling = WindowTiling(
        batch=tile_in[0],
        rows=shape.rows.spans_by_input(tile_in[1]),
        columns=shape.columns.spans_by_input(tile_in[2]),
        input_channels=tile_in[3],
        output_channels=tile_out[3],
        is_one_item=True,
    )
    return replace(
        plan_pool2d(kernel, shape, tiling, pool),
        dims={"input": dims_in, "output": dims_out},
        shape={"input": tile_in, "output": tile_out},
        candidates=len(candidates),
    )


def _pool_output_dims(dims_in: str, own: str) -> str:
    if dims_in in ("None", "DimN") and own in ("None", "DimN"):
        return own if dims_in == "None" else dims_in
    letters = {letter for letter in "HW" if tiles_dimension(dims_in, letter)}
    letters |= {letter for letter in "HWC" if tiles_dimension(own, letter)}
    if letters == {"C"}:
        return "DimNC"
    return dims_with("N" + "".join(letters)) if letters else "None"


def _pool_output(shape: PoolShape, dims_in: str, own: str, tile: Shape) -> Shape:
    rows, columns = shape.rows.outputs, shape.columns.outputs
    if tiles_dimension(dims_in, "H"):
        rows = min(rows, shape.rows.outputs_of_first(tile[1]))
    if tiles_dimension(dims_in, "W"):
        columns = min(columns, shape.columns.outputs_of_first(tile[2]))
    channels = tile[3] if tiles_dimension(own, "C") else shape.channels
    return (tile[0], rows, columns, channels)


def smaug_batch_norm(shape: Shape, limits: Limits, subject: Subject) -> TilePlan:
    """Tile a batch norm as SMAUG does, after a convolution (4-D) or a matrix product (2-D).

    Raises:
        DoesNotFitError: The parameters of a convolution's channels do not fit one tile.
    """
    if len(shape) == 2:
        return _batch_norm_2d(shape, limits, subject)
    step = _BATCH_NORM_STEP
    weights = (4, shape[3])
    if storage_elements(weights, limits) > limits.smallest_elements:
        raise DoesNotFitError(
            f'{subject.op} "{subject.name}": the parameters of {shape[3]} channels need '
            f"{storage_elements(weights, limits) * limits.element_bytes} B of scratchpad, "
            f'accelerator "{limits.model}" has {limits.smallest_elements * limits.element_bytes} B',
            where=subject.where,
            way_out="use policy traffic, or larger scratchpads",
        )
    low = (1, step, step, step)
    dims = choose_dims(shape, low, limits, subject, "input")
    candidates = [
        (tile, tile) for tile in free_tiles(dims, shape, low, (1, step, step, step), limits)
    ]
    tile, _ = largest(candidates, limits, subject)
    plan = plan_batch_norm(_blocks(shape, tile), shape[3], shape[3], limits)
    return _described(plan, (dims, "None"), (tile, weights), len(candidates))


def _batch_norm_2d(shape: Shape, limits: Limits, subject: Subject) -> TilePlan:
    step = _BATCH_NORM_STEP
    weights = (4, shape[1])
    dims = choose_dims(shape, (1, step), limits, subject, "input")
    dims_weights = choose_dims(weights, (4, step), limits, subject, "weights")
    if dims_weights != "None":
        dims = "DimNC"
    elif tiles_dimension(dims, "C"):
        dims_weights = "DimNC"
    candidates = [
        (tile, (4, tile[1]), tile)
        for tile in free_tiles(dims, shape, (1, step), (1, step), limits)
        if storage_elements((4, tile[1]), limits) <= limits.smallest_elements
    ]
    tile, tile_weights, _ = largest(candidates, limits, subject)
    plan = plan_batch_norm(_blocks(shape, tile), shape[1], tile_weights[1], limits)
    return _described(plan, (dims, dims_weights), (tile, tile_weights), len(candidates))


def _blocks(shape: Shape, tile: Shape) -> tuple[Region, ...]:
    """Return the tiles of a tensor, the last dimension innermost."""
    blocks = [Region((), ())]
    for extent, count in zip(shape, tile, strict=True):
        blocks = [
            Region((*block.first, part.first), (*block.shape, part.count))
            for block in blocks
            for part in ranges(extent, count)
        ]
    return tuple(blocks)


def _described(
    plan: TilePlan, dims: tuple[str, str], tiles: tuple[Shape, Shape], candidates: int
) -> TilePlan:
    return replace(
        plan,
        dims={"input": dims[0], "weights": dims[1], "output": dims[0]},
        shape={"input": tiles[0], "weights": tiles[1], "output": tiles[0]},
        candidates=candidates,
    )


def smaug_flat(kernel: str, shape: Shape, limits: Limits, *, is_binary: bool) -> TilePlan:
    """Cut a tensor's storage into chunks that fill the scratchpad, on one accelerator."""
    elements = storage_elements(shape, limits)
    plan = plan_flat(
        kernel, elements, limits.smallest_elements, is_binary=is_binary, is_one_item=True
    )
    return replace(plan, is_always_copied=len(shape) == 2)


def smaug_softmax(rows: int, channels: int, limits: Limits, subject: Subject) -> TilePlan:
    """Cut a softmax along its rows.

    Raises:
        DoesNotFitError: A row does not fit.
    """
    width = round_up(channels, limits.alignment)
    if width > limits.smallest_elements:
        raise DoesNotFitError(
            f'softmax "{subject.name}": a row needs {width * limits.element_bytes} B of '
            f'scratchpad, accelerator "{limits.model}" has '
            f"{limits.smallest_elements * limits.element_bytes} B",
            where=subject.where,
            way_out="use larger scratchpads; a softmax needs its whole row",
        )
    return plan_softmax(rows, channels, min(rows, limits.smallest_elements // width))


def unit_axis(extent: int) -> Axis:
    """Return an axis of windows of one element: no halo, no padding."""
    return Axis(extent, 1)
