"""When values are rounded: the rules that the reference and every model follow.

Inside a node operands are widened to fp64 and sums are taken in fp64; a sum is rounded once to
fp32, bias and activation are fp32 operations, each rounded; the node's result is rounded once to
the tensor's element type (to nearest, ties to even). Exponentials are computed in fp64 from the
fp32 value and rounded to fp32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from harness.graph.operator import Array
    from harness.graph.tensor_type import DType


def widen(values: Array) -> Array:
    """Return the values as fp64; exact."""
    return values.astype(np.float64)


def to_fp32(values: Array) -> Array:
    """Round to fp32, or widen fp16 and bf16 to it exactly."""
    return values.astype(np.float32, copy=False)


def store(values: Array, dtype: DType) -> Array:
    """Round fp32 values to the tensor's element type."""
    return np.ascontiguousarray(values.astype(dtype.numpy, copy=False))
