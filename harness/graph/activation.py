"""Activation functions, alone and fused: names, parameters and values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.graph.numerics import to_fp32, widen
from harness.graph.operator import Array, Attribute, AttributeKind, AttributeValue, Call, Site

if TYPE_CHECKING:
    from collections.abc import Callable

LEAKY_RELU_SLOPE = 0.2
ELU_ALPHA = 0.1
SELU_ALPHA = 1.6733
SELU_SCALE = 1.0507
"""Defaults of SMAUG's Python interface (smaug/python/ops/activation_ops.py); SELU's constants are
those of Klambauer et al., Self-Normalizing Neural Networks (2017), to four digits."""


@dataclass(frozen=True, slots=True)
class Activation:
    """A function of one value with up to two parameters.

    Attributes:
        name: Value of the attribute `activation`, and the operator's own name.
        defaults: Defaults of `activation_alpha` and `activation_beta`; 0.0 where unused.
        apply: fp32 values and both parameters to fp32 values.
    """

    name: str
    defaults: tuple[float, float]
    apply: Callable[[Array, float, float], Array]


def _relu(values: Array, _alpha: float, _beta: float) -> Array:
    return np.where(values < 0, np.float32(0), values)  # a NaN stays one


def _leaky_relu(values: Array, slope: float, _beta: float) -> Array:
    return np.where(values < 0, np.float32(slope) * values, values)


def _elu(values: Array, alpha: float, _beta: float) -> Array:
    negative = alpha * (np.exp(widen(np.minimum(values, np.float32(0)))) - 1.0)
    return np.where(values > 0, values, to_fp32(negative))


def _selu(values: Array, alpha: float, scale: float) -> Array:
    wide = widen(values)
    negative = alpha * (np.exp(np.minimum(wide, 0.0)) - 1.0)
    return to_fp32(scale * np.where(wide > 0, wide, negative))


def _hard_tanh(values: Array, minimum: float, maximum: float) -> Array:
    return np.minimum(np.maximum(values, np.float32(minimum)), np.float32(maximum))


def _tanh(values: Array, _alpha: float, _beta: float) -> Array:
    return to_fp32(np.tanh(widen(values)))


def _sigmoid(values: Array, _alpha: float, _beta: float) -> Array:
    return to_fp32(1.0 / (1.0 + np.exp(-widen(values))))


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("none", (0.0, 0.0), lambda values, _alpha, _beta: values),
        Activation("relu", (0.0, 0.0), _relu),
        Activation("leaky_relu", (LEAKY_RELU_SLOPE, 0.0), _leaky_relu),
        Activation("elu", (ELU_ALPHA, 0.0), _elu),
        Activation("selu", (SELU_ALPHA, SELU_SCALE), _selu),
        Activation("tanh", (0.0, 0.0), _tanh),
        Activation("hard_tanh", (-1.0, 1.0), _hard_tanh),
        Activation("sigmoid", (0.0, 0.0), _sigmoid),
    )
}
"""All that can be fused; softmax is not among them, it needs a whole row."""

FUSED_ATTRIBUTES = (
    Attribute(
        "activation",
        AttributeKind.STRING,
        "function applied to the fp32 result before it is stored",
        default="none",
        choices=tuple(ACTIVATIONS),
    ),
    Attribute(
        "activation_alpha",
        AttributeKind.FLOAT,
        "slope of leaky_relu, alpha of elu and selu, minimum of hard_tanh; else 0",
        default=0.0,
    ),
    Attribute(
        "activation_beta",
        AttributeKind.FLOAT,
        "scale of selu, maximum of hard_tanh; else 0",
        default=0.0,
    ),
)


def fused(
    site: Site, name: str | None, parameters: tuple[float, ...] = ()
) -> dict[str, AttributeValue]:
    """Return the attributes of a fused activation.

    Args:
        site: For the error message.
        name: One of `ACTIVATIONS`; None means none.
        parameters: Replaces the first defaults, in the order alpha, beta.
    """
    activation = ACTIVATIONS.get("none" if name is None else name)
    if activation is None:
        raise site.error("unknown activation", expected=", ".join(ACTIVATIONS), got=repr(name))
    used = sum(default != 0.0 for default in activation.defaults)
    if not isinstance(parameters, tuple) or len(parameters) > used:
        raise site.error(
            f"wrong parameters of activation {activation.name}",
            expected=f"a tuple of at most {used} reals",
            got=repr(parameters),
        )
    alpha, beta = (*parameters, *activation.defaults[len(parameters) :])
    if activation.name == "hard_tanh" and alpha > beta:
        raise site.error("the minimum is above the maximum", got=f"({alpha}, {beta})")
    return {
        "activation": activation.name,
        "activation_alpha": as_real(site, "activation_parameters", alpha),
        "activation_beta": as_real(site, "activation_parameters", beta),
    }


def as_real(site: Site, name: str, value: object) -> float:
    """Return a user's number as a float.

    Raises:
        GraphError: It is not a number.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise site.error(f"{name} must be a number", got=repr(value))
    return float(value)


def apply_fused(call: Call, values: Array) -> Array:
    """Apply a node's fused activation to its fp32 result."""
    activation = ACTIVATIONS[call.text("activation")]
    alpha, beta = call.real("activation_alpha"), call.real("activation_beta")
    return activation.apply(values, alpha, beta)
