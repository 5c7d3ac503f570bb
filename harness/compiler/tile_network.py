"""Fourth pass: tile every accelerated operation by the chosen policy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.compiler.layout import FLAT_OPERATORS
from harness.compiler.matrix_plan import MatrixShape
from harness.compiler.placement import View
from harness.compiler.smaug_conv import smaug_conv2d
from harness.compiler.smaug_matrix import smaug_mat_mul
from harness.compiler.smaug_search import Subject
from harness.compiler.smaug_window import (
    smaug_batch_norm,
    smaug_flat,
    smaug_pool2d,
    smaug_softmax,
)
from harness.compiler.spans import Axis, round_up
from harness.compiler.traffic import traffic_flat, traffic_softmax
from harness.compiler.traffic_conv import traffic_conv2d
from harness.compiler.traffic_other import (
    traffic_batch_norm,
    traffic_mat_mul,
    traffic_pool2d,
)
from harness.compiler.window_shape import ConvShape, PoolShape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.compiler.limits import Limits
    from harness.compiler.network import Network, Operation
    from harness.compiler.tile_plan import TilePlan

POLICIES = ("traffic", "smaug")
ELEMENT_BYTES = 2
"""Accelerated tensors are fp16."""


def tile_operation(
    operation: Operation, network: Network, limits: Limits, *, is_smaug: bool
) -> TilePlan:
    """Tile one accelerated operation.

    Raises:
        DoesNotFitError: No tile of the policy fits the scratchpads.
    """
    subject = Subject(operation.op, operation.name, operation.where())
    value = network.values[operation.inputs[0]]
    if operation.op == "conv2d":
        conv, has_bias = conv_shape(operation, network), len(operation.inputs) == 3
        tile_conv = smaug_conv2d if is_smaug else traffic_conv2d
        return tile_conv(conv, limits, subject, has_bias=has_bias)
    if operation.op == "mat_mul":
        matrix, has_bias = matrix_shape(operation, network), len(operation.inputs) == 3
        tile_matrix = smaug_mat_mul if is_smaug else traffic_mat_mul
        return tile_matrix(matrix, limits, subject, has_bias=has_bias)
    if operation.op in ("max_pool2d", "avg_pool2d"):
        tile_pool = smaug_pool2d if is_smaug else traffic_pool2d
        pool = operation.integers("pool")
        return tile_pool(
            operation.op, pool_shape(operation, network), (pool[0], pool[1]), limits, subject
        )
    if operation.op == "batch_norm":
        return (smaug_batch_norm if is_smaug else traffic_batch_norm)(value.shape, limits, subject)
    if operation.op == "softmax":
        rows = math.prod(value.shape[:-1])
        tile_rows = smaug_softmax if is_smaug else traffic_softmax
        return tile_rows(rows, value.shape[-1], limits, subject)
    is_binary = len(operation.inputs) == 2
    tile_flat = smaug_flat if is_smaug else traffic_flat
    return tile_flat(operation.op, value.shape, limits, is_binary=is_binary)


def conv_shape(operation: Operation, network: Network) -> ConvShape:
    """Return a convolution's shape; activations are NHWC by now, weights as the graph has them."""
    n, h, w, c = network.values[operation.inputs[0]].shape
    weights = network.values[operation.inputs[1]]
    k = weights.shape[0]
    r, s = weights.shape[2:] if weights.layout == "NCHW" else weights.shape[1:3]
    stride, dilation = operation.integers("stride"), operation.integers("dilation")
    top, bottom, left, right = operation.integers("padding")
    rows = Axis(h, (r - 1) * dilation[0] + 1, stride[0], top, bottom)
    columns = Axis(w, (s - 1) * dilation[1] + 1, stride[1], left, right)
    return ConvShape(n, rows, columns, c, k, r, s)


def pool_shape(operation: Operation, network: Network) -> PoolShape:
    """Return a pooling's shape."""
    n, h, w, c = network.values[operation.inputs[0]].shape
    pool, stride = operation.integers("pool"), operation.integers("stride")
    top, bottom, left, right = operation.integers("padding")
    rows = Axis(h, pool[0], stride[0], top, bottom)
    return PoolShape(n, rows, Axis(w, pool[1], stride[1], left, right), c)


def matrix_shape(operation: Operation, network: Network) -> MatrixShape:
    """Return a matrix multiplication's shape."""
    batch, channels = network.values[operation.inputs[0]].shape
    neurons = network.values[operation.outputs[0]].shape[1]
    return MatrixShape(batch, channels, neurons)


def views_of(operation: Operation, network: Network, limits: Limits) -> dict[str, View]:
    """Return how the tiler sees the operation's activations, by role."""
    shapes = {"input": network.values[operation.inputs[0]].shape}
    if operation.op in ("add", "mul"):
        shapes["other"] = network.values[operation.inputs[1]].shape
    shapes["output"] = network.values[operation.outputs[0]].shape
    return {
        role: View(_seen(operation.op, shape, limits), limits.element_bytes, limits.alignment)
        for role, shape in shapes.items()
    }


def _seen(op: str, shape: tuple[int, ...], limits: Limits) -> tuple[int, ...]:
    if op in FLAT_OPERATORS:
        return (1, math.prod(shape[:-1]) * round_up(shape[-1], limits.alignment))
    if op == "softmax":
        return (math.prod(shape[:-1]), shape[-1])
    return shape


def format_plans(plans: Mapping[str, TilePlan]) -> str:
    """Write the tilings as text, one operation per line."""
    lines = []
    for name, plan in plans.items():
        roles = " ".join(
            f"{role}={len(plan.tiles[role])}x{'x'.join(map(str, _largest(plan, role)))}"
            for role in plan.tiles
        )
        lines.append(
            f"{plan.kernel} {name}: {len(plan.commands)} commands, {plan.items} items, {roles}"
        )
    return "\n".join(lines) + "\n"


def _largest(plan: TilePlan, role: str) -> tuple[int, ...]:
    return max((region.shape for region in plan.tiles[role]), key=math.prod)
