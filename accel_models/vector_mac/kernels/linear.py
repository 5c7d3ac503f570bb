"""Convolution and fully connected layer: the kernels of the MAC array."""

from __future__ import annotations

from accel_models.vector_mac.cycles.convolution import (
    ConvolutionTile,
    convolution_cycles,
    convolution_passes,
)
from accel_models.vector_mac.cycles.matrix import matrix_cycles
from accel_models.vector_mac.energy import Work
from accel_models.vector_mac.invocation import MAC, Invocation, Loading
from accel_models.vector_mac.numerics import Float32, sum32
from accel_models.vector_mac.numerics import conv2d as convolve
from accel_models.vector_mac.numerics import mat_mul as multiply
from harness.base.errors import ModelError

LOADS = {"input": "load_input", "weights": "load_weights"}


def conv2d(run: Invocation) -> Loading:
    """Convolve the resident input with some filters of the resident weights."""
    yield from run.load(_loads(run))
    x, weights = _resident(run, "input"), _resident(run, "weights")
    first, count = run.number("kernel_first"), run.number("kernel_count")
    channel = run.number("input_first", 0)
    x = x[..., channel : channel + weights.shape[3]]
    sums = convolve(
        x,
        weights[first : first + count],
        run.pair("stride"),
        run.padding(),
        run.pair("dilation", 1),
    )
    tile = _tile(run, weights.shape, sums.shape)
    run.compute(MAC, convolution_cycles(tile, run.parameters))
    _count_convolution(run, tile)
    _accumulate(run, sums, filters=(first, count))


def mat_mul(run: Invocation) -> Loading:
    """Multiply columns of the resident input with the streamed weights."""
    yield from run.load(_loads(run))
    x, weights = _resident(run, "input"), _resident(run, "weights")
    neurons, columns = weights.shape
    first = run.number("input_first")
    x = x[:, first : first + columns]
    if x.shape[1] != columns:
        raise ModelError(
            "mat_mul runs beyond its resident input",
            expected=f"columns {first} to {first + columns}",
            got=f"{x.shape[1]} columns from {first} on",
        )
    rows = x.shape[0]
    run.compute(MAC, matrix_cycles(rows, neurons, columns, run.parameters))
    _count_matrix(run, (rows, neurons, columns))
    _accumulate(run, multiply(x, weights), filters=(0, neurons))


def _loads(run: Invocation) -> dict[str, str]:
    return {**LOADS, "bias": "load_bias"} if run.command.has_operand("bias") else LOADS


def _resident(run: Invocation, name: str) -> Float32:
    return run.scratchpads.resident(name, run.command.operand(name).shape)


def _accumulate(run: Invocation, sums: Float32, filters: tuple[int, int]) -> None:
    """Add to the resident partial sums, finish them if these were the last, store if asked."""
    shape = run.command.operand("output").shape
    first, last = run.number("output_first"), run.number("output_first") + sums.shape[-1]
    if (*sums.shape[:-1],) != shape[:-1] or last > shape[-1]:
        raise ModelError(
            f"{run.command.kernel} makes another output than its tile holds",
            expected=f"shape {shape}",
            got=f"shape {sums.shape} from channel {first} on",
        )
    is_accumulating = bool(run.number("accumulate"))
    if is_accumulating:
        run.scratchpads.resident("output", shape)
    output = run.scratchpads.output(shape, is_fresh=not is_accumulating and first == 0)
    results = sum32(output[..., first:last], sums) if is_accumulating else sums
    if run.number("finish"):
        results = run.activate(_biased(run, results, filters))
    output[..., first:last] = results
    run.store(output)


def _biased(run: Invocation, results: Float32, filters: tuple[int, int]) -> Float32:
    if not run.command.has_operand("bias"):
        return results
    first, count = filters
    return sum32(results, _resident(run, "bias").reshape(-1)[first : first + count])


def _tile(
    run: Invocation, weights_shape: tuple[int, ...], output_shape: tuple[int, ...]
) -> ConvolutionTile:
    images, rows, columns, filters = output_shape
    _, kernel_rows, kernel_columns, channels = weights_shape
    return ConvolutionTile(
        output_rows=rows,
        output_columns=columns,
        filters=filters,
        kernel_rows=kernel_rows,
        kernel_columns=kernel_columns,
        channels=channels,
        is_padded=any(run.padding()),
        images=images,
    )


def _count_convolution(run: Invocation, tile: ConvolutionTile) -> None:
    """Count: per pass and pixel the vectors of inputs and one vector of sums, read and written."""
    parameters = run.parameters
    pixels = tile.images * tile.output_rows * tile.output_columns
    taps = tile.kernel_rows * tile.kernel_columns * tile.channels
    macs = pixels * tile.filters * taps
    steps = pixels * convolution_passes(tile, parameters)
    filter_blocks = -(-tile.filters // parameters.pe_count)
    inputs = pixels * filter_blocks * taps
    sums = steps * parameters.pe_count
    _count_macs(run, macs)
    run.count(Work(macs, macs, inputs + sums + tile.filters * taps, sums))


def _count_matrix(run: Invocation, shape: tuple[int, int, int]) -> None:
    """Count: weights stream once per row, inputs once per block, sums stay in registers."""
    rows, neurons, columns = shape
    macs = rows * neurons * columns
    inputs = rows * columns * -(-neurons // run.parameters.pe_count)
    _count_macs(run, macs)
    run.count(Work(macs, macs, macs + inputs, rows * neurons))


def _count_macs(run: Invocation, macs: int) -> None:
    run.model.count("macs", macs, description="Multiply-accumulates, padded channels included")
