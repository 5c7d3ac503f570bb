"""constant: a tensor whose values belong to the graph, such as weights."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from harness.base.errors import GraphError
from harness.graph.graph import active_graph
from harness.graph.operator import Array, Call, Operator, Site
from harness.graph.tensor_type import DType, Layout, TensorType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.graph.node import Tensor


def _infer(call: Call) -> tuple[TensorType, ...]:
    raise call.site.error("a constant's type is stated, not inferred")


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:  # noqa: ARG001
    raise call.site.error("a constant's value is stored, not computed")


CONSTANT = Operator(
    name="constant",
    doc="A tensor whose values belong to the graph.",
    operands=(),
    required=0,
    infer=_infer,
    reference=_reference,
)


def constant(
    values: object,
    *,
    layout: Layout | str,
    dtype: DType | str | None = None,
    name: str = "constant",
) -> Tensor:
    """Put an array into the graph.

    Args:
        values: A numpy array, or nested lists of numbers if `dtype` is given. It is copied.
        layout: Order of the dimensions. Weights of a convolution have the layout of its input:
            "NHWC" is read as (K, R, S, C), "NCHW" as (K, C, R, S); those of `mat_mul` are "NC",
            read as (K, C); vectors are "N".
        dtype: Element type to convert to; None takes the array's.
        name: Name of the tensor, such as "conv0.weights".

    Raises:
        DtypeError: Graphs do not have the array's type, or a value overflows `dtype`.
    """
    site = Site.here("constant", name)
    graph = active_graph(site)
    try:
        array = _converted(site, values, dtype)
        type_ = TensorType(array.shape, DType.of(array), Layout.parse(layout))
    except GraphError as error:
        raise (error if error.where else site.relocate(error)) from None
    node = graph.add(CONSTANT, (), MappingProxyType({}), site, types=(type_,))
    graph.add_constant(node.name, array)
    return node.outputs[0]


def _converted(site: Site, values: object, dtype: DType | str | None) -> Array:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise site.shape_error("the values form no array", got=str(error)) from None
    if dtype is None:
        return np.array(array, DType.of(array).numpy, order="C")
    wanted = DType.parse(dtype)
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        raise site.dtype_error("the values are not numbers", got=str(array.dtype))
    with np.errstate(over="ignore", invalid="ignore"):
        converted = np.array(array, wanted.numpy, order="C")
    if not _is_faithful(array, converted, wanted):
        raise site.dtype_error(
            f"a value does not fit {wanted.value}",
            got=f"values from {array.min()} to {array.max()}",
            way_out="scale the values or choose another dtype",
        )
    return converted


def _is_faithful(array: Array, converted: Array, dtype: DType) -> bool:
    if dtype.is_floating:
        return bool(np.all(np.isfinite(converted.astype(np.float64)) | ~np.isfinite(array)))
    return bool(np.array_equal(array, converted))
