"""batch_norm: normalisation with stored statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.graph.activation import FUSED_ATTRIBUTES, apply_fused, as_real, fused
from harness.graph.graph import apply_operator
from harness.graph.numerics import store, to_fp32, widen
from harness.graph.operator import Array, Attribute, AttributeKind, Call, Operator, Site
from harness.graph.tensor_type import DType, Layout, TensorType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.graph.node import Tensor

_OPERANDS = ("x", "mean", "variance", "gamma", "beta")


def channel_axis(call: Call) -> int:
    """Return the axis of the channels of the input."""
    if call.types[0].layout not in (Layout.NHWC, Layout.NCHW, Layout.NC):
        raise call.site.shape_error(
            "the input has no channels", expected="layout NHWC, NCHW or NC", got=str(call.types[0])
        )
    return call.types[0].layout.axis("C")


def _infer(call: Call) -> tuple[TensorType, ...]:
    call.require_floating()
    channels = call.types[0].shape[channel_axis(call)]
    for operand, type_ in zip(_OPERANDS[1:], call.types[1:], strict=True):
        if type_.shape != (channels,):
            raise call.site.shape_error(
                f"{operand} needs one value per channel",
                expected=f"shape [{channels}], layout N",
                got=str(type_),
            )
    return (call.types[0],)


def reciprocal_deviation(variance: Array, epsilon: float, dtype: DType) -> Array:
    """Return r = 1 / sqrt(variance + epsilon) as it is stored: rounded to the element type.

    Accelerators keep r, not the variance; the reference uses the same stored r, so that both
    compute the same numbers.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return store(1.0 / np.sqrt(widen(variance) + epsilon), dtype)


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
    dtype = call.types[0].dtype
    shape = [1] * call.types[0].rank
    shape[channel_axis(call)] = -1
    r = reciprocal_deviation(inputs[2], call.real("epsilon"), dtype)
    x, mean, scale, gamma, beta = (
        to_fp32(values) for values in (inputs[0], inputs[1], r, inputs[3], inputs[4])
    )
    mean, scale, gamma, beta = (v.reshape(shape) for v in (mean, scale, gamma, beta))
    values = ((x - mean) * scale) * gamma + beta
    return (store(apply_fused(call, values), dtype),)


BATCH_NORM = Operator(
    name="batch_norm",
    doc="((x - mean) * r) * gamma + beta with r = 1 / sqrt(variance + epsilon), then activation.",
    operands=_OPERANDS,
    required=5,
    attributes=(
        Attribute("epsilon", AttributeKind.FLOAT, "added to the variance"),
        *FUSED_ATTRIBUTES,
    ),
    infer=_infer,
    reference=_reference,
)


def batch_norm(  # noqa: PLR0913 - these are the operator's parameters
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    gamma: Tensor,
    beta: Tensor,
    *,
    epsilon: float = 1e-5,
    activation: str | None = None,
    activation_parameters: tuple[float, ...] = (),
    name: str = "batch_norm",
) -> Tensor:
    """Normalise each channel with stored statistics.

    Args:
        x: Layout NHWC, NCHW or NC.
        mean: One value per channel.
        variance: One value per channel; the variance itself, not its reciprocal root.
        gamma: Scale per channel.
        beta: Offset per channel.
        epsilon: Added to the variance.
        activation: Fused activation, such as "relu".
        activation_parameters: Replaces the activation's defaults.
        name: Name of the node; one in use gets a suffix.
    """
    site = Site.here("batch_norm", name)
    attributes = {
        "epsilon": as_real(site, "epsilon", epsilon),
        **fused(site, activation, activation_parameters),
    }
    return apply_operator(BATCH_NORM, (x, mean, variance, gamma, beta), attributes, site)[0]
