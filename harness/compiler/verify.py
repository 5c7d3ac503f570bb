"""First pass: check a graph once more and turn it into the compiler's own form."""

from __future__ import annotations

from harness.base.errors import CompileError
from harness.compiler.network import Network, Operation, Value
from harness.graph import OPERATORS, Graph, Node

SOURCES = ("input", "constant")


def verify_graph(graph: Graph) -> Network:
    """Return the network of a frozen graph.

    Raises:
        CompileError: The graph is unfinished or has no operation.
    """
    if not graph.is_frozen:
        raise CompileError(
            f'graph "{graph.name}" is not finished', way_out="leave its with block first"
        )
    nodes = [node for node in graph.nodes if node.op not in SOURCES]
    if not nodes:
        raise CompileError(f'graph "{graph.name}" has no operator')
    values = {
        tensor.name: Value(
            tensor.name, tensor.type.shape, tensor.type.dtype.value, tensor.type.layout.value
        )
        for node in graph.nodes
        for tensor in node.outputs
    }
    return Network(
        name=graph.name,
        values=values,
        operations=tuple(_operation(node) for node in nodes),
        inputs=tuple(tensor.name for tensor in graph.inputs),
        outputs=tuple(tensor.name for tensor in graph.outputs),
        constants=dict(graph.constants),
    )


def _operation(node: Node) -> Operation:
    macs = OPERATORS[node.op].macs(node.call(), tuple(tensor.type for tensor in node.outputs))
    return Operation(
        name=node.name,
        op=node.op,
        inputs=tuple(tensor.name for tensor in node.inputs),
        outputs=tuple(tensor.name for tensor in node.outputs),
        attributes=dict(node.attributes),
        macs=macs,
        location=node.location,
    )
