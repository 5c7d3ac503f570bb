"""Third pass: decide who computes each operation, and insert the reorders that this needs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from harness.base.location import UNKNOWN_LOCATION
from harness.compiler.network import Array, Network, Operation, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.bridge.description import ModelDescription

PERMUTABLE = ("NCHW", "NHWC")
FLAT_OPERATORS = (
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "tanh",
    "hard_tanh",
    "sigmoid",
    "add",
    "mul",
)
"""Operators that work on elements in any order."""

COMMAND_DTYPES = frozenset({"fp16"})
"""Element types for which the kernel contract defines numerics."""

_CONSTANT_INPUTS = {"conv2d": (1, 2), "mat_mul": (1, 2), "batch_norm": (1, 2, 3, 4)}


def place_operations(network: Network, description: ModelDescription) -> Network:
    """Return the network with `is_accelerated` decided and reorders inserted.

    A reorder of a tensor is made once and reused; constants are reordered here and now.
    """
    return _Layouts(network, description).run()


def refusal(operation: Operation, network: Network, description: ModelDescription) -> str:
    """Return why the model cannot run an operation; empty if it can."""
    for rule in _RULES:
        reason = rule(operation, network, description)
        if reason:
            return reason
    return ""


def _has_kernel(operation: Operation, network: Network, description: ModelDescription) -> str:
    del network
    return "" if operation.op in description.kernels else f"no kernel {operation.op}"


def _has_dtype(operation: Operation, network: Network, description: ModelDescription) -> str:
    names = (*operation.inputs, *operation.outputs)
    dtypes = {network.values[name].dtype for name in names}
    missing = sorted(dtypes - (set(description.dtypes) & COMMAND_DTYPES))
    return f"no {', '.join(missing)}" if missing else ""


def _has_activation(operation: Operation, network: Network, description: ModelDescription) -> str:
    del network
    name = operation.text("activation", "none")
    return "" if name in ("none", *description.activations) else f"cannot fuse {name}"


def _has_constants(operation: Operation, network: Network, description: ModelDescription) -> str:
    del description
    for index in _CONSTANT_INPUTS.get(operation.op, ()):
        if index < len(operation.inputs) and operation.inputs[index] not in network.constants:
            return f"{operation.inputs[index]} is computed, not constant"
    return ""


def _has_form(operation: Operation, network: Network, description: ModelDescription) -> str:
    del description
    first = network.values[operation.inputs[0]]
    if operation.op == "conv2d" and operation.integers("groups") != (1,):
        return "groups"
    if operation.op in ("add", "mul"):
        second = network.values[operation.inputs[1]]
        if (first.shape, first.layout) != (second.shape, second.layout):
            return "broadcasting"
    if operation.op in FLAT_OPERATORS and all(
        name in network.constants for name in operation.inputs
    ):
        return "constant operands"
    if operation.op == "softmax" and not first.layout.endswith("C") and len(first.shape) > 2:
        return "softmax along rows of a map"
    return ""


_RULES: tuple[Callable[[Operation, Network, ModelDescription], str], ...] = (
    _has_kernel,
    _has_dtype,
    _has_activation,
    _has_constants,
    _has_form,
)


class _Layouts:
    """Walks the operations and keeps, per tensor, the layouts in which it exists."""

    def __init__(self, network: Network, description: ModelDescription) -> None:
        self._network = network
        self._description = description
        self._values: dict[str, Value] = dict(network.values)
        self._constants: dict[str, Array] = dict(network.constants)
        self._operations: list[Operation] = []
        self._location = UNKNOWN_LOCATION
        self._versions: dict[tuple[str, str], str] = {}
        for name in (*network.inputs, *network.constants):
            self._versions[name, network.values[name].layout] = name

    def run(self) -> Network:
        """Place all operations and make the network's results in their own layouts."""
        for operation in self._network.operations:
            self._place(operation)
        for name in self._network.outputs:
            self._version(name, self._network.values[name].layout)
        return replace(
            self._network,
            values=self._values,
            constants=self._constants,
            operations=tuple(self._operations),
        )

    def _place(self, operation: Operation) -> None:
        self._location = operation.location
        is_accelerated = not refusal(operation, self._network, self._description)
        wanted = self._wanted_layout(operation) if is_accelerated else ""
        parameters = _CONSTANT_INPUTS.get(operation.op, ()) if is_accelerated else ()
        inputs = tuple(
            name if index in parameters else self._version(name, self._layout(name, wanted))
            for index, name in enumerate(operation.inputs)
        )
        outputs = tuple(
            self._define(name, self._layout(name, wanted)) for name in operation.outputs
        )
        self._operations.append(
            replace(operation, inputs=inputs, outputs=outputs, is_accelerated=is_accelerated)
        )
        if operation.op == "reorder":
            key = (operation.inputs[0], self._network.values[operation.outputs[0]].layout)
            self._versions.setdefault(key, outputs[0])

    def _wanted_layout(self, operation: Operation) -> str:
        """Return the layout for the operation's 4-D activations; empty: each one's own."""
        if operation.op in self._description.layouts:
            return self._description.layouts[operation.op]
        if operation.op in FLAT_OPERATORS:
            for layout in PERMUTABLE:
                own = [self._network.values[name].layout for name in operation.inputs]
                if layout not in own and all(
                    (name, layout) in self._versions for name in operation.inputs
                ):
                    return layout
        return ""

    def _layout(self, name: str, wanted: str) -> str:
        own = self._network.values[name].layout
        return wanted if wanted in PERMUTABLE and own in PERMUTABLE else own

    def _define(self, name: str, layout: str) -> str:
        """Register a tensor that an operation makes in some layout; return the value's name."""
        value = self._network.values[name]
        if layout != value.layout:
            value = permuted(value, layout)
            self._values[value.name] = value
        self._versions[name, layout] = value.name
        return value.name

    def _version(self, name: str, layout: str) -> str:
        if (name, layout) in self._versions:
            return self._versions[name, layout]
        source = next(
            self._versions[name, other] for other in PERMUTABLE if (name, other) in self._versions
        )
        target = self._define(name, layout)
        if source in self._constants:
            array = np.transpose(self._constants[source], _axes(self._values[source], layout))
            self._constants[target] = np.ascontiguousarray(array)
            return target
        self._operations.append(
            Operation(
                name=f"{name}.to_{layout.lower()}",
                op="reorder",
                inputs=(source,),
                outputs=(target,),
                attributes={"layout": layout},
                location=self._location,
            )
        )
        return target


def permuted(value: Value, layout: str) -> Value:
    """Return a value's twin in another layout."""
    shape = tuple(value.shape[axis] for axis in _axes(value, layout))
    return Value(f"{value.name}.{layout.lower()}", shape, value.dtype, layout)


def _axes(value: Value, layout: str) -> tuple[int, ...]:
    return tuple(value.layout.index(letter) for letter in layout)


def is_same_storage(first: Value, second: Value, alignment: int) -> bool:
    """Return whether two values hold the same bytes: equal counts, no padding in either."""
    if first.dtype != second.dtype or math.prod(first.shape) != math.prod(second.shape):
        return False
    if first.shape[-1] == second.shape[-1]:
        return True
    return first.shape[-1] % alignment == 0 and second.shape[-1] % alignment == 0


def find_aliases(network: Network, alignment: int) -> Mapping[str, str]:
    """Return values that are another value under another shape, with that value's name."""
    aliases: dict[str, str] = {}
    for operation in network.operations:
        if operation.op not in ("reshape", "flatten"):
            continue
        source, target = operation.inputs[0], operation.outputs[0]
        if source in network.constants:
            continue
        if is_same_storage(network.values[source], network.values[target], alignment):
            aliases[target] = aliases.get(source, source)
    return aliases
