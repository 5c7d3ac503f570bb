"""Holds compiled programs against a table of work per layer (`harness validate work FILE.csv`).

Each row is compiled as a network of one operator under policy smaug for one accelerator; the
numbers are read from the commands and copies of the program. A row does not say whether an
activation is fused: `act_vectors` is equal if it fits either. Invocations and the accelerator's
bytes must be equal; other columns are reported only, for SMAUG copies the output tiles of 2-D unary
operators before they are computed, which we do not repeat.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from harness import graph as graphs
from harness.base.errors import HarnessError, ValidationError
from harness.bridge.descriptor import Command, Operand, decode_command
from harness.compiler.compile import compile_graph
from harness.compiler.spans import round_up
from harness.compiler.tile_plan import TRANSFER_BYTES
from harness.compiler.validate_tiling import Difference, ValidationReport, read_rows
from harness.graph import Graph, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from harness.bridge.description import ModelDescription
    from harness.compiler.program import Program
    from harness.target import Target

INVOCATIONS = "kernel_invocations"
LOADED, STORED = "bytes_loaded_by_accel", "bytes_stored_by_accel"
LOADS, STORES = "n_host_load_xfers_le4KiB", "n_host_store_xfers_le4KiB"
CONV, FC, POOL = "conv_pe_iterations", "fc_pe_iterations", "pool_vec_iterations"
NORM, ACTIVATION = "bn_vec_iterations", "act_vectors"
CALLS, BYTES = "memcpy_calls_prep_plus_final", "memcpy_bytes_prep_plus_final"

PIECE_BYTES = 4096
"""SMAUG cuts host transfers into pieces of this size (smaug/operators/common.h:14-24)."""

LANES, MACS_PER_PE, PES = 8, 32, 8
"""SMAUG smaug/operators/smv/kernels/params.h:4-13."""

Shape = tuple[int, ...]


def validate_work(
    path: str | Path, description: ModelDescription, target: Target
) -> ValidationReport:
    """Compare the work of compiled layers with a table.

    Args:
        path: The table.
        description: The accelerator: vector_mac with its defaults.
        target: A target with one accelerator.

    Raises:
        ValidationError: The table is malformed.
    """
    rows = read_rows(path, ("network", "node", "op", "in0", "out0", INVOCATIONS, LOADED, STORED))
    differences: list[Difference] = []
    errors: list[float] = []
    totals: dict[str, tuple[int, int]] = {}
    equal = 0
    for row in rows:
        name = f"{row['network']}:{row['node']}"
        columns, vectors = work_columns(row, description, target)
        found = []
        for column, got in columns.items():
            if row.get(column, "") == "":
                continue
            expected = _integer(row, column)
            is_either = column == ACTIVATION and expected in (0, vectors)
            errors.append(0.0 if is_either else abs(got - expected) / max(1, expected))
            if got != expected and not is_either:
                found.append(Difference(name, column, str(expected), str(got)))
        differences.extend(found)
        equal += not found
        expected, got = totals.get(row["network"], (0, 0))
        expected += _integer(row, INVOCATIONS)
        totals[row["network"]] = (expected, got + columns[INVOCATIONS])
    return ValidationReport(
        rows=len(rows),
        equal_rows=equal,
        values=len(errors),
        differences=tuple(differences),
        mean_error=sum(errors) / len(errors) if errors else 0.0,
        worst_error=max(errors, default=0.0),
        totals=totals,
        limited_columns=(INVOCATIONS, LOADED, STORED),
    )


def work_columns(
    row: Mapping[str, str], description: ModelDescription, target: Target
) -> tuple[dict[str, int], int]:
    """Return a row's columns as compiled, and the vectors that a fused activation would take."""
    graph = layer_graph(row)
    if graph is None:
        return dict.fromkeys(_COLUMNS, 0), 0
    try:
        program = compile_graph(graph, target, description, policy="smaug")
    except HarnessError as error:
        raise ValidationError(
            f"row {row['network']}:{row['node']} does not compile: {error.what}",
            expected=error.expected,
            got=error.got,
        ) from error
    return count_work(program)


