"""Graphs on disk: graph.pb and weights.bin in a directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import GraphError, HarnessError

if TYPE_CHECKING:
    import os

    from harness.graph.graph import Graph

GRAPH_FILE = "graph.pb"
WEIGHTS_FILE = "weights.bin"


def save_graph(graph: Graph, directory: str | os.PathLike[str]) -> Path:
    """Write a graph; equal graphs give equal bytes.

    Each file is complete or absent: it is written under another name and then renamed.

    Args:
        graph: A frozen graph.
        directory: Made if it does not exist.

    Returns:
        Path of graph.pb.

    Raises:
        GraphError: The graph is still being built.
        HarnessError: The files cannot be written.
    """
    from harness.graph.codec import encode_graph  # noqa: PLC0415 - protobuf costs 30 ms

    if not graph.is_frozen:
        raise GraphError(
            f'graph "{graph.name}" is not finished', way_out="save it after the with block"
        )
    target = Path(directory)
    data, weights = encode_graph(graph)
    try:
        target.mkdir(parents=True, exist_ok=True)
        _replace(target / WEIGHTS_FILE, weights)
        _replace(target / GRAPH_FILE, data)
    except OSError as error:
        raise HarnessError(
            f'cannot write graph "{graph.name}"', where=str(target), got=str(error)
        ) from error
    return target / GRAPH_FILE


def load_graph(
    path: str | os.PathLike[str], *, weights: str | os.PathLike[str] | None = None
) -> Graph:
    """Read and verify a graph.

    Args:
        path: A directory written by `save_graph`, or its graph.pb.
        weights: The weights file; None: weights.bin beside graph.pb.

    Raises:
        GraphError: A file is missing, damaged, of another version, or describes no valid graph.
    """
    from harness.graph.codec import decode_graph  # noqa: PLC0415 - protobuf costs 30 ms

    file = Path(path) / GRAPH_FILE if Path(path).is_dir() else Path(path)
    weights_file = file.parent / WEIGHTS_FILE if weights is None else Path(weights)
    return decode_graph(_read(file), _read(weights_file), where=str(file))


def _replace(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise GraphError(
            "cannot read the graph", where=str(path), got=str(error), way_out="check the path"
        ) from error
