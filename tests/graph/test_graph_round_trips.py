"""Property tests: any graph survives its file and its text; no damage escapes as another error."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.base.errors import GraphError
from harness.base.location import SourceLocation
from harness.graph import (
    Graph,
    Node,
    Tensor,
    add,
    concat,
    constant,
    conv2d,
    elu,
    flatten,
    format_graph,
    graph_from_nodes,
    hard_tanh,
    input_data,
    mat_mul,
    max_pool2d,
    mul,
    pad,
    parse_graph,
    reorder,
    softmax,
    split,
    verify,
)
from harness.graph.codec import decode_graph, encode_graph, seal

if TYPE_CHECKING:
    from collections.abc import Callable

_QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_SEAL_BYTES = 66
_NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,8}", fullmatch=True)
_REALS = st.floats(allow_nan=False, allow_infinity=False)


def _conv(draw: st.DrawFn, x: Tensor) -> Tensor:
    kernel, filters = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    channel = x.layout.axis("C")
    shape = [filters, kernel, kernel]
    shape.insert(channel, x.shape[channel])
    weights = np.full(shape, draw(st.floats(width=16, allow_nan=False)), np.float16)
    return conv2d(
        x,
        constant(weights, layout=x.layout, name=draw(_NAMES)),
        stride=draw(st.integers(1, 2)),
        padding="same",
        activation=draw(st.sampled_from([None, "relu", "selu", "hard_tanh"])),
        name=draw(_NAMES),
    )


def _cut_and_join(draw: st.DrawFn, x: Tensor) -> Tensor:
    padded = pad(x, [(0, 0), (0, 1), (1, 0), (0, 1)], name=draw(_NAMES))
    parts = split(padded, [1, x.shape[1]], axis=1, name=draw(_NAMES))
    return concat(parts[::-1], axis=1, name=draw(_NAMES))


def _limit(draw: st.DrawFn, x: Tensor) -> Tensor:
    low, high = sorted((draw(_REALS), draw(_REALS)))
    return hard_tanh(x, minimum=low, maximum=high, name=draw(_NAMES))


def _fully_connected(draw: st.DrawFn, x: Tensor) -> Tensor:
    weights = np.ones((draw(st.integers(1, 5)), x.shape[1]), np.float16)
    return mat_mul(x, constant(weights, layout="NC"), name=draw(_NAMES))


_OF_IMAGES: tuple[Callable[[st.DrawFn, Tensor], Tensor], ...] = (
    _conv,
    _cut_and_join,
    _limit,
    lambda draw, x: max_pool2d(x, 2, padding="same", stride=draw(st.integers(1, 2))),
    lambda draw, x: reorder(x, "NCHW" if x.layout.value == "NHWC" else "NHWC", name=draw(_NAMES)),
    lambda draw, x: elu(x, alpha=draw(_REALS), name=draw(_NAMES)),
    lambda draw, x: mul(add(x, x, name=draw(_NAMES)), x),
    lambda draw, x: flatten(x, name=draw(_NAMES)),
)
_OF_ROWS: tuple[Callable[[st.DrawFn, Tensor], Tensor], ...] = (
    _fully_connected,
    _limit,
    lambda draw, x: softmax(x, name=draw(_NAMES)),
)


def _grow(draw: st.DrawFn, x: Tensor) -> Tensor:
    steps = _OF_ROWS if x.type.rank == 2 else _OF_IMAGES
    return draw(st.sampled_from(steps))(draw, x)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Networks of a few nodes, with any names, attributes and locations."""
    with Graph(draw(_NAMES)) as graph:
        shape = [draw(st.integers(1, 5)) for _ in range(4)]
        x = input_data(shape, dtype="fp16", layout=draw(st.sampled_from(["NHWC", "NCHW"])))
        for _ in range(draw(st.integers(1, 5))):
            x = _grow(draw, x)
        if draw(st.booleans()):
            graph.output(x)
    file = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=9)
    place = st.builds(SourceLocation, file, st.integers(0, 2**32 - 1))
    nodes = [
        Node(n.name, n.op, n.inputs, n.outputs, n.attributes, draw(place)) for n in graph.nodes
    ]
    return graph_from_nodes(graph.name, nodes, graph.constants, graph.outputs)


@given(graphs())
@_QUICK
def test_any_graph_survives_its_file(graph: Graph) -> None:
    data, weights = encode_graph(graph)
    decoded = decode_graph(data, weights)
    assert decoded == graph
    assert encode_graph(decoded) == (data, weights)


@given(graphs())
@_QUICK
def test_any_graph_survives_its_text(graph: Graph) -> None:
    text = format_graph(graph)
    parsed = parse_graph(text, graph.constants)
    assert parsed == graph
    assert format_graph(parsed) == text


@given(graphs(), st.data())
@_QUICK
def test_damaged_bytes_give_an_equal_graph_or_a_graph_error(
    graph: Graph, data: st.DataObject
) -> None:
    whole, weights = encode_graph(graph)
    damaged = _damage(data, whole)
    decoded = _decoded(damaged, weights)
    assert decoded is None or decoded == graph


@given(graphs(), st.data())
@settings(_QUICK, max_examples=300)
def test_damage_below_the_digest_gives_a_valid_graph_or_a_graph_error(
    graph: Graph, data: st.DataObject
) -> None:
    whole, weights = encode_graph(graph)
    damaged = seal(_damage(data, whole[:-_SEAL_BYTES]))
    decoded = _decoded(damaged, weights)
    if decoded is not None:
        verify(decoded)


@given(graphs(), st.data())
@settings(_QUICK, max_examples=200)
def test_damaged_text_gives_a_valid_graph_or_a_graph_error(
    graph: Graph, data: st.DataObject
) -> None:
    text = _damage(data, format_graph(graph).encode()).decode("utf-8", "replace")
    with suppress(GraphError):
        verify(parse_graph(text, graph.constants))


@given(st.binary(max_size=300))
@settings(_QUICK, max_examples=200)
def test_random_bytes_are_refused(junk: bytes) -> None:
    assert _decoded(junk, b"") is None
    assert _decoded(seal(junk), b"") is None


def _decoded(data: bytes, weights: bytes) -> Graph | None:
    """Return the graph, or None after a GraphError; any other error fails the test."""
    try:
        return decode_graph(data, weights)
    except GraphError:
        return None


def _damage(data: st.DataObject, whole: bytes) -> bytes:
    if data.draw(st.booleans()):
        return whole[: data.draw(st.integers(0, len(whole) - 1))]
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    return bytes(damaged)
