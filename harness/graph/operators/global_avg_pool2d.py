"""global_avg_pool2d: the mean of each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.graph.activation import FUSED_ATTRIBUTES, apply_fused, fused
from harness.graph.graph import apply_operator
from harness.graph.numerics import store, to_fp32, widen
from harness.graph.operator import Array, Call, Operator, Site
from harness.graph.window import image_axes, image_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.graph.node import Tensor
    from harness.graph.tensor_type import TensorType


def _infer(call: Call) -> tuple[TensorType, ...]:
    call.require_floating()
    _, _, channel = image_axes(call.site, call.types[0])
    return (image_type(call.types[0], (1, 1), call.types[0].shape[channel]),)


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
    row, column, _ = image_axes(call.site, call.types[0])
    shape = call.types[0].shape
    sums = widen(inputs[0]).sum(axis=(row, column), keepdims=True)
    means = to_fp32(sums * (1.0 / (shape[row] * shape[column])))
    return (store(apply_fused(call, means), call.types[0].dtype),)


GLOBAL_AVG_POOL2D = Operator(
    name="global_avg_pool2d",
    doc="Mean of each channel over rows and columns.",
    operands=("x",),
    required=1,
    attributes=FUSED_ATTRIBUTES,
    infer=_infer,
    reference=_reference,
)


def global_avg_pool2d(
    x: Tensor,
    *,
    activation: str | None = None,
    activation_parameters: tuple[float, ...] = (),
    name: str = "global_avg_pool",
) -> Tensor:
    """Take the mean of each channel: (N, 1, 1, C) of NHWC, (N, C, 1, 1) of NCHW.

    Args:
        x: Image, layout NHWC or NCHW.
        activation: Fused activation, such as "relu".
        activation_parameters: Replaces the activation's defaults.
        name: Name of the node; one in use gets a suffix.
    """
    site = Site.here("global_avg_pool2d", name)
    attributes = fused(site, activation, activation_parameters)
    return apply_operator(GLOBAL_AVG_POOL2D, (x,), attributes, site)[0]
