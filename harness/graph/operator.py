"""What an operator's declaration consists of; each operator has one, in `operators/`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from harness.base.errors import DtypeError, GraphError, ShapeError
from harness.base.location import SourceLocation, caller_location

if TYPE_CHECKING:
    from harness.graph.tensor_type import TensorType

AttributeValue = int | float | str | bool | tuple[int, ...]
Attributes = Mapping[str, AttributeValue]
Array = np.ndarray[Any, np.dtype[Any]]


class AttributeKind(Enum):
    """Type of an attribute; the value is its name in messages."""

    INT = "an integer"
    FLOAT = "a finite real"
    STRING = "a string"
    BOOL = "a boolean"
    INTS = "a tuple of integers"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an operator: its type, its range, and what it means.

    Attributes:
        name: Key in `Node.attributes`.
        kind: Type of the value.
        doc: What it means, with the unit.
        default: The text form leaves out an attribute that equals it; None: always printed.
        minimum: Least valid integer.
        length: Number of integers of a tuple; None: the operator's shape rule decides.
        choices: Valid strings; empty: the operator's shape rule decides.
    """

    name: str
    kind: AttributeKind
    doc: str
    default: AttributeValue | None = None
    minimum: int | None = None
    length: int | None = None
    choices: tuple[str, ...] = ()

    def expectation(self) -> str:
        """Say in words what a valid value is."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        text = self.kind.value if self.length is None else f"{self.length} integers"
        return text if self.minimum is None else f"{text} of at least {self.minimum}"

    def accepts(self, value: object) -> bool:
        """Whether the value has the right type and lies in range."""
        if self.kind is AttributeKind.INTS:
            return (
                isinstance(value, tuple)
                and self.length in (None, len(value))
                and all(self._accepts_integer(element) for element in value)
            )
        if self.kind is AttributeKind.INT:
            return self._accepts_integer(value)
        if self.kind is AttributeKind.FLOAT:
            return type(value) is float and math.isfinite(value)
        if self.kind is AttributeKind.BOOL:
            return type(value) is bool
        return isinstance(value, str) and (not self.choices or value in self.choices)

    def _accepts_integer(self, value: object) -> bool:
        if type(value) is not int or not -(2**63) <= value < 2**63:
            return False
        return self.minimum is None or value >= self.minimum


@dataclass(frozen=True, slots=True)
class Site:
    """Where an operator is applied: what its error messages say first."""

    op: str
    name: str
    location: SourceLocation

    @classmethod
    def here(cls, op: str, name: str) -> Site:
        """Return the site of a call in the user's file."""
        return cls(op, name, caller_location())

    def error(
        self, what: str, *, expected: str = "", got: str = "", way_out: str = ""
    ) -> GraphError:
        """Return an error about an attribute or a name."""
        return self._error(GraphError, what, expected, got, way_out)

    def shape_error(
        self, what: str, *, expected: str = "", got: str = "", way_out: str = ""
    ) -> GraphError:
        """Return an error about shapes or layouts."""
        return self._error(ShapeError, what, expected, got, way_out)

    def dtype_error(
        self, what: str, *, expected: str = "", got: str = "", way_out: str = ""
    ) -> GraphError:
        """Return an error about element types."""
        return self._error(DtypeError, what, expected, got, way_out)

    def relocate(self, error: GraphError) -> GraphError:
        """Return the same error with the operator's name and the user's line."""
        return self._error(type(error), error.what, error.expected, error.got, error.way_out)

    def _error(
        self, kind: type[GraphError], what: str, expected: str, got: str, way_out: str
    ) -> GraphError:
        return kind(
            f'{self.op} "{self.name}": {what}',
            where=str(self.location),
            expected=expected,
            got=got,
            way_out=way_out,
        )


@dataclass(frozen=True, slots=True)
class Call:
    """An operator with its input types and attributes: what rules, costs and execution see."""

    site: Site
    types: tuple[TensorType, ...]
    attributes: Attributes

    def integer(self, name: str) -> int:
        """Return an INT attribute."""
        return cast("int", self.attributes[name])

    def integers(self, name: str) -> tuple[int, ...]:
        """Return an INTS attribute."""
        return cast("tuple[int, ...]", self.attributes[name])

    def real(self, name: str) -> float:
        """Return a FLOAT attribute."""
        return cast("float", self.attributes[name])

    def text(self, name: str) -> str:
        """Return a STRING attribute."""
        return cast("str", self.attributes[name])

    def is_set(self, name: str) -> bool:
        """Return a BOOL attribute."""
        return cast("bool", self.attributes[name])

    def require_floating(self) -> None:
        """Refuse inputs of different or of integer element types."""
        dtypes = [type_.dtype for type_ in self.types]
        if not dtypes[0].is_floating:
            raise self.site.dtype_error(
                "cannot compute in this element type",
                expected="fp32, fp16 or bf16",
                got=dtypes[0].value,
            )
        if len(set(dtypes)) > 1:
            raise self.site.dtype_error(
                "inputs differ in element type",
                expected=dtypes[0].value,
                got=", ".join(dtype.value for dtype in dtypes),
                way_out=f'make constants with dtype="{dtypes[0].value}"',
            )


def no_macs(call: Call, outputs: Sequence[TensorType]) -> int:  # noqa: ARG001 - one signature
    """Return 0: the operator multiplies and accumulates nothing."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """The one declaration of an operator.

    Attributes:
        name: Name in the IR, in files and in reports.
        doc: One sentence: what it computes.
        operands: Names of the inputs, in order.
        required: How many of them every node has; the others may be left out from the end.
        is_variadic: The last operand repeats.
        attributes: Attributes that every node carries, in printed order.
        infer: Output types of a call, or a ShapeError, DtypeError or GraphError.
        reference: Output values on arrays of the input types: the numbers every model must
            reproduce. `numerics` says when values are rounded.
        macs: Multiply-accumulate operations of a call.
    """

    name: str
    doc: str
    operands: tuple[str, ...]
    required: int
    infer: Callable[[Call], tuple[TensorType, ...]]
    reference: Callable[[Call, Sequence[Array]], tuple[Array, ...]]
    is_variadic: bool = False
    attributes: tuple[Attribute, ...] = ()
    macs: Callable[[Call, Sequence[TensorType]], int] = no_macs

    def output_types(self, call: Call) -> tuple[TensorType, ...]:
        """Check a call completely and return its output types.

        Raises:
            GraphError: Operands, attributes, shapes or element types are wrong; the message
                names the node and the user's line.
        """
        self._check_operands(call)
        self._check_attributes(call)
        try:
            return self.infer(call)
        except GraphError as error:
            raise (error if error.where else call.site.relocate(error)) from None

    def _check_operands(self, call: Call) -> None:
        count = len(call.types)
        if count < self.required or (count > len(self.operands) and not self.is_variadic):
            raise call.site.error(
                "wrong number of inputs", expected=", ".join(self.operands), got=str(count)
            )

    def _check_attributes(self, call: Call) -> None:
        expected = [attribute.name for attribute in self.attributes]
        if sorted(call.attributes) != sorted(expected):
            raise call.site.error(
                "wrong set of attributes",
                expected=", ".join(expected) or "none",
                got=", ".join(sorted(call.attributes)) or "none",
            )
        for attribute in self.attributes:
            value = call.attributes[attribute.name]
            if not attribute.accepts(value):
                raise call.site.error(
                    f"attribute {attribute.name} is out of range",
                    expected=attribute.expectation(),
                    got=repr(value),
                )
