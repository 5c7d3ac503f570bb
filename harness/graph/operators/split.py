"""split: consecutive parts of a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.graph.graph import apply_operator
from harness.graph.node import Tensor
from harness.graph.operator import Array, Attribute, AttributeKind, Call, Operator, Site
from harness.graph.operators.movement import as_axis, checked_axis
from harness.graph.tensor_type import TensorType
from harness.graph.window import as_integer, as_integers

if TYPE_CHECKING:
    from harness.graph.operator import AttributeValue


def _infer(call: Call) -> tuple[TensorType, ...]:
    axis, data, sizes = checked_axis(call), call.types[0], call.integers("sizes")
    if sum(sizes) != data.shape[axis] or not sizes:
        raise call.site.shape_error(
            f"the sizes do not add up to axis {axis}",
            expected=f"a sum of {data.shape[axis]}, as x is {data}",
            got=f"{sum(sizes)} in {list(sizes)}",
        )
    return tuple(
        TensorType((*data.shape[:axis], size, *data.shape[axis + 1 :]), data.dtype, data.layout)
        for size in sizes
    )


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
    ends = np.cumsum(call.integers("sizes"))[:-1]
    parts = np.split(inputs[0], ends, axis=call.integer("axis"))
    return tuple(np.ascontiguousarray(part) for part in parts)


SPLIT = Operator(
    name="split",
    doc="Consecutive parts of a tensor along an axis.",
    operands=("x",),
    required=1,
    attributes=(
        Attribute("sizes", AttributeKind.INTS, "extent of each part", minimum=1),
        Attribute("axis", AttributeKind.INT, "counted from the front", minimum=0),
    ),
    infer=_infer,
    reference=_reference,
)


def split(
    x: Tensor, sizes: int | Sequence[int], *, axis: int, name: str = "split"
) -> tuple[Tensor, ...]:
    """Cut a tensor into consecutive parts.

    Args:
        x: Any tensor.
        sizes: Extent of each part, or the number of equal parts.
        axis: Dimension to cut; negative counts from the back.
        name: Name of the node; its outputs are "<name>.output", "<name>.output1", ...
    """
    site = Site.here("split", name)
    front = as_axis(site, axis, x.type.rank) if isinstance(x, Tensor) else 0
    if not isinstance(sizes, Sequence) and isinstance(x, Tensor):
        sizes = _equal_parts(site, x.type.shape[front], as_integer(site, "sizes", sizes))
    attributes: dict[str, AttributeValue] = {
        "sizes": as_integers(site, "sizes", sizes),
        "axis": front,
    }
    return apply_operator(SPLIT, (x,), attributes, site)


def _equal_parts(site: Site, extent: int, parts: int) -> tuple[int, ...]:
    if parts < 1 or extent % parts:
        raise site.shape_error(
            f"the axis cannot be cut into {parts} equal parts",
            expected=f"a divisor of {extent}",
            got=str(parts),
            way_out="list the extent of each part",
        )
    return (extent // parts,) * parts
