"""Attributes of `CpuOperator`s: which numbers each routine of `harness/kernels` takes, in order.

The same table stands in `harness/kernels/routines.hh`. "[activation]" stands for three numbers:
code, alpha, beta; "[padding]" for pad_top pad_bottom pad_left pad_right.

| routine | attributes |
|---|---|
| copy, reshape, reorder, softmax | none |
| conv2d | stride_h stride_w [padding] dilation_h dilation_w groups [activation] |
| mat_mul, add, mul, global_avg_pool2d | [activation] |
| max_pool2d | pool_h pool_w stride_h stride_w [padding] [activation] |
| avg_pool2d | as max_pool2d, then count_include_pad [activation] |
| batch_norm | epsilon [activation] |
| relu, leaky_relu, elu, selu, tanh, hard_tanh, sigmoid | alpha beta |
| concat, split | axis |
| pad | before_0 after_0 before_1 after_1 ... value |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.compiler.fuse import activation_parameters

if TYPE_CHECKING:
    from harness.compiler.network import Operation

ACTIVATION_CODES = {
    "none": 0,
    "relu": 1,
    "leaky_relu": 2,
    "elu": 3,
    "selu": 4,
    "tanh": 5,
    "hard_tanh": 6,
    "sigmoid": 7,
}
"""Codes of the attribute `activation` of commands and CPU operators."""

_INTEGERS = {
    "conv2d": ("stride", "padding", "dilation", "groups"),
    "max_pool2d": ("pool", "stride", "padding"),
    "avg_pool2d": ("pool", "stride", "padding", "count_include_pad"),
    "concat": ("axis",),
    "split": ("axis",),
    "pad": ("padding",),
}
_WITH_ACTIVATION = (
    "conv2d",
    "mat_mul",
    "max_pool2d",
    "avg_pool2d",
    "global_avg_pool2d",
    "batch_norm",
    "add",
    "mul",
)


def routine_of(operation: Operation) -> str:
    """Return the name of the routine that computes an operation."""
    return "reshape" if operation.op == "flatten" else operation.op


def routine_attributes(operation: Operation) -> tuple[float, ...]:
    """Return an operation's numbers in the order of the table above."""
    if operation.op in ACTIVATION_CODES:
        return activation_parameters(operation)
    numbers = [
        float(value) for key in _INTEGERS.get(operation.op, ()) for value in operation.integers(key)
    ]
    if operation.op == "batch_norm":
        numbers.append(operation.real("epsilon"))
    if operation.op == "pad":
        numbers.append(0.0)
    if operation.op in _WITH_ACTIVATION:
        numbers.extend(fused_activation(operation))
    return tuple(numbers)


def fused_activation(operation: Operation) -> tuple[float, float, float]:
    """Return code, alpha and beta of a fused activation."""
    code = ACTIVATION_CODES[operation.text("activation", "none")]
    return (float(code), operation.real("activation_alpha"), operation.real("activation_beta"))