_COLUMNS = (
    INVOCATIONS,
    LOADED,
    LOADS,
    STORED,
    STORES,
    CONV,
    FC,
    POOL,
    NORM,
    ACTIVATION,
    CALLS,
    BYTES,
)


def count_work(program: Program) -> tuple[dict[str, int], int]:
    """Count a program's work in the table's columns."""
    columns = dict.fromkeys(_COLUMNS, 0)
    vectors = 0
    for descriptor in program.commands:
        command = decode_command(descriptor)
        columns[INVOCATIONS] += 1
        _count_transfers(command, columns)
        column, steps = _steps(command)
        if column:
            columns[column] += steps
        stored = command.operand("output")
        if stored.is_written and column in (CONV, FC, NORM):
            vectors += math.prod(stored.shape) // LANES
        if stored.is_written and not column and command.kernel not in ("add", "mul"):
            columns[ACTIVATION] += math.prod(stored.shape) // LANES
    columns[CALLS] = sum(copy.runs for copy in program.copies)
    columns[BYTES] = sum(copy.size_bytes for copy in program.copies)
    return columns, vectors


def _count_transfers(command: Command, columns: dict[str, int]) -> None:
    for operand in command.operands:
        size_bytes = round_up(operand.size_bytes, TRANSFER_BYTES)
        pieces = -(-size_bytes // PIECE_BYTES)
        if operand.is_read:
            columns[LOADED] += size_bytes
            columns[LOADS] += pieces
        if operand.is_written:
            columns[STORED] += size_bytes
            columns[STORES] += pieces


def _steps(command: Command) -> tuple[str, int]:
    """Return which steps a command's datapath takes and how many.

    Convolution: a pass per 8 filters, tap and 32 channels, over the output plane. Matrix: 8 neurons
    and 32 channels per row. Pooling: a vector per output vector and tap. Batch norm: a vector.
    """
    operands: dict[str, Operand] = {operand.name: operand for operand in command.operands}
    out, weights = operands["output"].shape, operands.get("weights")
    attributes = command.attributes
    if command.kernel == "conv2d" and weights is not None:
        blocks = _blocks(int(attributes["kernel_count"]), PES) * math.prod(weights.shape[1:3])
        passes = blocks * _blocks(weights.shape[3], MACS_PER_PE)
        return CONV, passes * math.prod(out[:3])
    if command.kernel == "mat_mul" and weights is not None:
        neurons, channels = weights.shape
        return FC, out[0] * _blocks(neurons, PES) * _blocks(channels, MACS_PER_PE)
    if command.kernel in ("max_pool2d", "avg_pool2d"):
        channels = _blocks(operands["input"].shape[3], LANES)
        taps = int(attributes["pool_h"]) * int(attributes["pool_w"])
        return POOL, math.prod(out[:3]) * channels * taps
    if command.kernel == "batch_norm":
        return NORM, math.prod(out) // LANES
    return "", 0


def _blocks(count: int, size: int) -> int:
    return -(-count // size)


def layer_graph(row: Mapping[str, str]) -> Graph | None:
    """Return a row's layer as a network; None for operators that are not accelerated."""
    build = _BUILDERS.get(row["op"])
    if build is None:
        return None
    shape, out = _shape(row, "in0"), _shape(row, "out0")
    layout = "NHWC" if len(shape) == 4 else "NC"
    with Graph("layer") as graph:
        x = graphs.input_data(shape, dtype="fp16", layout=layout, name="x")
        build(x, _shape(row, "in1") if row.get("in1") else (), out)
    return graph


def _convolution(x: Tensor, weights: Shape, out: Shape) -> None:
    axes = [_conv_axis(x.type.shape[1 + i], weights[1 + i], out[1 + i]) for i in range(2)]
    graphs.conv2d(
        x,
        _zeros(weights, "NHWC"),
        stride=(axes[0][0], axes[1][0]),
        padding=(*axes[0][1:], *axes[1][1:]),
    )


def _conv_axis(extent: int, taps: int, outputs: int) -> tuple[int, int, int]:
    """Infer stride and padding: valid, or same with taps - 1, the larger half in front."""
    for stride in range(1, extent + 1):
        for total in (taps - 1, 0):
            if (extent + total - taps) // stride + 1 == outputs and extent + total >= taps:
                return stride, (total + 1) // 2, total // 2
    raise ValidationError(
        "no stride leads to this output", got=f"{extent} to {outputs} with {taps} taps"
    )


def _pooling(x: Tensor, out: Shape, apply: Callable[..., Tensor]) -> None:
    """Infer the window: the smallest one not below its stride that leaves no row over."""
    pairs = [_pool_axis(x.type.shape[1 + i], out[1 + i]) for i in range(2)]
    apply(x, pool=(pairs[0][0], pairs[1][0]), stride=(pairs[0][1], pairs[1][1]))


def _pool_axis(extent: int, outputs: int) -> tuple[int, int]:
    stride = max(1, extent // outputs)
    fitting = [w for w in range(stride, extent + 1) if (extent - w) // stride + 1 == outputs]
    if not fitting:
        raise ValidationError("no window leads to this output", got=f"{extent} to {outputs}")
    whole = [w for w in fitting if (extent - w) % stride == 0]
    return (whole or fitting)[0], stride


def _matrix(x: Tensor, weights: Shape, _out: Shape) -> None:
    graphs.mat_mul(x, _zeros(weights, "NC"))


def _normalization(x: Tensor, _weights: Shape, _out: Shape) -> None:
    channels = (x.type.shape[-1],)
    rows = [_zeros(channels, "N") for _ in range(4)]
    graphs.batch_norm(x, *rows)


def _unary(apply: Callable[..., Tensor]) -> Callable[[Tensor, Shape, Shape], None]:
    def build(x: Tensor, _weights: Shape, _out: Shape) -> None:
        apply(x)

    return build


def _binary(apply: Callable[..., Tensor]) -> Callable[[Tensor, Shape, Shape], None]:
    def build(x: Tensor, _weights: Shape, _out: Shape) -> None:
        layout = "NHWC" if len(x.type.shape) == 4 else "NC"
        apply(x, graphs.input_data(x.type.shape, dtype="fp16", layout=layout, name="y"))

    return build


def _zeros(shape: Shape, layout: str) -> Tensor:
    return graphs.constant(np.zeros(shape, np.float16), layout=layout)


_BUILDERS: Mapping[str, Callable[[Tensor, Shape, Shape], None]] = {
    "Convolution3d": _convolution,
    "InnerProduct": _matrix,
    "MaxPooling": lambda x, _, out: _pooling(x, out, graphs.max_pool2d),
    "AveragePooling": lambda x, _, out: _pooling(x, out, graphs.avg_pool2d),
    "AvgPooling": lambda x, _, out: _pooling(x, out, graphs.avg_pool2d),
    "BatchNorm": _normalization,
    "EltwiseAdd": _binary(graphs.add),
    "EltwiseMul": _binary(graphs.mul),
    "ReLU": _unary(graphs.relu),
    "LReLU": _unary(graphs.leaky_relu),
    "ELU": _unary(graphs.elu),
    "SELU": _unary(graphs.selu),
    "Tanh": _unary(graphs.tanh),
    "HardTanh": _unary(graphs.hard_tanh),
    "Sigmoid": _unary(graphs.sigmoid),
    "Softmax": _unary(graphs.softmax),
}
"""Operators by SMAUG's names."""


def _shape(row: Mapping[str, str], column: str) -> Shape:
    parts = row.get(column, "").split("x")
    if not all(part.isascii() and part.isdigit() and int(part) for part in parts):
        raise ValidationError(
            f"column {column} is malformed",
            where=f"row {row['network']}:{row['node']}",
            expected="numbers above 0 joined by x",
            got=repr(row.get(column, "")),
        )
    return tuple(map(int, parts))


def _integer(row: Mapping[str, str], column: str) -> int:
    text = row[column]
    if not (text.isascii() and text.isdigit()):
        raise ValidationError(
            f"column {column} is malformed",
            where=f"row {row['network']}:{row['node']}",
            expected="a whole number",
            got=repr(text),
        )
    return int(text)
