"""concat: tensors one behind the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.graph.graph import apply_operator
from harness.graph.node import Tensor
from harness.graph.operator import Array, Attribute, AttributeKind, Call, Operator, Site
from harness.graph.operators.movement import as_axis, checked_axis
from harness.graph.tensor_type import TensorType

if TYPE_CHECKING:
    from collections.abc import Sequence


def _infer(call: Call) -> tuple[TensorType, ...]:
    axis, first = checked_axis(call), call.types[0]
    for type_ in call.types[1:]:
        if type_.dtype is not first.dtype:
            raise call.site.dtype_error(
                "inputs differ in element type", expected=first.dtype.value, got=type_.dtype.value
            )
        others = (first.shape[:axis] + first.shape[axis + 1 :], first.layout)
        if (type_.shape[:axis] + type_.shape[axis + 1 :], type_.layout) != others:
            raise call.site.shape_error(
                f"inputs differ in more than axis {axis}", expected=str(first), got=str(type_)
            )
    total = sum(type_.shape[axis] for type_ in call.types)
    shape = (*first.shape[:axis], total, *first.shape[axis + 1 :])
    return (TensorType(shape, first.dtype, first.layout),)


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
    return (np.concatenate(inputs, axis=call.integer("axis")),)


CONCAT = Operator(
    name="concat",
    doc="Tensors one behind the other along an axis.",
    operands=("x",),
    required=1,
    is_variadic=True,
    attributes=(Attribute("axis", AttributeKind.INT, "counted from the front", minimum=0),),
    infer=_infer,
    reference=_reference,
)


def concat(inputs: Sequence[Tensor], *, axis: int, name: str = "concat") -> Tensor:
    """Join tensors along an axis.

    Args:
        inputs: At least one tensor; all equal in type but for the extent of the axis.
        axis: Dimension to join; negative counts from the back.
        name: Name of the node; one in use gets a suffix.
    """
    site = Site.here("concat", name)
    if isinstance(inputs, Tensor) or not all(isinstance(x, Tensor) for x in inputs):
        raise site.error("inputs must be a list of tensors", got=type(inputs).__name__)
    if not inputs:
        raise site.error("inputs must be a list of tensors", got="an empty list")
    attributes = {"axis": as_axis(site, axis, inputs[0].type.rank)}
    return apply_operator(CONCAT, tuple(inputs), attributes, site)[0]
