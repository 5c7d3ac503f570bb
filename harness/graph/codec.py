"""graph.pb and weights.bin as bytes; the only file of this package that sees protobuf."""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from google.protobuf.message import DecodeError

from harness import __version__
from harness.base.errors import GraphError
from harness.base.location import UNKNOWN_LOCATION, SourceLocation
from harness.graph.node import Node, Tensor, read_location, tensor_names
from harness.graph.operators import find_operator
from harness.graph.tensor_type import DType, Layout, TensorType
from harness.graph.verify import graph_from_nodes
from harness.pb.graph.v1 import graph_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.graph.graph import Graph
    from harness.graph.operator import Array, Attributes, AttributeValue

FORMAT_VERSION = 1
WEIGHTS_ALIGNMENT_BYTES = 64
MAXIMUM_GRAPH_BYTES = 256 * 1024 * 1024
"""A graph.pb holds no weights; a larger file is not one."""

_SEAL = b"\x7a\x40"  # field 15, 64 bytes: `content_sha256`
_SEAL_BYTES = len(_SEAL) + 64
_DATA_TYPES = MappingProxyType(
    {dtype: graph_pb2.DataType.Value(f"DATA_TYPE_{dtype.name}") for dtype in DType}
)
_LAYOUTS = MappingProxyType(
    {layout: graph_pb2.Layout.Value(f"LAYOUT_{layout.name}") for layout in Layout}
)


def encode_graph(graph: Graph) -> tuple[bytes, bytes]:
    """Return the bytes of graph.pb and of weights.bin; equal graphs give equal bytes."""
    weights = bytearray()
    message = graph_pb2.Graph(
        producer=f"harness {__version__}", format_version=FORMAT_VERSION, name=graph.name
    )
    for node in graph.nodes:
        _encode_node(message.nodes.add(), node)
        if node.op == "constant":
            weights.extend(bytes(-len(weights) % WEIGHTS_ALIGNMENT_BYTES))
            message.nodes[-1].weights_offset_bytes = len(weights)
            value = graph.constants[node.outputs[0].name]
            weights.extend(value.astype(node.outputs[0].dtype.numpy, copy=False).tobytes())
    message.outputs.extend(tensor.name for tensor in graph.outputs)
    message.weights_size_bytes = len(weights)
    message.weights_sha256 = hashlib.sha256(weights).hexdigest()
    return seal(message.SerializeToString(deterministic=True)), bytes(weights)


def seal(body: bytes) -> bytes:
    """Return the bytes of a graph message with `content_sha256` as its last field."""
    return body + _SEAL + hashlib.sha256(body).hexdigest().encode()


def _encode_node(message: graph_pb2.Node, node: Node) -> None:
    message.name, message.op = node.name, node.op
    message.inputs.extend(tensor.name for tensor in node.inputs)
    for tensor in node.outputs:
        message.outputs.add(
            shape=tensor.shape,
            data_type=_DATA_TYPES[tensor.dtype],
            layout=_LAYOUTS[tensor.layout],
        )
    for spec in find_operator(node.op).attributes:
        _encode_attribute(message.attributes.add(name=spec.name), node.attributes[spec.name])
    if node.location != UNKNOWN_LOCATION:
        file = node.location.file.encode("utf-8", "backslashreplace").decode()
        message.location.file, message.location.line = file, node.location.line


def _encode_attribute(message: graph_pb2.Attribute, value: AttributeValue) -> None:
    if isinstance(value, bool):
        message.flag = value
    elif isinstance(value, int):
        message.integer = value
    elif isinstance(value, float):
        message.real = value
    elif isinstance(value, str):
        message.text = value
    else:
        message.integers.values.extend(value)
        message.integers.SetInParent()


def decode_graph(data: bytes, weights: bytes, *, where: str = "graph.pb") -> Graph:
    """Return the graph of the bytes of graph.pb and weights.bin.

    Args:
        data: Bytes of graph.pb.
        weights: Bytes of weights.bin.
        where: Path for error messages.

    Raises:
        GraphError: The bytes are damaged, of another version, or describe no valid graph.
    """
    try:
        return _decode(data, weights)
    except GraphError as error:
        place = f"{where}: {error.where}" if error.where else where
        raise type(error)(
            error.what,
            where=place,
            expected=error.expected,
            got=error.got,
            way_out=error.way_out,
        ) from None


def _decode(data: bytes, weights: bytes) -> Graph:
    message = graph_pb2.Graph()
    try:
        message.ParseFromString(_unsealed(data))
    except DecodeError as error:
        raise GraphError("not a protobuf message", got=str(error)) from None
    _check_header(message, weights)
    tensors: dict[str, Tensor] = {}
    constants: dict[str, Array] = {}
    nodes = []
    for node_message in message.nodes:
        node = _decode_node(node_message, tensors)
        nodes.append(node)
        tensors.update((tensor.name, tensor) for tensor in node.outputs)
        if node.op == "constant":
            constants[node.name] = _decode_weights(node_message, node, weights)
    outputs = [
        _find(tensors, name, f'outputs of graph "{message.name}"') for name in message.outputs
    ]
    if not outputs:
        raise GraphError("the graph names no outputs")
    return graph_from_nodes(message.name, nodes, constants, outputs)


