"""Check a whole graph against the declarations of its operators, and make graphs of nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.errors import GraphError
from harness.graph.graph import Graph
from harness.graph.node import NAME, SOURCES, Node, Tensor, tensor_names
from harness.graph.operators import find_operator
from harness.graph.tensor_type import DType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.graph.operator import Array


def graph_from_nodes(
    name: str,
    nodes: Iterable[Node],
    constants: Mapping[str, Array],
    outputs: Sequence[Tensor] = (),
) -> Graph:
    """Make a frozen graph of nodes, as passes and file readers do.

    Args:
        name: The network's name.
        nodes: Producers before consumers; their output types are checked, not inferred.
        constants: Value of each constant by tensor name; arrays are kept, not copied.
        outputs: Results; empty: all computed tensors that nobody consumes.

    Raises:
        GraphError: The graph does not verify.
    """
    graph = Graph.assemble(name, tuple(nodes), constants, outputs)
    verify(graph)
    return graph


def verify(graph: Graph) -> None:
    """Check that every node obeys its operator's declaration and every tensor is defined once.

    Raises:
        GraphError: The first violation, with the node and the user's line.
    """
    if not NAME.fullmatch(graph.name):
        raise GraphError(
            "a graph's name consists of letters, digits and _ . / -", got=repr(graph.name)
        )
    defined: dict[str, Tensor] = {}
    for node in graph.nodes:
        _verify_node(node, defined)
        if node.op == "constant":
            _verify_constant(node, graph.constants)
    _verify_outputs(graph, defined)
    strangers = sorted(set(graph.constants) - {n.name for n in graph.nodes if n.op == "constant"})
    if strangers:
        raise GraphError("values without a constant node", got=", ".join(strangers))


def _verify_node(node: Node, defined: dict[str, Tensor]) -> None:
    call = node.call()
    if not NAME.fullmatch(node.name):
        raise call.site.error("a node's name consists of letters, digits and _ . / -")
    operator = find_operator(node.op, where=f'node "{node.name}", {node.location}')
    for tensor in node.inputs:
        if defined.get(tensor.name) != tensor:
            raise call.site.error(
                f'input "{tensor.name}" is not defined before the node',
                expected=f"a tensor of type {tensor.type}",
                got=str(defined[tensor.name].type) if tensor.name in defined else "none",
            )
    if node.op in SOURCES:
        types = tuple(tensor.type for tensor in node.outputs)
        if len(types) != 1 or node.inputs or node.attributes:
            raise call.site.error(f"{node.op} has one output, no input and no attribute")
    else:
        types = operator.output_types(call)
    names = tensor_names(node.name, node.op, len(types))
    if tuple(tensor.name for tensor in node.outputs) != names:
        raise call.site.error(
            "wrong names of outputs",
            expected=", ".join(names),
            got=", ".join(tensor.name for tensor in node.outputs),
        )
    for tensor, type_ in zip(node.outputs, types, strict=True):
        if tensor.type != type_:
            raise call.site.shape_error(
                f'output "{tensor.name}" has the wrong type',
                expected=str(type_),
                got=str(tensor.type),
            )
        if tensor.name in defined:
            raise call.site.error(f'tensor "{tensor.name}" is defined twice')
        defined[tensor.name] = tensor


def _verify_constant(node: Node, constants: Mapping[str, Array]) -> None:
    tensor, site = node.outputs[0], node.call().site
    value = constants.get(tensor.name)
    if value is None:
        raise site.error("the constant has no value")
    if value.shape != tensor.shape or DType.of(value) is not tensor.dtype:
        raise site.shape_error(
            "the value is of another type",
            expected=str(tensor.type),
            got=f"{value.dtype}{list(value.shape)}",
        )


def _verify_outputs(graph: Graph, defined: Mapping[str, Tensor]) -> None:
    if not graph.outputs:
        raise GraphError(f'graph "{graph.name}" computes nothing')
    names = [tensor.name for tensor in graph.outputs]
    sources = {node.name for node in graph.nodes if node.op in SOURCES}
    for tensor in graph.outputs:
        if defined.get(tensor.name) != tensor or tensor.name in sources:
            raise GraphError(
                f'output "{tensor.name}" of graph "{graph.name}" is not computed by any node'
            )
    if len(set(names)) != len(names):
        raise GraphError(f'graph "{graph.name}" names an output twice', got=", ".join(names))
