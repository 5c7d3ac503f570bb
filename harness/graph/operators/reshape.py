"""reshape and flatten: the same elements in memory order under another shape."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.graph.graph import apply_operator
from harness.graph.node import Tensor
from harness.graph.operator import Array, Attribute, AttributeKind, Call, Operator, Site
from harness.graph.operators.movement import layout_name
from harness.graph.tensor_type import Layout, TensorType
from harness.graph.window import as_integers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.graph.operator import AttributeValue


def _infer(call: Call) -> tuple[TensorType, ...]:
    shape, data = call.integers("shape"), call.types[0]
    if math.prod(shape) != data.elements:
        raise call.site.shape_error(
            "the new shape has another number of elements",
            expected=f"{data.elements}, as x is {data}",
            got=f"{math.prod(shape)} in {list(shape)}",
        )
    return (TensorType(shape, data.dtype, Layout.parse(call.text("layout"))),)


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
    return (inputs[0].reshape(call.integers("shape")),)


def _infer_flatten(call: Call) -> tuple[TensorType, ...]:
    data = call.types[0]
    shape = (data.shape[0], data.elements // data.shape[0])
    return (TensorType(shape, data.dtype, Layout.NC),)


def _flatten(_call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
    return (inputs[0].reshape(inputs[0].shape[0], -1),)


RESHAPE = Operator(
    name="reshape",
    doc="The same elements, in the order of the input's own layout, under another shape.",
    operands=("x",),
    required=1,
    attributes=(
        Attribute("shape", AttributeKind.INTS, "new elements per dimension", minimum=1),
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

FLATTEN = Operator(
    name="flatten",
    doc="All dimensions but the first as one, in the order of the input's own layout.",
    operands=("x",),
    required=1,
    infer=_infer_flatten,
    reference=_flatten,
)


def reshape(
    x: Tensor, shape: Sequence[int], *, layout: Layout | str, name: str = "reshape"
) -> Tensor:
    """View the same elements under another shape; elements keep their order in memory.

    Args:
        x: Any tensor.
        shape: New elements per dimension; one may be -1: what is left.
        layout: New layout, of as many dimensions.
        name: Name of the node; one in use gets a suffix.
    """
    site = Site.here("reshape", name)
    extents = as_integers(site, "shape", shape)
    known = math.prod(extent for extent in extents if extent != -1)
    if extents.count(-1) == 1 and isinstance(x, Tensor) and known > 0:
        extents = tuple(x.type.elements // known if e == -1 else e for e in extents)
    attributes: dict[str, AttributeValue] = {"shape": extents, "layout": layout_name(layout)}
    return apply_operator(RESHAPE, (x,), attributes, site)[0]


def flatten(x: Tensor, *, name: str = "flatten") -> Tensor:
    """Make rows (N, rest) of a tensor; elements keep their order in memory.

    An NHWC image and its NCHW twin flatten to different orders: weights that were trained for
    one need `reorder` before `flatten` with the other.
    """
    return apply_operator(FLATTEN, (x,), {}, Site.here("flatten", name))[0]
