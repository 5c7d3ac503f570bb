"""Kernels of the engine: what a command loads, computes and stores, in the order of its steps.

Each is a generator over one `Invocation`. Attributes and operands follow the kernel contract, which
`KERNELS` names: the compiler sends no others.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from accel_models.vector_mac.activations import ACTIVATIONS
from accel_models.vector_mac.kernels.linear import conv2d, mat_mul
from accel_models.vector_mac.kernels.pointwise import activation, add, batch_norm, mul, softmax
from accel_models.vector_mac.kernels.pooling import avg_pool2d, max_pool2d

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accel_models.vector_mac.invocation import Invocation, Loading

KERNELS: Mapping[str, Callable[[Invocation], Loading]] = {
    "conv2d": conv2d,
    "mat_mul": mat_mul,
    "max_pool2d": max_pool2d,
    "avg_pool2d": avg_pool2d,
    "batch_norm": batch_norm,
    "add": add,
    "mul": mul,
    **{name: partial(activation, name) for name in ACTIVATIONS[1:]},
    "softmax": softmax,
}
