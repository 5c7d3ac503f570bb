"""Read the text form that `text` prints."""

from __future__ import annotations

import json
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

from harness.base.errors import GraphError
from harness.base.location import UNKNOWN_LOCATION, SourceLocation
from harness.graph.node import SOURCES, Node, Tensor, read_location
from harness.graph.operators import find_operator
from harness.graph.tensor_type import DType, Layout, TensorType
from harness.graph.verify import graph_from_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.graph.graph import Graph
    from harness.graph.operator import Array, Attributes, AttributeValue

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<tensor>%[A-Za-z0-9_][A-Za-z0-9_./-]*)
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<mark>[{}()\[\]:,=])
    )""",
    re.VERBOSE,
)
_MAXIMUM_NUMBER_DIGITS = 400


def parse_graph(text: str, constants: Mapping[str, Array]) -> Graph:
    """Return the graph of a text form.

    Args:
        text: What `format_graph` printed.
        constants: Value of each constant by tensor name.

    Raises:
        GraphError: The text is malformed (the message names the line) or describes no valid
            graph.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) < 3 or lines[-1][1].strip() != "}":
        raise GraphError(
            "the text is no graph", expected='graph "name" { ... return ... }', got=text[:40]
        )
    first = _Line(*lines[0])
    first.take("word", "graph")
    name = first.string()
    first.take("mark", "{")
    first.end()
    tensors: dict[str, Tensor] = {}
    nodes = []
    for number, line in lines[1:-2]:
        nodes.append(_parse_node(_Line(number, line), tensors))
    last = _Line(*lines[-2])
    last.take("word", "return")
    outputs = list(_parse_tensors(last, tensors))
    last.end()
    if not outputs:
        last.fail("a tensor")
    return graph_from_nodes(name, nodes, constants, outputs)


class _Line:
    """The tokens of one line."""

    def __init__(self, number: int, text: str) -> None:
        self._number = number
        self._text = text
        self._position = 0

    def take(self, kind: str, value: str | None = None) -> str:
        """Return the next token, which must be of the kind (and the value)."""
        match = self._match()
        if match is None or match.lastgroup != kind or value not in (None, match[kind]):
            self.fail(value or f"a {kind}")
        self._position = match.end()
        return match[kind]

    def sees(self, kind: str, value: str | None = None) -> bool:
        """Whether the next token is of the kind (and the value)."""
        match = self._match()
        return match is not None and match.lastgroup == kind and value in (None, match[kind])

    def skip(self, value: str) -> bool:
        """Take the next token if it is this mark or word."""
        for kind in ("mark", "word"):
            if self.sees(kind, value):
                self.take(kind, value)
                return True
        return False

    def end(self) -> None:
        """Refuse further tokens."""
        if self._text[self._position :].strip():
            self.fail("the end of the line")

    def fail(self, expected: str) -> NoReturn:
        """Raise what was expected here instead of what there is."""
        raise GraphError(
            "malformed text form of a graph",
            where=f"line {self._number}, column {self._position + 1}",
            expected=expected,
            got=repr(self._text[self._position : self._position + 40]),
        )

    def place(self) -> str:
        """Return the line's number, for error messages."""
        return f"line {self._number}"

    def located(self, error: GraphError) -> GraphError:
        """Return an error with the line's number."""
        return type(error)(error.what, where=self.place(), expected=error.expected, got=error.got)

    def integer(self) -> int:
        """Take an integer."""
        value = self.number()
        if not isinstance(value, int):
            self.fail("an integer")
        return value

    def number(self) -> int | float:
        """Take a number; one with a point or an exponent is a float."""
        text = self.take("number")
        if len(text) > _MAXIMUM_NUMBER_DIGITS:
            self.fail("a shorter number")
        return float(text) if set(text) & set(".eE") else int(text)

    def string(self) -> str:
        """Take a string."""
        text = self.take("string")
        try:
            return str(json.loads(text))
        except ValueError:
            self.fail("a JSON string")

    def _match(self) -> re.Match[str] | None:
        return _TOKEN.match(self._text, self._position)


def _parse_node(line: _Line, tensors: dict[str, Tensor]) -> Node:
    outputs = [_parse_definition(line)]
    while line.skip(","):
        outputs.append(_parse_definition(line))
    line.take("mark", "=")
    op = line.take("word")
    line.take("mark", "(")
    inputs = () if line.sees("mark", ")") else tuple(_parse_tensors(line, tensors))
    line.take("mark", ")")
    attributes = _parse_attributes(line, op)
    location = _parse_location(line)
    line.end()
    tensors.update((tensor.name, tensor) for tensor in outputs)
    first = outputs[0].name
    name = first if op in SOURCES else first.removesuffix(".output")
    return Node(name, op, inputs, tuple(outputs), attributes, location)


def _parse_tensors(line: _Line, tensors: Mapping[str, Tensor]) -> Iterator[Tensor]:
    while True:
        name = line.take("tensor")[1:]
        if name not in tensors:
            line.fail(f"a tensor that is defined before its use; {name} is not")
        yield tensors[name]
        if not line.skip(","):
            return


def _parse_definition(line: _Line) -> Tensor:
    name = line.take("tensor")[1:]
    line.take("mark", ":")
    dtype = line.take("word")
    line.take("mark", "[")
    shape = [line.integer()]
    while line.skip(","):
        shape.append(line.integer())
    line.take("mark", "]")
    layout = line.take("word")
    try:
        return Tensor(name, TensorType(tuple(shape), DType.parse(dtype), Layout.parse(layout)))
    except GraphError as error:
        raise line.located(error) from None


def _parse_attributes(line: _Line, op: str) -> Attributes:
    try:
        specs = find_operator(op).attributes
    except GraphError as error:
        raise line.located(error) from None
    stated: dict[str, AttributeValue] = {}
    if line.skip("{"):
        while True:
            name = line.take("word")
            line.take("mark", "=")
            if name in stated or name not in {spec.name for spec in specs}:
                line.fail(f"each attribute of {op} at most once")
            stated[name] = _parse_value(line)
            if not line.skip(","):
                break
        line.take("mark", "}")
    defaults = {spec.name: spec.default for spec in specs if spec.default is not None}
    both = {**defaults, **stated}
    return MappingProxyType({spec.name: both[spec.name] for spec in specs if spec.name in both})


def _parse_value(line: _Line) -> AttributeValue:
    if line.sees("string"):
        return line.string()
    if line.sees("number"):
        return line.number()
    if line.skip("["):
        values = [] if line.sees("mark", "]") else [line.integer()]
        while line.skip(","):
            values.append(line.integer())
        line.take("mark", "]")
        return tuple(values)
    word = line.take("word")
    if word not in ("true", "false"):
        line.fail("a number, a string, a list of integers, true or false")
    return word == "true"


def _parse_location(line: _Line) -> SourceLocation:
    if not line.skip("loc"):
        return UNKNOWN_LOCATION
    line.take("mark", "(")
    file = line.string()
    line.take("mark", ":")
    number = line.integer()
    line.take("mark", ")")
    return read_location(file, number, line.place())
