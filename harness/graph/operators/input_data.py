"""input_data: a tensor that the user feeds."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from harness.base.errors import GraphError
from harness.graph.graph import active_graph
from harness.graph.operator import Array, Call, Operator, Site
from harness.graph.tensor_type import DType, Layout, TensorType
from harness.graph.window import as_integers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.graph.node import Tensor


def _infer(call: Call) -> tuple[TensorType, ...]:
    raise call.site.error("an input's type is stated, not inferred")


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:  # noqa: ARG001
    raise call.site.error("an input's value is fed, not computed")


INPUT = Operator(
    name="input",
    doc="A tensor that the user feeds.",
    operands=(),
    required=0,
    infer=_infer,
    reference=_reference,
)


def input_data(
    shape: Sequence[int], *, dtype: DType | str, layout: Layout | str, name: str = "input"
) -> Tensor:
    """Declare a tensor that is fed at every inference.

    Args:
        shape: Elements per dimension, in the order of the layout.
        dtype: Element type, such as "fp16".
        layout: Order of the dimensions, such as "NHWC".
        name: Name of the tensor.
    """
    site = Site.here("input", name)
    try:
        type_ = TensorType(
            as_integers(site, "shape", shape), DType.parse(dtype), Layout.parse(layout)
        )
    except GraphError as error:
        raise (error if error.where else site.relocate(error)) from None
    node = active_graph(site).add(INPUT, (), MappingProxyType({}), site, types=(type_,))
    return node.outputs[0]
