"""pad: a margin of zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.graph.graph import apply_operator
from harness.graph.operator import Array, Attribute, AttributeKind, Call, Operator, Site
from harness.graph.tensor_type import TensorType
from harness.graph.window import as_integers

if TYPE_CHECKING:
    from harness.graph.node import Tensor


def margins(call: Call) -> tuple[tuple[int, int], ...]:
    """Return (before, after) per dimension."""
    padding = call.integers("padding")
    return tuple(zip(padding[::2], padding[1::2], strict=True))


def _infer(call: Call) -> tuple[TensorType, ...]:
    data, padding = call.types[0], call.integers("padding")
    if len(padding) != 2 * data.rank:
        raise call.site.shape_error(
            "padding needs two integers per dimension",
            expected=f"{data.rank} pairs, as x is {data}",
            got=f"{len(padding)} integers",
        )
    shape = tuple(
        before + extent + after
        for extent, (before, after) in zip(data.shape, margins(call), strict=True)
    )
    return (TensorType(shape, data.dtype, data.layout),)


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
    return (np.pad(inputs[0], margins(call)),)


PAD = Operator(
    name="pad",
    doc="A margin of zeros around a tensor.",
    operands=("x",),
    required=1,
    attributes=(
        Attribute(
            "padding",
            AttributeKind.INTS,
            "elements before and after, per dimension: b0, a0, b1, a1, ...",
            minimum=0,
        ),
    ),
    infer=_infer,
    reference=_reference,
)


def pad(x: Tensor, padding: Sequence[Sequence[int]], *, name: str = "pad") -> Tensor:
    """Put zeros around a tensor.

    Args:
        x: Any tensor.
        padding: One pair (before, after) per dimension, as numpy.pad takes it.
        name: Name of the node; one in use gets a suffix.
    """
    site = Site.here("pad", name)
    if not isinstance(padding, Sequence) or any(
        not isinstance(pair, Sequence) or len(pair) != 2 for pair in padding
    ):
        raise site.error("padding must be a list of pairs (before, after)", got=repr(padding))
    flat = tuple(value for pair in padding for value in as_integers(site, "padding", pair))
    return apply_operator(PAD, (x,), {"padding": flat}, site)[0]
