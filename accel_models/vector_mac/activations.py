"""Activations by name: linear ones in fp32, others in fp64 and rounded once to fp32."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accel_models.vector_mac.numerics import Float32

ACTIVATIONS = (
    "none",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "tanh",
    "hard_tanh",
    "sigmoid",
)
"""The index is the code of a command's attribute `activation`."""

Wide = npt.NDArray[np.float64]


@np.errstate(over="ignore", invalid="ignore")
def activate(name: str, x: Float32, alpha: float, beta: float) -> Float32:
    """Return the activation of x.

    Args:
        name: One of ACTIVATIONS.
        x: Values.
        alpha: Slope of leaky_relu, alpha of elu and selu, lower end of hard_tanh.
        beta: Scale of selu, upper end of hard_tanh.
    """
    return _FUNCTIONS[name](x, alpha, beta)


def _none(x: Float32, alpha: float, beta: float) -> Float32:
    del alpha, beta
    return x


def _relu(x: Float32, alpha: float, beta: float) -> Float32:
    del alpha, beta
    return np.where(x < 0, np.float32(0), x)


def _leaky_relu(x: Float32, alpha: float, beta: float) -> Float32:
    del beta
    return np.where(x < 0, np.float32(alpha) * x, x)


def _elu(x: Float32, alpha: float, beta: float) -> Float32:
    del beta
    return _exponential_unit(x, alpha).astype(np.float32)


def _selu(x: Float32, alpha: float, beta: float) -> Float32:
    return (beta * _exponential_unit(x, alpha)).astype(np.float32)


def _exponential_unit(x: Float32, alpha: float) -> Wide:
    wide = x.astype(np.float64)
    return np.where(wide > 0, wide, alpha * (np.exp(np.minimum(wide, 0)) - 1))


def _tanh(x: Float32, alpha: float, beta: float) -> Float32:
    del alpha, beta
    return np.tanh(x.astype(np.float64)).astype(np.float32)


def _hard_tanh(x: Float32, alpha: float, beta: float) -> Float32:
    return np.minimum(np.maximum(x, np.float32(alpha)), np.float32(beta))


def _sigmoid(x: Float32, alpha: float, beta: float) -> Float32:
    del alpha, beta
    return (1 / (1 + np.exp(-x.astype(np.float64)))).astype(np.float32)


_FUNCTIONS: Mapping[str, Callable[[Float32, float, float], Float32]] = {
    "none": _none,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "tanh": _tanh,
    "hard_tanh": _hard_tanh,
    "sigmoid": _sigmoid,
}
