"""reorder: the same tensor in another layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.graph.graph import apply_operator
from harness.graph.operator import Array, Attribute, AttributeKind, Call, Operator, Site
from harness.graph.operators.movement import layout_name
from harness.graph.tensor_type import Layout, TensorType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.graph.node import Tensor


def permutation(source: Layout, destination: Layout) -> tuple[int, ...]:
    """Return the axes of `source` in the order of `destination`, as numpy.transpose takes them."""
    return tuple(source.axis(letter) for letter in destination.value)


def _infer(call: Call) -> tuple[TensorType, ...]:
    data, layout = call.types[0], Layout.parse(call.text("layout"))
    if sorted(layout.value) != sorted(data.layout.value):
        raise call.site.shape_error(
            "the layouts have different dimensions",
            expected=f"the dimensions of {data.layout.value} in another order",
            got=layout.value,
            way_out="flatten(x) and reshape(x, shape, layout=...) change dimensions",
        )
    axes = permutation(data.layout, layout)
    return (TensorType(tuple(data.shape[axis] for axis in axes), data.dtype, layout),)


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
    axes = permutation(call.types[0].layout, Layout.parse(call.text("layout")))
    return (np.ascontiguousarray(inputs[0].transpose(axes)),)


REORDER = Operator(
    name="reorder",
    doc="The same tensor in another layout.",
    operands=("x",),
    required=1,
    attributes=(
        Attribute(
            "layout",
            AttributeKind.STRING,
            "new layout",
            choices=tuple(layout.value for layout in Layout),
        ),
    ),
    infer=_infer,
    reference=_reference,
)


def reorder(x: Tensor, layout: Layout | str, *, name: str = "reorder") -> Tensor:
    """Transpose a tensor to another layout of the same dimensions, such as NHWC to NCHW."""
    site = Site.here("reorder", name)
    attributes = {"layout": layout_name(layout)}
    return apply_operator(REORDER, (x,), attributes, site)[0]
