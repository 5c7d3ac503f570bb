"""avg_pool2d: the mean of each window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.graph.activation import FUSED_ATTRIBUTES, apply_fused
from harness.graph.graph import apply_operator
from harness.graph.numerics import store, to_fp32, widen
from harness.graph.operator import Array, Attribute, AttributeKind, Call, Operator, Site
from harness.graph.operators.pooling import infer_pool, pool_attributes, pool_window
from harness.graph.window import (
    PADDING,
    POOL,
    STRIDE,
    Padding,
    Pair,
    Window,
    as_nhwc,
    from_nhwc,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.graph.node import Tensor


def _sums(window: Window, image: Array, extents: tuple[int, int]) -> Array:
    total = np.zeros((image.shape[0], *extents, image.shape[3]))
    for view in window.elements(window.pad(image, 0.0), extents):
        total += view
    return total


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
    window, type_ = pool_window(call), call.types[0]
    image = as_nhwc(widen(inputs[0]), type_.layout)
    extents = window.output_extents(call.site, image.shape[1], image.shape[2])
    counts: Array | float = float(window.kernel[0] * window.kernel[1])
    if not call.is_set("count_include_pad"):
        counts = _sums(window, np.ones((1, *image.shape[1:3], 1)), extents)
    means = to_fp32(_sums(window, image, extents) * (1.0 / counts))
    return (store(from_nhwc(apply_fused(call, means), type_.layout), type_.dtype),)


AVG_POOL2D = Operator(
    name="avg_pool2d",
    doc="Mean of each window.",
    operands=("x",),
    required=1,
    attributes=(
        POOL,
        STRIDE,
        PADDING,
        Attribute(
            "count_include_pad",
            AttributeKind.BOOL,
            "divide by the whole window, padding included",
            default=False,
        ),
        *FUSED_ATTRIBUTES,
    ),
    infer=infer_pool,
    reference=_reference,
)


def avg_pool2d(
    x: Tensor,
    pool: Pair,
    *,
    stride: Pair | None = None,
    padding: Padding = "valid",
    count_include_pad: bool = False,
    activation: str | None = None,
    activation_parameters: tuple[float, ...] = (),
    name: str = "avg_pool",
) -> Tensor:
    """Take the mean of each window.

    Args:
        x: Image, layout NHWC or NCHW.
        pool: Rows and columns of the window.
        stride: Rows and columns between windows; None is the window itself.
        padding: As for `conv2d`; must be smaller than the window.
        count_include_pad: Divide by the whole window; False counts real elements only.
        activation: Fused activation, such as "relu".
        activation_parameters: Replaces the activation's defaults.
        name: Name of the node; one in use gets a suffix.
    """
    site = Site.here("avg_pool2d", name)
    attributes = pool_attributes(
        site,
        pool=pool,
        stride=stride,
        padding=padding,
        activation=(activation, activation_parameters),
    )
    attributes["count_include_pad"] = count_include_pad
    return apply_operator(AVG_POOL2D, (x,), attributes, site)[0]
