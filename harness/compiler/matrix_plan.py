"""From a matrix multiplication's tile sizes to its tiles and commands; every policy ends here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from harness.compiler.spans import Range, ranges
from harness.compiler.tile_plan import OperandUse, Region, Residency, TileCommand, TilePlan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.compiler.limits import Limits


@dataclass(frozen=True, slots=True)
class MatrixShape:
    """Output (batch, neurons) = input (batch, channels) times weights (neurons, channels)."""

    batch: int
    channels: int
    neurons: int

    @property
    def input(self) -> tuple[int, int]:
        """Shape of the input."""
        return (self.batch, self.channels)

    @property
    def weights(self) -> tuple[int, int]:
        """Shape of the weights."""
        return (self.neurons, self.channels)

    @property
    def output(self) -> tuple[int, int]:
        """Shape of the output."""
        return (self.batch, self.neurons)


@dataclass(frozen=True, slots=True)
class MatrixTiling:
    """Tile sizes and loop order of a matrix multiplication.

    Attributes:
        batch: Rows per tile of input and output.
        input_channels: Channels per input tile.
        weight_channels: Channels per weights tile; tiles never cross an input tile's border.
        weight_neurons: Neurons per weights tile.
        output_neurons: Neurons per output tile, a multiple of a weights tile's.
        item_neurons: Neurons per work item, likewise; at most an output tile's.
        is_channels_outer: Channels are the outer loop within an item: each input tile is loaded
            once, partial sums of all its neurons stay on the accelerator.
    """

    batch: int
    input_channels: int
    weight_channels: int
    weight_neurons: int
    output_neurons: int
    item_neurons: int
    is_channels_outer: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    """Indices of a command: batch tile, output tile, weights tile along both dimensions."""

    batch: int
    output: int
    neurons: int
    channels: int


@dataclass(frozen=True)
class _MatrixTiles:
    shape: MatrixShape
    tiling: MatrixTiling

    @cached_property
    def batches(self) -> tuple[Range, ...]:
        return ranges(self.shape.batch, self.tiling.batch)

    @cached_property
    def input_channels(self) -> tuple[Range, ...]:
        return ranges(self.shape.channels, self.tiling.input_channels)

    @cached_property
    def weight_channels(self) -> tuple[Range, ...]:
        return tuple(
            Range(outer.first + inner.first, inner.count)
            for outer in self.input_channels
            for inner in ranges(outer.count, self.tiling.weight_channels)
        )

    @cached_property
    def neurons(self) -> tuple[Range, ...]:
        return tuple(
            Range(outer.first + inner.first, inner.count)
            for outer in self.outputs
            for inner in ranges(outer.count, self.tiling.weight_neurons)
        )

    @cached_property
    def outputs(self) -> tuple[Range, ...]:
        return ranges(self.shape.neurons, self.tiling.output_neurons)


def plan_mat_mul(
    shape: MatrixShape, tiling: MatrixTiling, limits: Limits, *, has_bias: bool = False
) -> TilePlan:
    """Return tiles and commands; an output tile is stored by the last command that touches it."""
    tiles = _MatrixTiles(shape, tiling)
    roles = {
        "input": tuple(
            Region((n.first, c.first), (n.count, c.count))
            for n in tiles.batches
            for c in tiles.input_channels
        ),
        "weights": tuple(
            Region((k.first, c.first), (k.count, c.count))
            for k in tiles.neurons
            for c in tiles.weight_channels
        ),
        "output": tuple(
            Region((n.first, k.first), (n.count, k.count))
            for n in tiles.batches
            for k in tiles.outputs
        ),
    }
    if has_bias:
        roles["bias"] = tuple(Region((k.first,), (k.count,)) for k in tiles.neurons)
    return TilePlan("mat_mul", roles, tuple(_commands(tiles, limits, has_bias=has_bias)))


def _steps(tiles: _MatrixTiles) -> Iterator[list[_Step]]:
    """Yield the steps of each work item."""
    channels = range(len(tiles.weight_channels))
    for n in range(len(tiles.batches)):
        for output, outer in enumerate(tiles.outputs):
            end = outer.first + outer.count
            for item in range(outer.first, end, tiles.tiling.item_neurons):
                stop = min(item + tiles.tiling.item_neurons, end)
                neurons = [i for i, k in enumerate(tiles.neurons) if item <= k.first < stop]
                if tiles.tiling.is_channels_outer:
                    yield [_Step(n, output, k, c) for c in channels for k in neurons]
                else:
                    yield [_Step(n, output, k, c) for k in neurons for c in channels]


def _commands(tiles: _MatrixTiles, limits: Limits, *, has_bias: bool) -> Iterator[TileCommand]:
    residency = Residency(limits.reuse)
    items = list(_steps(tiles))
    last_step = {(step.batch, step.output): step for steps in items for step in steps}
    for item, steps in enumerate(items):
        for step in steps:
            is_last = step.channels == len(tiles.weight_channels) - 1
            is_stored = last_step[step.batch, step.output] == step
            yield _command(tiles, step, item, residency, (is_last, is_stored), has_bias=has_bias)


def _command(
    tiles: _MatrixTiles,
    step: _Step,
    item: int,
    residency: Residency,
    is_last_and_stored: tuple[bool, bool],
    *,
    has_bias: bool,
) -> TileCommand:
    is_last, is_stored = is_last_and_stored
    c, k = tiles.weight_channels[step.channels], tiles.neurons[step.neurons]
    outer, offset = divmod(c.first, tiles.tiling.input_channels)
    inputs = step.batch * len(tiles.input_channels) + outer
    load_input = residency.load(item, "input", inputs)
    load_bias = has_bias and is_last and residency.load(item, "bias", step.neurons)
    weights = step.neurons * len(tiles.weight_channels) + step.channels
    output = step.batch * len(tiles.outputs) + step.output
    uses = [
        OperandUse("input", inputs, is_read=load_input),
        OperandUse("weights", weights, is_read=True),
    ]
    if has_bias:
        uses.append(OperandUse("bias", step.neurons, is_read=load_bias))
    uses.append(OperandUse("output", output, is_written=is_stored))
    attributes = {
        "input_first": offset,
        "output_first": k.first - tiles.outputs[step.output].first,
        "channels": c.count,
        "accumulate": int(step.channels > 0),
        "finish": int(is_last),
    }
    return TileCommand(item, tuple(uses), attributes)
