"""The activation functions as operators of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.graph.activation import (
    ACTIVATIONS,
    ELU_ALPHA,
    LEAKY_RELU_SLOPE,
    SELU_ALPHA,
    SELU_SCALE,
    as_real,
)
from harness.graph.graph import apply_operator
from harness.graph.numerics import store, to_fp32
from harness.graph.operator import (
    Array,
    Attribute,
    AttributeKind,
    Call,
    Operator,
    Site,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.graph.node import Tensor
    from harness.graph.tensor_type import TensorType


def _infer(call: Call) -> tuple[TensorType, ...]:
    call.require_floating()
    if call.site.op == "hard_tanh" and call.real("minimum") > call.real("maximum"):
        raise call.site.error(
            "the minimum is above the maximum",
            got=f"minimum {call.real('minimum')}, maximum {call.real('maximum')}",
        )
    return (call.types[0],)


def _reference(call: Call, inputs: Sequence[Array]) -> tuple[Array, ...]:
    parameters = [call.real(name) for name in call.attributes]
    alpha, beta = (*parameters, 0.0, 0.0)[:2]
    values = ACTIVATIONS[call.site.op].apply(to_fp32(inputs[0]), alpha, beta)
    return (store(values, call.types[0].dtype),)


def _declare(name: str, doc: str, **parameters: str) -> Operator:
    return Operator(
        name=name,
        doc=doc,
        operands=("x",),
        required=1,
        attributes=tuple(
            Attribute(parameter, AttributeKind.FLOAT, text)
            for parameter, text in parameters.items()
        ),
        infer=_infer,
        reference=_reference,
    )


RELU = _declare("relu", "x if x > 0, else 0.")
LEAKY_RELU = _declare("leaky_relu", "x if x > 0, else slope * x.", slope="factor of negatives")
ELU = _declare("elu", "x if x > 0, else alpha * (exp(x) - 1).", alpha="limit of negatives")
SELU = _declare(
    "selu",
    "scale * (x if x > 0, else alpha * (exp(x) - 1)).",
    alpha="limit of negatives before scaling",
    scale="factor of everything",
)
TANH = _declare("tanh", "Hyperbolic tangent.")
HARD_TANH = _declare(
    "hard_tanh", "x, limited to a range.", minimum="least result", maximum="largest result"
)
SIGMOID = _declare("sigmoid", "1 / (1 + exp(-x)).")


def _apply(operator: Operator, x: Tensor, name: str, **parameters: float) -> Tensor:
    site = Site.here(operator.name, name)
    attributes = {key: as_real(site, key, value) for key, value in parameters.items()}
    return apply_operator(operator, (x,), attributes, site)[0]


def relu(x: Tensor, *, name: str = "relu") -> Tensor:
    """Replace negative values by zero."""
    return _apply(RELU, x, name)


def leaky_relu(x: Tensor, *, slope: float = LEAKY_RELU_SLOPE, name: str = "leaky_relu") -> Tensor:
    """Multiply negative values by `slope`."""
    return _apply(LEAKY_RELU, x, name, slope=slope)


def elu(x: Tensor, *, alpha: float = ELU_ALPHA, name: str = "elu") -> Tensor:
    """Replace negative values by alpha * (exp(x) - 1)."""
    return _apply(ELU, x, name, alpha=alpha)


def selu(
    x: Tensor, *, alpha: float = SELU_ALPHA, scale: float = SELU_SCALE, name: str = "selu"
) -> Tensor:
    """Apply `elu` and multiply by `scale`."""
    return _apply(SELU, x, name, alpha=alpha, scale=scale)


def tanh(x: Tensor, *, name: str = "tanh") -> Tensor:
    """Apply the hyperbolic tangent."""
    return _apply(TANH, x, name)


def hard_tanh(
    x: Tensor, *, minimum: float = -1.0, maximum: float = 1.0, name: str = "hard_tanh"
) -> Tensor:
    """Limit values to [minimum, maximum]."""
    return _apply(HARD_TANH, x, name, minimum=minimum, maximum=maximum)


def sigmoid(x: Tensor, *, name: str = "sigmoid") -> Tensor:
    """Apply 1 / (1 + exp(-x))."""
    return _apply(SIGMOID, x, name)
