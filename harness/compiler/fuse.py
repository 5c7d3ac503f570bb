"""Second pass: a stand-alone activation joins the operation whose result it alone reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.bridge.description import ModelDescription
    from harness.compiler.network import Attribute, Network, Operation

FUSING_OPERATORS = ("conv2d", "mat_mul", "batch_norm")
"""What `ModelDescription.activations` speaks of (proto/README.md section 7)."""

_PARAMETERS = {
    "relu": (),
    "leaky_relu": ("slope",),
    "elu": ("alpha",),
    "selu": ("alpha", "scale"),
    "tanh": (),
    "hard_tanh": ("minimum", "maximum"),
    "sigmoid": (),
}


def activation_parameters(operation: Operation) -> tuple[float, float]:
    """Return alpha and beta of a stand-alone activation, 0 where it has none."""
    values = [operation.real(key) for key in _PARAMETERS[operation.op]]
    alpha, beta = (*values, 0.0, 0.0)[:2]
    return alpha, beta


def fuse_activations(network: Network, description: ModelDescription) -> Network:
    """Return the network in which activations that the model can fuse are fused.

    The intermediate tensor must have one consumer and must not be a result of the network. A
    fused pair rounds to the element type once instead of twice.
    """
    producers = {name: op for op in network.operations for name in op.outputs}
    fused: dict[str, Operation] = {}
    gone: set[str] = set()
    for operation in network.operations:
        if operation.op not in _PARAMETERS or operation.op not in description.activations:
            continue
        producer = producers.get(operation.inputs[0])
        if producer is None or not _can_fuse(network, producer, description):
            continue
        fused[producer.name] = replace(
            producer, outputs=operation.outputs, attributes=_attributes(producer, operation)
        )
        gone.add(operation.name)
    operations = tuple(fused.get(op.name, op) for op in network.operations if op.name not in gone)
    return replace(network, operations=operations)


def _can_fuse(network: Network, producer: Operation, description: ModelDescription) -> bool:
    (value, *others) = producer.outputs
    return (
        not others
        and producer.op in FUSING_OPERATORS
        and producer.op in description.kernels
        and producer.text("activation", "none") == "none"
        and len(network.consumers(value)) == 1
        and value not in network.outputs
    )


def _attributes(producer: Operation, activation: Operation) -> Mapping[str, Attribute]:
    alpha, beta = activation_parameters(activation)
    return {
        **producer.attributes,
        "activation": activation.op,
        "activation_alpha": alpha,
        "activation_beta": beta,
    }
