"""A network as a table: what each node makes, computes and stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.units import format_bytes
from harness.graph.node import SOURCES, Node
from harness.graph.operators import find_operator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.graph.graph import Graph


def node_macs(node: Node) -> int:
    """Return the multiply-accumulate operations of a node in one inference."""
    return find_operator(node.op).macs(node.call(), [tensor.type for tensor in node.outputs])


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """A node of the table; a constant's parameters count for its first consumer."""

    node: str
    op: str
    output: str
    macs: int
    parameters: int


def summary_rows(graph: Graph) -> tuple[SummaryRow, ...]:
    """Return one row per node that computes or is fed; constants have none of their own."""
    pending = {name: value.size for name, value in graph.constants.items()}
    rows = []
    for node in graph.nodes:
        if node.op != "constant":
            parameters = sum(pending.pop(tensor.name, 0) for tensor in node.inputs)
            types = ", ".join(str(tensor.type) for tensor in node.outputs)
            rows.append(SummaryRow(node.name, _label(node), types, node_macs(node), parameters))
    return tuple(rows)


def _label(node: Node) -> str:
    activation = node.attributes.get("activation", "none")
    return node.op if activation == "none" else f"{node.op} + {activation}"


def summarize(graph: Graph) -> str:
    """Return a table: node, operator, output type, MACs, parameters, and totals."""
    rows = summary_rows(graph)
    stored = sum(value.nbytes for value in graph.constants.values())
    computed = sum(node.op not in SOURCES for node in graph.nodes)
    cells = [("node", "operator", "output", "MACs", "parameters")]
    cells += [(r.node, r.op, r.output, f"{r.macs:,}", f"{r.parameters:,}") for r in rows]
    macs = sum(row.macs for row in rows)
    parameters = sum(row.parameters for row in rows)
    cells.append(("total", f"{computed} operators", "", f"{macs:,}", f"{parameters:,}"))
    lines = _aligned(cells)
    rule = "-" * max(map(len, lines))
    table = [f"graph {graph.name}", lines[0], rule, *lines[1:-1], rule, lines[-1]]
    return "\n".join([*table, f"constants: {format_bytes(stored)}", ""])


def _aligned(cells: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column >= 3 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
