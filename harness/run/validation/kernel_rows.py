"""Turns rows of measured accelerator invocations into commands of the kernel contract.

A row names a kernel of SMAUG's SMV backend and describes its tile as text, such as
"in=28x28x8 w=32x3x3x8 out=26x26x24 stride=1 acc=0 rdI=1 rdW=1 send=1 act=1".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.base.errors import ValidationError
from harness.bridge.descriptor import DTYPE_BYTES, Command, Operand
from harness.bridge.records import Interface

if TYPE_CHECKING:
    from collections.abc import Callable

CHANNEL_ALIGNMENT = 8
MAXIMUM_TILE_BYTES = 1 << 24
"""A row whose tile is larger is a misprint: no scratchpad is so large."""

_REUSE_FLAGS = {"load_input": 1, "load_weights": 1, "accumulate": 0}

Shape = tuple[int, ...]
Fields = Mapping[str, str]


def command_of_row(kernel: str, parameters: str, where: str = "") -> Command:
    """Return the command that a row of the file describes; `where` is its file and line.

    Raises:
        ValidationError: The kernel is unknown or a parameter is missing or malformed.
    """
    make = next((make for name, make in _COMMANDS.items() if name in kernel), None)
    if make is None:
        raise ValidationError(
            f'unknown kernel "{kernel}"',
            where=where,
            expected=f"a name with {', '.join(_COMMANDS)} in it",
        )
    try:
        return make(dict(pair.split("=", 1) for pair in parameters.split()))
    except (LookupError, ValueError, ArithmeticError) as error:
        raise ValidationError(
            f"parameters of {kernel} are malformed: {error}", where=where, got=parameters
        ) from error


def filling_command(command: Command) -> Command | None:
    """Return a like command that leaves in the scratchpads what this one expects there.

    None if it expects nothing, because it loads all its operands and begins new sums.
    """
    attributes = command.attributes
    fresh = {name: value for name, value in _REUSE_FLAGS.items() if name in attributes}
    if all(attributes[name] == value for name, value in fresh.items()):
        return None
    shapes = {operand.name: operand.shape for operand in command.operands}
    return _command(command.kernel, shapes, {**attributes, **fresh})


def _conv2d(fields: Fields) -> Command:
    rows, columns, channels = _shape(fields["in"])
    filters, kernel_rows, kernel_columns, kernel_channels = _shape(fields["w"])
    output_rows, output_columns, output_channels = _shape(fields["out"])
    stride = int(fields.get("stride", "1"))
    top, bottom = _halo(rows, kernel_rows, output_rows, stride)
    left, right = _halo(columns, kernel_columns, output_columns, stride)
    shapes = {
        "input": (1, rows, columns, _aligned(channels)),
        "weights": (filters, kernel_rows, kernel_columns, _aligned(kernel_channels)),
        "output": (1, output_rows, output_columns, _aligned(output_channels)),
    }
    attributes = {
        "stride_h": stride,
        "stride_w": stride,
        "pad_top": top,
        "pad_bottom": bottom,
        "pad_left": left,
        "pad_right": right,
        "dilation_h": 1,
        "dilation_w": 1,
        "kernel_first": 0,
        "kernel_count": min(filters, output_channels),
        "output_first": 0,
    }
    return _command("conv2d", shapes, {**attributes, **_flags(fields)})


def _mat_mul(fields: Fields) -> Command:
    rows, columns = _shape(fields["a"])
    neurons, weights_columns = _shape(fields["b"])
    _, results = _shape(fields["res"])
    shapes = {
        "input": (rows, _aligned(columns)),
        "weights": (neurons, _aligned(weights_columns)),
        "output": (rows, _aligned(results)),
    }
    return _command("mat_mul", shapes, {"input_first": 0, "output_first": 0, **_flags(fields)})


def _pool(kernel: str) -> Callable[[Fields], Command]:
    def make(fields: Fields) -> Command:
        rows, columns, channels = _shape(fields["in"])
        output_rows, output_columns, output_channels = _shape(fields["out"])
        shapes = {
            "input": (1, rows, columns, _aligned(channels)),
            "output": (1, output_rows, output_columns, _aligned(output_channels)),
        }
        pool, stride = _shape(fields["p"]), _shape(fields["s"])
        attributes = {"pool_h": pool[0], "pool_w": pool[1]}
        attributes |= {"stride_h": stride[0], "stride_w": stride[1]}
        attributes |= dict.fromkeys(("pad_top", "pad_bottom", "pad_left", "pad_right"), 0)
        attributes |= {"output_first": 0, "input_first": 0, "load_input": 1}
        return _command(kernel, shapes, {**attributes, "store_output": int(fields["send"])})

    return make


def _batch_norm(fields: Fields) -> Command:
    channels = int(fields["w"]) // 4
    shape = (int(fields["size"]) // channels, channels)
    shapes = {"input": shape, "weights": (4, channels), "output": shape}
    flags = {"load_weights": int(fields.get("rdW", "1")), "load_input": 1, "store_output": 1}
    activation = {"activation": int(fields.get("act", "0"))}
    return _command("batch_norm", shapes, {"channel_first": 0, **flags, **activation})


def _flags(fields: Fields) -> dict[str, int]:
    return {
        "load_input": int(fields["rdI"]),
        "load_weights": int(fields["rdW"]),
        "store_output": int(fields["send"]),
        "accumulate": int(fields["acc"]),
        "finish": int(fields["send"]),
        "activation": int(fields["act"]),
    }


def _command(kernel: str, shapes: Mapping[str, Shape], attributes: Mapping[str, float]) -> Command:
    operands = []
    address = 0
    for name, shape in shapes.items():
        is_output = name == "output"
        size_bytes = math.prod(shape) * DTYPE_BYTES["fp16"]
        if not 0 < size_bytes <= MAXIMUM_TILE_BYTES:
            raise ValueError(f"{name} tile of {size_bytes} B")
        operand = Operand(
            name=name,
            address=address,
            size_bytes=size_bytes,
            dtype="fp16",
            shape=shape,
            interface=int(Interface.DMA),
            is_read=not is_output and bool(attributes.get(f"load_{name}", 1)),
            is_written=is_output and bool(attributes["store_output"]),
        )
        operands.append(operand)
        address += size_bytes
    return Command(kernel=kernel, item=0, operands=tuple(operands), attributes=attributes)


def _shape(text: str) -> Shape:
    return tuple(int(size) for size in text.split("x"))


def _aligned(channels: int) -> int:
    return -(-channels // CHANNEL_ALIGNMENT) * CHANNEL_ALIGNMENT


def _halo(size: int, kernel: int, output: int, stride: int) -> tuple[int, int]:
    """Return padding before and after that makes this output; the larger half comes first.

    Source: SMAUG 8fd68e6, smaug/operators/convolution_op.h, getInputPadding.
    """
    total = max((output - 1) * stride + kernel - size, 0)
    return total - total // 2, total // 2


_COMMANDS: Mapping[str, Callable[[Fields], Command]] = {
    "conv3d": _conv2d,
    "matrix_multiply": _mat_mul,
    "maxpooling": _pool("max_pool2d"),
    "avgpooling": _pool("avg_pool2d"),
    "batch_norm": _batch_norm,
}
