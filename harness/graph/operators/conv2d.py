"""conv2d: two-dimensional convolution with groups, dilation, bias and a fused activation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from harness.graph.activation import FUSED_ATTRIBUTES, apply_fused, fused
from harness.graph.graph import apply_operator
from harness.graph.node import Tensor
from harness.graph.numerics import store, to_fp32, widen
from harness.graph.operator import Array, Attribute, AttributeKind, Call, Operator, Site
from harness.graph.window import (
    DILATION,
    PADDING,
    STRIDE,
    Padding,
    Pair,
    Window,
    as_integer,
    as_nhwc,
    as_padding,
    as_pair,
    from_nhwc,
    image_axes,
    image_type,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.graph.tensor_type import TensorType


def _kernel(site: Site, data: TensorType, weights: TensorType) -> tuple[int, int]:
    row, column, _ = image_axes(site, data)
    if weights.layout is not data.layout:
        order = "(K, R, S, C / groups)" if data.layout.value == "NHWC" else "(K, C / groups, R, S)"
        raise site.shape_error(
            "weights and input differ in layout",
            expected=f"{data.layout.value}, read as {order}",
            got=str(weights),
            way_out=f'transpose the array and make it constant(..., layout="{data.layout.value}")',
        )
    return weights.shape[row], weights.shape[column]


def conv_window(call: Call) -> Window:
    """Return the sliding window of a convolution."""
    return Window(
        _kernel(call.site, call.types[0], call.types[1]),
        call.integers("stride"),
        call.integers("padding"),
        call.integers("dilation"),
    )


def _infer(call: Call) -> tuple[TensorType, ...]:
    call.require_floating()
    data, weights = call.types[:2]
    row, column, channel = image_axes(call.site, data)
    window = conv_window(call)
    filters, groups = weights.shape[0], call.integer("groups")
    if data.shape[channel] % groups or filters % groups:
        raise call.site.shape_error(
            f"{groups} groups do not divide the channels",
            expected=f"input channels and filters that are multiples of {groups}",
            got=f"{data.shape[channel]} input channels, {filters} filters",
        )
    if weights.shape[channel] * groups != data.shape[channel]:
        raise call.site.shape_error(
            "weights and input differ in channels",
            expected=f"{data.shape[channel] // groups} channels per filter "
            f"({data.shape[channel]} input channels, {groups} groups)",
            got=f"{weights.shape[channel]} in weights {weights}",
        )
    check_bias(call, filters)
    extents = window.output_extents(call.site, data.shape[row], data.shape[column])
    return (image_type(data, extents, filters),)


def check_bias(call: Call, expected: int) -> None:
    """Refuse a bias that is not one value per output channel.

    Raises:
        ShapeError: The third input is not of shape (expected,).
    """
    if len(call.types) == 3 and call.types[2].shape != (expected,):
        raise call.site.shape_error(
            "the bias needs one value per output channel",
            expected=f"shape [{expected}], layout N",
            got=str(call.types[2]),
        )


def _macs(call: Call, outputs: Sequence[TensorType]) -> int:
    return outputs[0].elements * math.prod(call.types[1].shape[1:])


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
    data, layout = call.types[0], call.types[0].layout
    sums = _sums(call, as_nhwc(inputs[0], layout), as_nhwc(inputs[1], layout))
    values = to_fp32(sums)
    if len(inputs) == 3:
        values = values + to_fp32(inputs[2])
    values = from_nhwc(apply_fused(call, values), layout)
    return (store(values, data.dtype),)


def _sums(call: Call, image: Array, weights: Array) -> Array:
    window, groups = conv_window(call), call.integer("groups")
    padded = window.pad(widen(image), 0.0)
    extents = window.output_extents(call.site, image.shape[1], image.shape[2])
    filters, _, _, channels = weights.shape
    matrices = widen(weights).reshape(groups, filters // groups, -1, channels)
    pixels = image.shape[0] * math.prod(extents)
    sums = np.zeros((groups, pixels, filters // groups))
    for position, view in enumerate(window.elements(padded, extents)):
        taken = view.reshape(pixels, groups, channels).transpose(1, 0, 2)
        sums += taken @ matrices[:, :, position, :].transpose(0, 2, 1)
    return sums.transpose(1, 0, 2).reshape(image.shape[0], *extents, filters)


CONV2D = Operator(
    name="conv2d",
    doc="Cross-correlation of an image with filters, plus bias, then activation.",
    operands=("x", "weights", "bias"),
    required=2,
    attributes=(
        STRIDE,
        PADDING,
        DILATION,
        Attribute("groups", AttributeKind.INT, "channel groups; C for depthwise", 1, 1),
        *FUSED_ATTRIBUTES,
    ),
    infer=_infer,
    macs=_macs,
    reference=_reference,
)


def conv2d(  # noqa: PLR0913 - these are the operator's parameters
    x: Tensor,
    weights: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Pair = 1,
    padding: Padding = "same",
    dilation: Pair = 1,
    groups: int = 1,
    activation: str | None = None,
    activation_parameters: tuple[float, ...] = (),
    name: str = "conv",
) -> Tensor:
    """Convolve an image with filters.

    Args:
        x: Image, layout NHWC or NCHW, element type fp32, fp16 or bf16.
        weights: Filters in the layout of x: NHWC is (K, R, S, C / groups), NCHW is
            (K, C / groups, R, S).
        bias: One value per filter, shape (K,).
        stride: Rows and columns between windows.
        padding: "valid", "same" (output = ceil(input / stride); R - 1 rows in all, (R - 1) // 2
            of them above), one integer for all sides, or (above, below, left, right).
        dilation: Distance between the elements of a window.
        groups: Channel groups; as many as channels makes it depthwise.
        activation: Fused activation, such as "relu".
        activation_parameters: Replaces the activation's defaults.
        name: Name of the node; one in use gets a suffix.

    Returns:
        Image (N, OH, OW, K) in the layout of x.

    Raises:
        ShapeError: Layouts, channels, groups, bias or window do not fit.
        DtypeError: Element types differ or are integers.
    """
    site = Site.here("conv2d", name)
    inputs = (x, weights) if bias is None else (x, weights, bias)
    dilations = as_pair(site, "dilation", dilation)
    span = (1, 1)
    if padding == "same" and isinstance(x, Tensor) and isinstance(weights, Tensor):
        span = Window(_kernel(site, x.type, weights.type), (1, 1), (0,) * 4, dilations).effective
    attributes = {
        "stride": as_pair(site, "stride", stride),
        "padding": as_padding(site, padding, span),
        "dilation": dilations,
        "groups": as_integer(site, "groups", groups),
        **fused(site, activation, activation_parameters),
    }
    return apply_operator(CONV2D, inputs, attributes, site)[0]
