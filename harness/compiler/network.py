"""The compiler's own form of a network: plain values and operations, frozen, printable.

Passes take a `Network` and return a new one; nothing here knows of tiles or addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.location import UNKNOWN_LOCATION, SourceLocation

if TYPE_CHECKING:
    from collections.abc import Mapping

Array = np.ndarray[Any, Any]
Attribute = int | float | str | bool | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor between operations."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    layout: str

    def __str__(self) -> str:
        return f"{self.name} {self.dtype}[{','.join(map(str, self.shape))}] {self.layout}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One application of an operator; `is_accelerated` is decided by the layout pass."""

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]
    macs: int = 0
    is_accelerated: bool = False
    location: SourceLocation = UNKNOWN_LOCATION

    def integers(self, key: str) -> tuple[int, ...]:
        """Return a tuple attribute."""
        value = self.attributes[key]
        return value if isinstance(value, tuple) else (int(value),)

    def real(self, key: str, default: float = 0.0) -> float:
        """Return a real attribute."""
        value = self.attributes.get(key, default)
        return float(value) if isinstance(value, (int, float)) else default

    def text(self, key: str, default: str) -> str:
        """Return a text attribute."""
        return str(self.attributes.get(key, default))

    def where(self) -> str:
        """Return the user's line for an error."""
        return str(self.location) or self.name


@dataclass(frozen=True)
class Network:
    """Operations in execution order over values; constants have their arrays."""

    name: str
    values: Mapping[str, Value]
    operations: tuple[Operation, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    constants: Mapping[str, Array]

    def consumers(self, value: str) -> tuple[Operation, ...]:
        """Return the operations that read a value."""
        return tuple(op for op in self.operations if value in op.inputs)


def format_network(network: Network) -> str:
    """Write a network as text, one operation per line."""
    lines = [f'network "{network.name}"']
    lines.extend(f"  input {network.values[name]}" for name in network.inputs)
    for operation in network.operations:
        attributes = ", ".join(f"{key}={value}" for key, value in operation.attributes.items())
        place = "accelerator" if operation.is_accelerated else "cpu"
        outputs = "; ".join(str(network.values[name]) for name in operation.outputs)
        lines.append(
            f"  [{place}] {operation.op} {operation.name}({', '.join(operation.inputs)})"
            f" {{{attributes}}} -> {outputs}"
        )
    lines.append(f"  output {', '.join(network.outputs)}")
    return "\n".join(lines) + "\n"
