"""SMAUG's tiling of matrix multiplications: neurons and channels.

Sources: notes of SMAUG 8fd68e6, smaug/operators/smv/smv_inner_product_tiling.cpp:15-160 and
smv_inner_product_op.cpp:31,113-115.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.base.errors import DoesNotFitError
from harness.compiler.matrix_plan import MatrixShape, MatrixTiling, plan_mat_mul
from harness.compiler.smaug_search import (
    Shape,
    Subject,
    choose_dims,
    free_tiles,
    largest,
    storage_elements,
    tiles_dimension,
)
from harness.compiler.spans import round_up

if TYPE_CHECKING:
    from harness.compiler.limits import Limits
    from harness.compiler.tile_plan import TilePlan


def smaug_mat_mul(
    shape: MatrixShape, limits: Limits, subject: Subject, *, has_bias: bool = False
) -> TilePlan:
    """Tile a matrix multiplication as SMAUG does.

    With one accelerator the results stay in its output scratchpad and the very last command
    stores them; with more, each item has and stores its own output tile.

    Raises:
        DoesNotFitError: The output does not fit one tile, or nothing does.
    """
    low = ((1, limits.channels_cut), (limits.filters_cut, limits.channels_cut))
    dims_in = choose_dims(shape.input, low[0], limits, subject, "input")
    dims_weights = choose_dims(shape.weights, low[1], limits, subject, "weights")
    if storage_elements(shape.output, limits) > limits.smallest_elements:
        raise _output_error(shape, limits, subject)
    candidates = [
        (tile_in, tile_weights, shape.output)
        for tile_in in free_tiles(dims_in, shape.input, low[0], (1, limits.channels_cut), limits)
        for tile_weights in _weights_tiles(shape, (dims_in, dims_weights), tile_in, limits)
    ]
    tile_in, tile_weights, tile_out = largest(candidates, limits, subject)
    neurons = (
        shape.neurons if limits.reuse.is_single else round_up(tile_weights[0], limits.alignment)
    )
    tiling = MatrixTiling(
        batch=tile_in[0],
        input_channels=tile_in[1],
        weight_channels=tile_weights[1],
        weight_neurons=tile_weights[0],
        output_neurons=neurons,
        item_neurons=tile_weights[0],
    )
    return replace(
        plan_mat_mul(shape, tiling, limits, has_bias=has_bias),
        dims={"input": dims_in, "weights": dims_weights, "output": "None"},
        shape={"input": tile_in, "weights": tile_weights, "output": tile_out},
        candidates=len(candidates),
    )


def _weights_tiles(
    shape: MatrixShape, dims: tuple[str, str], tile_in: Shape, limits: Limits
) -> list[Shape]:
    dims_in, dims_weights = dims
    low, steps = (
        (limits.filters_cut, limits.channels_cut),
        (limits.filters_cut, limits.channels_cut),
    )
    if tiles_dimension(dims_in, "C"):
        whole = (shape.neurons, tile_in[1])
        return free_tiles("DimN" if dims_weights != "None" else "None", whole, low, steps, limits)
    return free_tiles(dims_weights, shape.weights, low, steps, limits)


def _output_error(shape: MatrixShape, limits: Limits, subject: Subject) -> DoesNotFitError:
    needed = storage_elements(shape.output, limits) * limits.element_bytes
    available = limits.smallest_elements * limits.element_bytes
    return DoesNotFitError(
        f'{subject.op} "{subject.name}" needs {needed} B of output scratchpad, accelerator '
        f'"{limits.model}" has {available} B',
        where=subject.where,
        expected="an output that policy smaug can keep in one tile",
        got=f"output {'x'.join(map(str, shape.output))}",
        way_out="use policy traffic, which tiles the output, or larger scratchpads",
    )
