"""Execute a graph on the CPU with numpy: the numbers that every model must reproduce."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.base.errors import DtypeError, GraphError, ShapeError
from harness.graph.operators import OPERATORS

if TYPE_CHECKING:
    from harness.graph.graph import Graph
    from harness.graph.node import Tensor
    from harness.graph.operator import Array


def execute_reference(
    graph: Graph, inputs: Mapping[str, Array] | Sequence[Array], *, keep_all: bool = False
) -> dict[str, Array]:
    """Compute a network's outputs; `numerics` says when values are rounded.

    Args:
        graph: The network.
        inputs: Arrays by tensor name, or in the order of `graph.inputs`, of exactly the
            inputs' shapes and element types.
        keep_all: Return every tensor, inputs and constants included.

    Returns:
        Arrays by tensor name, outputs in the order of `graph.outputs`.

    Raises:
        GraphError: Inputs are missing, unknown, or of another shape or element type.
    """
    values = {**graph.constants, **_checked(graph, inputs)}
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # inf and NaN are values
        for node in graph.nodes:
            if node.op in ("input", "constant"):
                continue
            arrays = [values[tensor.name] for tensor in node.inputs]
            results = OPERATORS[node.op].reference(node.call(), arrays)
            values.update(
                (tensor.name, array) for tensor, array in zip(node.outputs, results, strict=True)
            )
    wanted = graph.tensors.values() if keep_all else graph.outputs
    return {tensor.name: values[tensor.name] for tensor in wanted}


def _checked(graph: Graph, inputs: Mapping[str, Array] | Sequence[Array]) -> dict[str, Array]:
    names = [tensor.name for tensor in graph.inputs]
    if not isinstance(inputs, Mapping):
        if len(inputs) != len(names):
            raise _wrong_inputs(graph, names, f"{len(inputs)} arrays")
        inputs = dict(zip(names, inputs, strict=True))
    if set(inputs) != set(names):
        raise _wrong_inputs(graph, names, ", ".join(sorted(inputs)) or "none")
    return {tensor.name: _checked_array(tensor, inputs[tensor.name]) for tensor in graph.inputs}


def _wrong_inputs(graph: Graph, names: list[str], got: str) -> GraphError:
    return GraphError(
        f'wrong inputs of graph "{graph.name}"', expected=", ".join(names) or "none", got=got
    )


def _checked_array(tensor: Tensor, value: Array) -> Array:
    array = np.asarray(value)
    if array.shape != tensor.shape:
        raise ShapeError(
            f'input "{tensor.name}" has the wrong shape',
            expected=str(tensor.type),
            got=str(list(array.shape)),
        )
    if array.dtype != tensor.dtype.numpy:
        raise DtypeError(
            f'input "{tensor.name}" has the wrong element type',
            expected=tensor.dtype.value,
            got=str(array.dtype),
            way_out=f"array.astype(numpy.{tensor.dtype.numpy.name})",
        )
    return array