def _unsealed(data: bytes) -> bytes:
    if len(data) > MAXIMUM_GRAPH_BYTES:
        raise GraphError(
            "the file is too large",
            expected=f"at most {MAXIMUM_GRAPH_BYTES} B",
            got=f"{len(data)} B",
        )
    body, last = data[:-_SEAL_BYTES], data[-_SEAL_BYTES:]
    if len(last) != _SEAL_BYTES or not last.startswith(_SEAL):
        raise GraphError(
            "the file is truncated or no graph",
            expected="content_sha256 as the last field",
            got=f"{len(data)} B",
            way_out="write it again with save_graph",
        )
    if hashlib.sha256(body).hexdigest().encode() != last[len(_SEAL) :]:
        raise GraphError(
            "the file is damaged: its SHA-256 differs", way_out="write it again with save_graph"
        )
    return body


def _check_header(message: graph_pb2.Graph, weights: bytes) -> None:
    if message.format_version != FORMAT_VERSION or not message.producer:
        raise GraphError(
            "unknown format of the graph file",
            expected=f"format_version {FORMAT_VERSION} and a producer",
            got=f"format_version {message.format_version}, producer {message.producer!r}",
            way_out="write it again with this version of harness",
        )
    if message.weights_size_bytes != len(weights):
        raise GraphError(
            "the weights file has the wrong size",
            expected=f"{message.weights_size_bytes} B",
            got=f"{len(weights)} B",
        )
    digest = hashlib.sha256(weights).hexdigest()
    if message.weights_sha256 != digest:
        raise GraphError(
            "the weights file is damaged or another graph's: its SHA-256 differs",
            expected=message.weights_sha256[:64],
            got=digest,
        )


def _find(tensors: Mapping[str, Tensor], name: str, where: str) -> Tensor:
    if name not in tensors:
        raise GraphError(f"tensor {name!r} is not defined before its use", where=where)
    return tensors[name]


def _decode_node(message: graph_pb2.Node, tensors: Mapping[str, Tensor]) -> Node:
    where = f"node {message.name!r}"
    types = [_decode_type(output, where) for output in message.outputs]
    names = tensor_names(message.name, message.op, len(types))
    if len(names) != len(types):
        raise GraphError(f"an {message.op} has one output", where=where, got=str(len(types)))
    return Node(
        message.name,
        message.op,
        tuple(_find(tensors, name, where) for name in message.inputs),
        tuple(map(Tensor, names, types)),
        _decode_attributes(message, where),
        _decode_location(message, where),
    )


def _decode_type(message: graph_pb2.TensorType, where: str) -> TensorType:
    dtypes = {number: dtype for dtype, number in _DATA_TYPES.items()}
    layouts = {number: layout for layout, number in _LAYOUTS.items()}
    if message.data_type not in dtypes or message.layout not in layouts:
        raise GraphError(
            "unknown element type or layout",
            where=where,
            got=f"data_type {message.data_type}, layout {message.layout}",
        )
    try:
        return TensorType(tuple(message.shape), dtypes[message.data_type], layouts[message.layout])
    except GraphError as error:
        raise type(error)(error.what, where=where, expected=error.expected, got=error.got) from None


def _decode_attributes(message: graph_pb2.Node, where: str) -> Attributes:
    attributes: dict[str, AttributeValue] = {}
    for attribute in message.attributes:
        kind = attribute.WhichOneof("value")
        if kind is None or attribute.name in attributes:
            raise GraphError(
                f"attribute {attribute.name!r} has no value or is there twice", where=where
            )
        value = getattr(attribute, kind)
        attributes[attribute.name] = tuple(value.values) if kind == "integers" else value
    return MappingProxyType(attributes)


def _decode_location(message: graph_pb2.Node, where: str) -> SourceLocation:
    if not message.HasField("location"):
        return UNKNOWN_LOCATION
    return read_location(message.location.file, message.location.line, where)


def _decode_weights(message: graph_pb2.Node, node: Node, weights: bytes) -> Array:
    type_, begin = node.outputs[0].type, message.weights_offset_bytes
    if begin % WEIGHTS_ALIGNMENT_BYTES or begin + type_.size_bytes > len(weights):
        raise GraphError(
            "the constant lies outside the weights file or is not aligned",
            where=f'node "{node.name}"',
            expected=f"an offset that is a multiple of {WEIGHTS_ALIGNMENT_BYTES}, and "
            f"{type_.size_bytes} B inside {len(weights)} B",
            got=f"offset {begin} B",
        )
    values = np.frombuffer(weights, type_.dtype.numpy, type_.elements, begin)
    if type_.dtype is DType.BOOL and np.any(values.view(np.uint8) > 1):
        raise GraphError("a boolean is neither 0 nor 1", where=f'node "{node.name}"')
    return values.reshape(type_.shape)
