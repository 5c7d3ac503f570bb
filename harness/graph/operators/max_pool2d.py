"""max_pool2d: the largest value of each window."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from harness.graph.activation import FUSED_ATTRIBUTES, apply_fused
from harness.graph.graph import apply_operator
from harness.graph.numerics import store, to_fp32
from harness.graph.operator import Array, Call, Operator, Site
from harness.graph.operators.pooling import infer_pool, pool_attributes, pool_window
from harness.graph.window import (
    PADDING,
    POOL,
    STRIDE,
    Padding,
    Pair,
    as_nhwc,
    from_nhwc,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.graph.node import Tensor


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
    window, type_ = pool_window(call), call.types[0]
    image = as_nhwc(to_fp32(inputs[0]), type_.layout)
    extents = window.output_extents(call.site, image.shape[1], image.shape[2])
    largest = reduce(np.maximum, window.elements(window.pad(image, -np.inf), extents))
    return (store(from_nhwc(apply_fused(call, largest), type_.layout), type_.dtype),)


MAX_POOL2D = Operator(
    name="max_pool2d",
    doc="Largest value of each window; padding never wins.",
    operands=("x",),
    required=1,
    attributes=(POOL, STRIDE, PADDING, *FUSED_ATTRIBUTES),
    infer=infer_pool,
    reference=_reference,
)


def max_pool2d(
    x: Tensor,
    pool: Pair,
    *,
    stride: Pair | None = None,
    padding: Padding = "valid",
    activation: str | None = None,
    activation_parameters: tuple[float, ...] = (),
    name: str = "max_pool",
) -> Tensor:
    """Take the largest value of each window.

    Args:
        x: Image, layout NHWC or NCHW.
        pool: Rows and columns of the window.
        stride: Rows and columns between windows; None is the window itself.
        padding: As for `conv2d`; must be smaller than the window.
        activation: Fused activation, such as "relu".
        activation_parameters: Replaces the activation's defaults.
        name: Name of the node; one in use gets a suffix.
    """
    site = Site.here("max_pool2d", name)
    attributes = pool_attributes(
        site,
        pool=pool,
        stride=stride,
        padding=padding,
        activation=(activation, activation_parameters),
    )
    return apply_operator(MAX_POOL2D, (x,), attributes, site)[0]
