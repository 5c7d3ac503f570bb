"""mat_mul: a fully connected layer with bias and a fused activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.graph.activation import FUSED_ATTRIBUTES, apply_fused, fused
from harness.graph.graph import apply_operator
from harness.graph.numerics import store, to_fp32, widen
from harness.graph.operator import Array, Call, Operator, Site
from harness.graph.operators.conv2d import check_bias
from harness.graph.tensor_type import Layout, TensorType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.graph.node import Tensor


def _infer(call: Call) -> tuple[TensorType, ...]:
    call.require_floating()
    data, weights = call.types[:2]
    if data.layout is not Layout.NC:
        raise call.site.shape_error(
            "the input is not a matrix",
            expected="layout NC",
            got=str(data),
            way_out="flatten(x) first",
        )
    if weights.layout not in (Layout.NC, Layout.CN):
        raise call.site.shape_error(
            "the weights are not a matrix",
            expected="layout NC, read as (neurons, inputs), or CN, read as (inputs, neurons)",
            got=str(weights),
        )
    neurons, width = (weights.shape[weights.layout.axis(letter)] for letter in "NC")
    if width != data.shape[1]:
        raise call.site.shape_error(
            "weights and input differ in width",
            expected=f"{data.shape[1]} inputs per neuron, as x is {data}",
            got=f"{width} in weights {weights}",
            way_out='(K, C) weights are layout="NC", (C, K) weights are layout="CN"',
        )
    check_bias(call, neurons)
    return (TensorType((data.shape[0], neurons), data.dtype, Layout.NC),)


def _macs(call: Call, outputs: Sequence[TensorType]) -> int:
    return outputs[0].elements * call.types[0].shape[1]


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
    weights = inputs[1].T if call.types[1].layout is Layout.NC else inputs[1]
    values = to_fp32(widen(inputs[0]) @ widen(weights))
    if len(inputs) == 3:
        values = values + to_fp32(inputs[2])
    return (store(apply_fused(call, values), call.types[0].dtype),)


MAT_MUL = Operator(
    name="mat_mul",
    doc="Product of rows with the weights of neurons, plus bias, then activation.",
    operands=("x", "weights", "bias"),
    required=2,
    attributes=FUSED_ATTRIBUTES,
    infer=_infer,
    macs=_macs,
    reference=_reference,
)


def mat_mul(
    x: Tensor,
    weights: Tensor,
    bias: Tensor | None = None,
    *,
    activation: str | None = None,
    activation_parameters: tuple[float, ...] = (),
    name: str = "mat_mul",
) -> Tensor:
    """Apply a fully connected layer.

    Args:
        x: Rows, layout NC; `flatten` makes them of an image.
        weights: (K, C) in layout NC, or (C, K) in layout CN.
        bias: One value per neuron, shape (K,).
        activation: Fused activation, such as "relu".
        activation_parameters: Replaces the activation's defaults.
        name: Name of the node; one in use gets a suffix.

    Returns:
        Rows (N, K), layout NC.
    """
    site = Site.here("mat_mul", name)
    inputs = (x, weights) if bias is None else (x, weights, bias)
    attributes = fused(site, activation, activation_parameters)
    return apply_operator(MAT_MUL, inputs, attributes, site)[0]
