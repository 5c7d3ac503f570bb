"""The graph that a `with` block fills and then freezes."""

from __future__ import annotations

from contextvars import ContextVar, Token
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, final

import numpy as np

from harness.base.errors import GraphError
from harness.base.location import caller_location
from harness.graph.node import NAME, SOURCES, Node, Tensor, tensor_names
from harness.graph.operator import Array, Attributes, Call, Operator, Site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.graph.tensor_type import TensorType

_ACTIVE: ContextVar[Graph | None] = ContextVar("harness_active_graph", default=None)


@final
class Graph:
    """A network: nodes in the order of their creation, which is a topological order.

    A `with Graph("name"):` block makes it the active graph that operators add nodes to; when
    the block ends without an error the graph is frozen. Outputs are the tensors given to
    `output`, or else all computed tensors that nobody consumes.
    """

    __slots__ = ("_constants", "_frozen", "_marked", "_name", "_nodes", "_tensors", "_token")

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise GraphError(
                "a graph's name consists of letters, digits and _ . / -",
                where=str(caller_location()),
                got=repr(name),
            )
        self._name = name
        self._nodes: dict[str, Node] = {}
        self._tensors: dict[str, Tensor] = {}
        self._constants: dict[str, Array] = {}
        self._marked: list[Tensor] = []
        self._token: Token[Graph | None] | None = None
        self._frozen = False

    def __enter__(self) -> Graph:
        other = _ACTIVE.get()
        if other is not None:
            raise GraphError(
                f'graph "{self._name}" cannot begin inside graph "{other.name}"',
                where=str(caller_location()),
                way_out="end the outer with block first; graphs do not nest",
            )
        if self._frozen or self._token is not None or self._nodes:
            raise GraphError(
                f'graph "{self._name}" is finished and cannot be entered again',
                where=str(caller_location()),
                way_out="make a new Graph",
            )
        self._token = _ACTIVE.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _ACTIVE.reset(self._token)
        if kind is None:
            self.freeze()

    @property
    def name(self) -> str:
        """The network's name."""
        return self._name

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, producers before consumers."""
        return tuple(self._nodes.values())

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """Tensors that the user feeds, in the order of their creation."""
        return tuple(node.outputs[0] for node in self._nodes.values() if node.op == "input")

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """Results: what `output` named, else what nobody consumes."""
        if self._marked:
            return tuple(self._marked)
        consumed = {tensor.name for node in self._nodes.values() for tensor in node.inputs}
        computed = (node for node in self._nodes.values() if node.op not in SOURCES)
        return tuple(
            tensor for node in computed for tensor in node.outputs if tensor.name not in consumed
        )

    @property
    def constants(self) -> Mapping[str, Array]:
        """Values of the constants by tensor name; the arrays are read-only."""
        return MappingProxyType(self._constants)

    @property
    def tensors(self) -> Mapping[str, Tensor]:
        """All tensors by name."""
        return MappingProxyType(self._tensors)

    @property
    def is_frozen(self) -> bool:
        """Whether the with block has ended."""
        return self._frozen

    def node(self, name: str) -> Node:
        """Return the node of that name.

        Raises:
            GraphError: There is none.
        """
        if name not in self._nodes:
            raise GraphError(
                f'graph "{self._name}" has no node "{name}"',
                expected=", ".join(self._nodes) or "an empty graph has none",
            )
        return self._nodes[name]

    def producer(self, tensor: Tensor) -> Node:
        """Return the node that makes the tensor."""
        for node in self._nodes.values():
            if tensor in node.outputs:
                return node
        raise GraphError(f'graph "{self._name}" has no tensor "{tensor.name}"')

    def consumers(self, tensor: Tensor) -> tuple[Node, ...]:
        """Return the nodes that read the tensor, in order."""
        return tuple(node for node in self._nodes.values() if tensor in node.inputs)

    def output(self, tensor: Tensor) -> Tensor:
        """Mark a tensor as a result of the network; only what is marked is one then."""
        site = Site.here("output", getattr(tensor, "name", "?"))
        self._require_open(site)
        self._require_own(site, tensor)
        if tensor in self._marked:
            raise site.error("the tensor is already an output")
        if tensor.name in self._nodes:
            raise site.error("inputs and constants cannot be outputs themselves")
        self._marked.append(tensor)
        return tensor

    def add(
        self,
        operator: Operator,
        inputs: Sequence[Tensor],
        attributes: Attributes,
        site: Site,
        *,
        types: tuple[TensorType, ...] | None = None,
    ) -> Node:
        """Check a node and append it; operators call this, users call operators.

        Args:
            operator: The declaration.
            inputs: Tensors of this graph.
            attributes: All attributes of the declaration.
            site: Wanted name and the user's line; a name in use gets a suffix _1, _2, ...
            types: Output types of sources; otherwise the declaration infers them.
        """
        self._require_open(site)
        for tensor in inputs:
            self._require_own(site, tensor)
        call = Call(site, tuple(tensor.type for tensor in inputs), attributes)
        types = operator.output_types(call) if types is None else types
        name = self._unique_name(site, len(types))
        names = tensor_names(name, operator.name, len(types))
        outputs = tuple(map(Tensor, names, types))
        ordered = {spec.name: attributes[spec.name] for spec in operator.attributes}
        node = Node(name, operator.name, tuple(inputs), outputs, ordered, site.location)
        self._append(node)
        return node

    def add_constant(self, tensor: str, value: Array) -> None:
        """Attach the value of a constant, read-only from here; the caller must not change it."""
        self._constants[tensor] = value.view()
        self._constants[tensor].flags.writeable = False

    @classmethod
    def assemble(
        cls,
        name: str,
        nodes: Sequence[Node],
        constants: Mapping[str, Array],
        outputs: Sequence[Tensor],
    ) -> Graph:
        """Make a frozen graph without checks; `graph_from_nodes` makes a verified one."""
        graph = cls(name)
        for node in nodes:
            if node.name in graph._nodes:
                raise node.call().site.error("another node has this name")
            graph._append(node)
        for tensor, value in constants.items():
            graph.add_constant(tensor, np.ascontiguousarray(value))
        graph._marked = list(outputs)
        graph._frozen = True
        return graph

    def freeze(self) -> None:
        """End construction; a graph needs at least one output."""
        if not self.outputs:
            raise GraphError(
                f'graph "{self._name}" computes nothing',
                where=str(caller_location()),
                way_out="apply at least one operator inside the with block",
            )
        self._frozen = True

    def _append(self, node: Node) -> None:
        self._nodes[node.name] = node
        for tensor in node.outputs:
            self._tensors[tensor.name] = tensor

    def _unique_name(self, site: Site, count: int) -> str:
        name, suffix = str(site.name), 0
        while name in self._nodes or any(
            tensor in self._tensors for tensor in tensor_names(name, site.op, count)
        ):
            suffix += 1
            name = f"{site.name}_{suffix}"
        if not isinstance(site.name, str) or not NAME.fullmatch(name):
            raise site.error(
                "a node's name consists of letters, digits and _ . / -",
                expected="at most 255, none of . / - first",
                got=repr(name),
            )
        return name

    def _require_open(self, site: Site) -> None:
        if self._frozen:
            raise site.error(f'graph "{self._name}" is frozen', way_out="build a new graph")

    def _require_own(self, site: Site, tensor: Tensor) -> None:
        if not isinstance(tensor, Tensor):
            raise site.error(
                "inputs must be tensors",
                got=type(tensor).__name__,
                way_out="wrap an array: constant(array, layout=..., name=...)",
            )
        if self._tensors.get(tensor.name) is not tensor:
            raise site.error(
                f'tensor "{tensor.name}" belongs to another graph than "{self._name}"',
                way_out="make the tensor inside the same with block",
            )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Graph):
            return NotImplemented
        return (
            (self.name, self.nodes, self.outputs) == (other.name, other.nodes, other.outputs)
            and self.constants.keys() == other.constants.keys()
            and all(_same(value, other.constants[key]) for key, value in self.constants.items())
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Graph({self._name!r}, {len(self._nodes)} nodes)"


def _same(left: Array, right: Array) -> bool:
    return np.array_equal(left.view(np.uint8), right.view(np.uint8))


def active_graph(site: Site) -> Graph:
    """Return the graph of the enclosing with block.

    Raises:
        GraphError: There is none.
    """
    graph = _ACTIVE.get()
    if graph is None:
        raise site.error(
            "operators apply inside a graph only",
            way_out='put the call into a block: with Graph("name"): ...',
        )
    return graph


def apply_operator(
    operator: Operator, inputs: Sequence[Tensor], attributes: Attributes, site: Site
) -> tuple[Tensor, ...]:
    """Add a node to the active graph and return its output tensors."""
    return active_graph(site).add(operator, inputs, attributes, site).outputs
