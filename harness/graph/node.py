"""Tensors and nodes: the frozen parts of a graph."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from harness.base.errors import GraphError
from harness.base.location import UNKNOWN_LOCATION, SourceLocation
from harness.graph.operator import Attributes, Call, Site

if TYPE_CHECKING:
    from harness.graph.tensor_type import DType, Layout, TensorType

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,254}")
"""Names of graphs and nodes: they appear in files, statistics and the text form."""

SOURCES = ("input", "constant")
"""Operators without inputs; their tensor has the node's own name."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value in a graph; what it holds is its type's business, who made it the graph's."""

    name: str
    type: TensorType

    @property
    def shape(self) -> tuple[int, ...]:
        """Elements per dimension."""
        return self.type.shape

    @property
    def dtype(self) -> DType:
        """Element type."""
        return self.type.dtype

    @property
    def layout(self) -> Layout:
        """Order of the dimensions."""
        return self.type.layout


@dataclass(frozen=True, slots=True)
class Node:
    """One application of an operator."""

    name: str
    op: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    attributes: Attributes = field(hash=False)
    location: SourceLocation = UNKNOWN_LOCATION

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", MappingProxyType(dict(self.attributes)))

    def call(self) -> Call:
        """Return what the operator's declaration works on."""
        types = tuple(tensor.type for tensor in self.inputs)
        return Call(Site(self.op, self.name, self.location), types, self.attributes)


def tensor_names(node: str, op: str, count: int) -> tuple[str, ...]:
    """Return the names of a node's output tensors.

    The tensor of an input or a constant has the node's own name, others are called
    "<node>.output", "<node>.output1", ...
    """
    if op in SOURCES:
        return (node,)
    return tuple(f"{node}.output{index or ''}" for index in range(count))


def read_location(file: str, line: int, where: str) -> SourceLocation:
    """Return a location that a file states.

    Raises:
        GraphError: The path could not be one: error messages look for its text.
    """
    if not 0 <= line < 2**32 or any(character < " " or character == "\x7f" for character in file):
        raise GraphError("the location has control characters or no line number", where=where)
    try:
        file.encode()
    except UnicodeEncodeError:
        raise GraphError("the location is not Unicode", where=where) from None
    return SourceLocation(file, line)
