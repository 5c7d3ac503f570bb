"""The printed form of a graph: one node a line; `text_parser` reads it back.

    graph "lenet5" {
      %image: fp16[1,28,28,1] NHWC = input() loc("net.py":12)
      %conv0.weights: fp16[32,3,3,1] NHWC = constant() loc("net.py":13)
      %conv0.output: fp16[1,26,26,32] NHWC = conv2d(%image, %conv0.weights) {activation = "relu"}
      return %conv0.output
    }

Attributes that equal their default are left out. Values of constants are not part of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.graph.operators import find_operator

if TYPE_CHECKING:
    from harness.graph.graph import Graph
    from harness.graph.node import Node
    from harness.graph.operator import AttributeValue


def format_graph(graph: Graph, *, locations: bool = True) -> str:
    """Return the text form of a graph.

    Args:
        graph: The network.
        locations: Print the user's file and line of each node.
    """
    lines = [f"graph {json.dumps(graph.name)} {{"]
    lines += [f"  {format_node(node, locations=locations)}" for node in graph.nodes]
    results = ", ".join(f"%{tensor.name}" for tensor in graph.outputs)
    return "\n".join([*lines, f"  return {results}", "}", ""])


def format_node(node: Node, *, locations: bool = True) -> str:
    """Return the line of a node."""
    results = ", ".join(f"%{tensor.name}: {tensor.type}" for tensor in node.outputs)
    operands = ", ".join(f"%{tensor.name}" for tensor in node.inputs)
    attributes = ", ".join(
        f"{spec.name} = {_format_value(node.attributes[spec.name])}"
        for spec in find_operator(node.op).attributes
        if node.attributes[spec.name] != spec.default
    )
    line = f"{results} = {node.op}({operands})"
    if attributes:
        line += f" {{{attributes}}}"
    if locations and node.location.file:
        line += f" loc({json.dumps(node.location.file)}:{node.location.line})"
    return line


def _format_value(value: AttributeValue) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return json.dumps(value)  # repr for floats: the shortest text that reads back exactly
