"""What the pooling operators share: what users write, their window and their shape rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.graph.activation import fused
from harness.graph.window import (
    Padding,
    Pair,
    Window,
    as_padding,
    as_pair,
    image_axes,
    image_type,
)

if TYPE_CHECKING:
    from harness.graph.operator import AttributeValue, Call, Site
    from harness.graph.tensor_type import TensorType


def pool_window(call: Call) -> Window:
    """Return the sliding window of a pooling operator."""
    rows, columns = call.integers("pool")
    return Window((rows, columns), call.integers("stride"), call.integers("padding"))


def infer_pool(call: Call) -> tuple[TensorType, ...]:
    """Return the type of the pooled image."""
    call.require_floating()
    data = call.types[0]
    row, column, channel = image_axes(call.site, data)
    extents = pool_window(call).output_extents(call.site, data.shape[row], data.shape[column])
    return (image_type(data, extents, data.shape[channel]),)


def pool_attributes(
    site: Site,
    *,
    pool: Pair,
    stride: Pair | None,
    padding: Padding,
    activation: tuple[str | None, tuple[float, ...]],
) -> dict[str, AttributeValue]:
    """Return the attributes of what a user wrote; the stride's default is the window."""
    kernel = as_pair(site, "pool", pool)
    return {
        "pool": kernel,
        "stride": kernel if stride is None else as_pair(site, "stride", stride),
        "padding": as_padding(site, padding, kernel),
        **fused(site, *activation),
    }
