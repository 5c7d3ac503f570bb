"""add and mul: elementwise arithmetic with numpy's broadcasting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.graph.activation import FUSED_ATTRIBUTES, apply_fused, fused
from harness.graph.graph import apply_operator
from harness.graph.numerics import store, to_fp32
from harness.graph.operator import Array, Call, Operator, Site
from harness.graph.tensor_type import TensorType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.graph.node import Tensor


def _infer(call: Call) -> tuple[TensorType, ...]:
    call.require_floating()
    left, right = call.types
    if left.rank == right.rank and left.layout is not right.layout:
        raise call.site.shape_error(
            "inputs differ in layout",
            expected=left.layout.value,
            got=right.layout.value,
            way_out=f'reorder(y, "{left.layout.value}") first',
        )
    try:
        shape = np.broadcast_shapes(left.shape, right.shape)
    except ValueError:
        raise call.site.shape_error(
            "shapes do not broadcast",
            expected="equal extents or 1, counted from the last dimension",
            got=f"{left} and {right}",
        ) from None
    layout = left.layout if left.rank >= right.rank else right.layout
    return (TensorType(tuple(map(int, shape)), left.dtype, layout),)


def _reference(
    function: Callable[[Array, Array], Array],
) -> Callable[[Call, Sequence[Array]], tuple[Array, ...]]:
    def run(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
        values = function(to_fp32(inputs[0]), to_fp32(inputs[1]))
        return (store(apply_fused(call, values), call.types[0].dtype),)

    return run


ADD = Operator(
    name="add",
    doc="Sum of two tensors, then activation; shapes broadcast as in numpy.",
    operands=("x", "y"),
    required=2,
    attributes=FUSED_ATTRIBUTES,
    infer=_infer,
    reference=_reference(np.add),
)

MUL = Operator(
    name="mul",
    doc="Product of two tensors, element by element, then activation; shapes broadcast.",
    operands=("x", "y"),
    required=2,
    attributes=FUSED_ATTRIBUTES,
    infer=_infer,
    reference=_reference(np.multiply),
)


def add(
    x: Tensor,
    y: Tensor,
    *,
    activation: str | None = None,
    activation_parameters: tuple[float, ...] = (),
    name: str = "add",
) -> Tensor:
    """Add two tensors; shapes broadcast as in numpy, whatever the layouts are called.

    Args:
        x: First operand.
        y: Second operand; of the same layout if it has the same rank.
        activation: Fused activation, such as "relu".
        activation_parameters: Replaces the activation's defaults.
        name: Name of the node; one in use gets a suffix.

    Returns:
        Tensor in the layout of the operand with more dimensions.
    """
    site = Site.here("add", name)
    attributes = fused(site, activation, activation_parameters)
    return apply_operator(ADD, (x, y), attributes, site)[0]


def mul(
    x: Tensor,
    y: Tensor,
    *,
    activation: str | None = None,
    activation_parameters: tuple[float, ...] = (),
    name: str = "mul",
) -> Tensor:
    """Multiply two tensors element by element; otherwise as `add`."""
    site = Site.here("mul", name)
    attributes = fused(site, activation, activation_parameters)
    return apply_operator(MUL, (x, y), attributes, site)[0]
