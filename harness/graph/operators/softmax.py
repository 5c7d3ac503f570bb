"""softmax: exponentials over the last dimension, normalised to a sum of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.graph.graph import apply_operator
from harness.graph.node import Tensor
from harness.graph.numerics import store, to_fp32, widen
from harness.graph.operator import Array, Attribute, AttributeKind, Call, Operator, Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.graph.tensor_type import TensorType


def _infer(call: Call) -> tuple[TensorType, ...]:
    call.require_floating()
    if call.integer("axis") != -1:
        raise call.site.shape_error(
            "softmax normalises the last dimension only",
            expected=f"axis -1 or {call.types[0].rank - 1}",
            got=f"axis {call.integer('axis')} of {call.types[0]}",
            way_out="reorder(x, layout) so that the dimension comes last",
        )
    return (call.types[0],)


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
    x = widen(inputs[0])
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    sums = np.cumsum(powers, axis=-1)[..., -1:]  # adds in index order; sum() does not
    return (store(to_fp32(powers / sums), call.types[0].dtype),)


SOFTMAX = Operator(
    name="softmax",
    doc="exp(x - max) over its sum, along the last dimension.",
    operands=("x",),
    required=1,
    attributes=(Attribute("axis", AttributeKind.INT, "always -1, the last dimension", default=-1),),
    infer=_infer,
    reference=_reference,
)


def softmax(x: Tensor, *, axis: int = -1, name: str = "softmax") -> Tensor:
    """Turn scores into probabilities along the last dimension.

    Args:
        x: Any layout; rows (N, C) usually.
        axis: The last dimension, as -1 or counted from the front.
        name: Name of the node; one in use gets a suffix.
    """
    site = Site.here("softmax", name)
    is_last = isinstance(x, Tensor) and axis == x.type.rank - 1
    return apply_operator(SOFTMAX, (x,), {"axis": -1 if is_last else axis}, site)[0]
