"""SMAUG's tiling of convolutions: rows and channels only, chosen to fill the scratchpads.

Sources: notes of SMAUG 8fd68e6, smaug/operators/smv/smv_convolution_tiling.cpp:15-343.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.base.errors import DoesNotFitError
from harness.compiler.conv_plan import ConvTiling, plan_conv2d
from harness.compiler.smaug_search import (
    Shape,
    Subject,
    choose_dims,
    free_tiles,
    largest,
    storage_elements,
    tiles_dimension,
)

if TYPE_CHECKING:
    from harness.compiler.limits import Limits
    from harness.compiler.tile_plan import TilePlan
    from harness.compiler.window_shape import ConvShape


def smaug_conv2d(
    shape: ConvShape, limits: Limits, subject: Subject, *, has_bias: bool = False
) -> TilePlan:
    """Tile a convolution as SMAUG does.

    Raises:
        DoesNotFitError: SMAUG stops here: a row of the input with 32 channels, or a row of the
            output, does not fit, or weights would have to be cut along their rows.
    """
    dims = _dims(shape, limits, subject)
    candidates = _candidates(shape, dims, limits)
    tile_in, tile_weights, tile_out = largest(candidates, limits, subject)
    tiling = ConvTiling(
        batch=tile_in[0],
        rows=shape.rows.spans_by_input(tile_in[1]),
        columns=(shape.columns.whole(),),
        input_channels=tile_in[3],
        weight_channels=tile_weights[3],
        weight_kernels=tile_weights[0],
        output_kernels=tile_out[3],
    )
    plan = plan_conv2d(shape, tiling, limits, has_bias=has_bias)
    return replace(
        plan,
        dims={"input": dims[0], "weights": dims[1], "output": dims[2]},
        shape={"input": tile_in, "weights": tile_weights, "output": tile_out},
        candidates=len(candidates),
    )


def _minimums(shape: ConvShape, limits: Limits) -> tuple[Shape, Shape, Shape]:
    r, s = shape.filter_rows, shape.filter_columns
    return (
        (1, shape.rows.window, shape.columns.extent, limits.channels_cut),
        (limits.filters_cut, r, s, limits.channels_cut),
        (1, 1, shape.columns.outputs, limits.filters_cut),
    )


def _dims(shape: ConvShape, limits: Limits, subject: Subject) -> tuple[str, str, str]:
    low_in, low_weights, low_out = _minimums(shape, limits)
    dims_in = choose_dims(shape.input, low_in, limits, subject, "input")
    dims_weights = choose_dims(shape.weights, low_weights, limits, subject, "weights")
    dims_out = choose_dims(shape.output, low_out, limits, subject, "output")
    if dims_weights not in ("None", "DimN", "DimNC"):
        raise DoesNotFitError(
            f'{subject.op} "{subject.name}": policy smaug cannot cut filters along rows or columns',
            where=subject.where,
            got=f"weights {'x'.join(map(str, shape.weights))}",
            way_out="use policy traffic, or larger scratchpads",
        )
    if dims_weights != "None":
        dims_out = "DimNC"
    if tiles_dimension(dims_in, "H"):
        dims_out = "DimNCH" if tiles_dimension(dims_out, "C") else "DimNH"
    return dims_in, dims_weights, dims_out


def _candidates(
    shape: ConvShape, dims: tuple[str, str, str], limits: Limits
) -> list[tuple[Shape, Shape, Shape]]:
    dims_in, dims_weights, _ = dims
    low = _minimums(shape, limits)[0]
    steps = (1, shape.rows.stride, 1, limits.channels_cut)
    found: list[tuple[Shape, Shape, Shape]] = []
    for tile_in in free_tiles(dims_in, shape.input, low, steps, limits):
        for tile_weights in _weights_tiles(shape, dims_in, dims_weights, tile_in, limits):
            found.extend(
                (tile_in, tile_weights, tile_out)
                for tile_out in _output_tiles(shape, dims, tile_in, tile_weights, limits)
                if storage_elements(tile_out, limits) <= limits.smallest_elements
            )
    return found


def _weights_tiles(
    shape: ConvShape, dims_in: str, dims: str, tile_in: Shape, limits: Limits
) -> list[Shape]:
    r, s, step = shape.filter_rows, shape.filter_columns, limits.filters_cut
    if dims == "None":
        return [(shape.kernels, r, s, tile_in[3])]
    low = (step, r, s, limits.channels_cut)
    if dims == "DimN" or tiles_dimension(dims_in, "C"):
        whole = (shape.kernels, r, s, tile_in[3])
        return free_tiles("DimN", whole, low, (step, 1, 1, 1), limits)
    steps = (step, 1, 1, limits.channels_cut)
    return free_tiles("DimNC", shape.weights, low, steps, limits)


def _output_tiles(
    shape: ConvShape,
    dims: tuple[str, str, str],
    tile_in: Shape,
    tile_weights: Shape,
    limits: Limits,
) -> list[Shape]:
    dims_in, dims_weights, dims_out = dims
    rows = shape.rows.outputs
    if tiles_dimension(dims_in, "H"):
        rows = min(rows, shape.rows.outputs_of_first(tile_in[1]))
    fixed = (tile_in[0], rows, shape.columns.outputs)
    if dims_weights != "None":
        return [(*fixed, tile_weights[0])]
    if dims_out == "None":
        return [(*fixed, shape.kernels)]
    step = limits.filters_cut
    if tiles_dimension(dims_in, "H"):
        # All filters stay; SMAUG still counts one (equal) candidate per step of 8 channels.
        return [(*fixed, shape.kernels)] * max(1, shape.kernels // step)
    first = min(step, shape.kernels)
    return [(*fixed, count) for count in range(first, shape.kernels + 1, step)]
