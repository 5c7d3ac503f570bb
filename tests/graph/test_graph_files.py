"""graph.pb and weights.bin: stable bytes, and one clear error for each way of being wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from harness.pb.graph.v1 import graph_pb2

from harness.base.errors import GraphError, HarnessError
from harness.graph import (
    Graph,
    add,
    constant,
    conv2d,
    input_data,
    load_graph,
    relu,
    save_graph,
    split,
)
from harness.graph.codec import decode_graph, encode_graph, seal

_SEAL_BYTES = 66


def _network() -> Graph:
    rng = np.random.default_rng(5)
    with Graph("net") as graph:
        x = input_data((1, 6, 6, 2), dtype="fp16", layout="NHWC", name="image")
        w = rng.standard_normal((4, 3, 3, 2)).astype(np.float16)
        y = conv2d(x, constant(w, layout="NHWC", name="w"), activation="elu", name="conv")
        low, high = split(y, [1, 3], axis=-1)
        graph.output(add(high, low, name="sum"))
        graph.output(relu(constant(np.ones(3, np.float32), layout="N", name="c")))
    return graph


def _parsed(graph: Graph) -> tuple[graph_pb2.Graph, bytes]:
    data, weights = encode_graph(graph)
    message = graph_pb2.Graph()
    message.ParseFromString(data[:-_SEAL_BYTES])
    return message, weights


def test_a_saved_graph_loads_as_an_equal_one(tmp_path: Path) -> None:
    graph = _network()
    path = save_graph(graph, tmp_path / "deep" / "er")
    assert path.name == "graph.pb"
    assert load_graph(path) == load_graph(path.parent) == graph
    assert load_graph(path, weights=path.with_name("weights.bin")) == graph
    assert load_graph(path).node("conv").location == graph.node("conv").location
    assert sorted(p.name for p in path.parent.iterdir()) == ["graph.pb", "weights.bin"]


def test_equal_graphs_give_equal_bytes_even_after_a_round_trip(tmp_path: Path) -> None:
    graph = _network()
    first = encode_graph(graph)
    save_graph(graph, tmp_path)
    assert encode_graph(load_graph(tmp_path)) == first
    assert encode_graph(_network()) == first


def test_weights_are_raw_little_endian_and_aligned() -> None:
    graph = _network()
    message, weights = _parsed(graph)
    offsets = {node.name: node.weights_offset_bytes for node in message.nodes}
    assert offsets["w"] == 0
    assert offsets["c"] == 192  # 4 * 3 * 3 * 2 halves are 144 bytes; the next multiple of 64
    assert weights[:144] == graph.constants["w"].astype("<f2").tobytes()
    assert weights[192:] == np.ones(3, "<f4").tobytes()
    assert message.weights_sha256 == hashlib.sha256(weights).hexdigest()


def test_the_last_field_is_the_digest_of_all_before_it() -> None:
    data, _ = encode_graph(_network())
    message = graph_pb2.Graph()
    message.ParseFromString(data)
    assert message.content_sha256 == hashlib.sha256(data[:-_SEAL_BYTES]).hexdigest()


def test_an_unfinished_graph_is_not_saved(tmp_path: Path) -> None:
    with Graph("net") as graph:
        relu(input_data((2,), dtype="fp16", layout="N"))
        with pytest.raises(GraphError, match="not finished"):
            save_graph(graph, tmp_path)


def test_files_that_cannot_be_written_or_read_are_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(HarnessError, match='cannot write graph "net"') as error:
        save_graph(_network(), blocked)
    assert error.value.where == str(blocked)
    with pytest.raises(GraphError, match="cannot read the graph") as error:
        load_graph(tmp_path / "none")
    assert str(tmp_path / "none") in error.value.where
    with pytest.raises(GraphError, match="cannot read the graph"):
        load_graph("nul\0byte")


def test_a_full_disk_leaves_no_half_written_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bytes = Path.write_bytes

    def fails(path: Path, data: bytes) -> int:
        write_bytes(path, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fails)
    with pytest.raises(HarnessError, match="cannot write") as error:
        save_graph(_network(), tmp_path)
    assert "No space left" in error.value.got
    assert list(tmp_path.iterdir()) == []


def test_damage_to_either_file_is_noticed() -> None:
    data, weights = encode_graph(_network())
    for bad in (b"", data[:-1], data[:30], data + b"\0", data[:20] + b"\0" + data[21:], b"x" * 500):
        with pytest.raises(GraphError, match=r"truncated|damaged") as error:
            decode_graph(bad, weights, where="some/graph.pb")
        assert error.value.where == "some/graph.pb"
    with pytest.raises(GraphError, match="weights file has the wrong size"):
        decode_graph(data, weights[:-1])
    with pytest.raises(GraphError, match="weights file is damaged"):
        decode_graph(data, b"\1" + weights[1:])


def test_a_sealed_file_of_no_message_is_refused() -> None:
    with pytest.raises(GraphError, match="not a protobuf message"):
        decode_graph(seal(b"\xff\xff\xff"), b"")


Change = Callable[[graph_pb2.Graph], None]


def _set(path: str, value: object) -> Change:
    """Return a change of one field: "nodes[2].name"."""

    def change(message: graph_pb2.Graph) -> None:
        target: object = message
        *parents, last = path.replace("]", "").replace("[", ".").split(".")
        for part in parents:
            target = target[int(part)] if part.isdigit() else getattr(target, part)  # type: ignore[index]
        if last.isdigit():
            target[int(last)] = value  # type: ignore[index]
        else:
            setattr(target, last, value)

    return change


def _rename_last(name: str) -> Change:
    def change(message: graph_pb2.Graph) -> None:
        message.nodes[-1].name = name
        message.outputs[-1] = f"{name}.output"

    return change


def _swap(message: graph_pb2.Graph) -> None:
    nodes = [graph_pb2.Node.FromString(node.SerializeToString()) for node in message.nodes]
    del message.nodes[:]
    message.nodes.extend(reversed(nodes))


# nodes: 0 image, 1 w, 2 conv, 3 split, 4 sum, 5 c, 6 relu
MALFORMED: dict[str, tuple[Change, str]] = {
    "version": (_set("format_version", 2), "unknown format"),
    "producer": (_set("producer", ""), "unknown format"),
    "graph name": (_set("name", "a\0b"), "name consists of"),
    "node name": (_rename_last("a\0b"), "name consists of"),
    "empty name": (_rename_last(""), "name consists of"),
    "duplicate name": (_rename_last("sum"), "another node has this name"),
    "operator": (_set("nodes[2].op", "conv3d"), "unknown operator"),
    "undefined input": (_set("nodes[2].inputs[0]", "ghost"), "not defined before its use"),
    "own output as input": (_set("nodes[2].inputs[0]", "conv.output"), "not defined before"),
    "consumer before producer": (_swap, "not defined before its use"),
    "undefined output": (_set("outputs[0]", "ghost"), "not defined before its use"),
    "input as output": (_set("outputs[0]", "image"), "is not computed by any node"),
    "output twice": (_set("outputs[1]", "sum.output"), "names an output twice"),
    "no output": (lambda m: m.ClearField("outputs"), "names no outputs"),
    "wrong shape": (_set("nodes[2].outputs[0].shape[3]", 5), "has the wrong type"),
    "zero extent": (_set("nodes[0].outputs[0].shape[0]", 0), "positive integer"),
    "absurd size": (_set("nodes[0].outputs[0].shape[0]", 2**63), "too large"),
    "no element type": (_set("nodes[0].outputs[0].data_type", 0), "unknown element type"),
    "future element type": (_set("nodes[0].outputs[0].data_type", 99), "unknown element type"),
    "no layout": (_set("nodes[0].outputs[0].layout", 0), "unknown element type or layout"),
    "layout of another rank": (_set("nodes[0].outputs[0].layout", 3), "does not fit the shape"),
    "missing attribute": (lambda m: m.nodes[2].attributes.pop(), "wrong set of attributes"),
    "attribute twice": (_set("nodes[2].attributes[0].name", "padding"), "there twice"),
    "attribute without value": (
        lambda m: m.nodes[2].attributes[0].ClearField("value"),
        "has no value",
    ),
    "attribute of another type": (_set("nodes[2].attributes[0].text", "1"), "out of range"),
    "attribute NaN": (_set("nodes[2].attributes[5].real", float("nan")), "out of range"),
    "unknown activation": (_set("nodes[2].attributes[4].text", "swish"), "out of range"),
    "weights beyond the file": (_set("nodes[1].weights_offset_bytes", 128), "outside the weights"),
    "weights far beyond": (
        _set("nodes[1].weights_offset_bytes", 2**64 - 64),
        "outside the weights",
    ),
    "unaligned weights": (_set("nodes[5].weights_offset_bytes", 2), "not aligned"),
    "huge constant": (_set("nodes[1].outputs[0].shape[0]", 2**30), "outside the weights file"),
    "control character in a path": (_set("nodes[1].location.file", "a\nb"), "control characters"),
    "second output of an input": (
        lambda m: m.nodes[0].outputs.append(m.nodes[0].outputs[0]),
        "has one output",
    ),
    "output too many": (
        lambda m: m.nodes[2].outputs.append(m.nodes[2].outputs[0]),
        "wrong names of outputs",
    ),
    "output too few": (lambda m: m.nodes[3].outputs.pop(), "not defined before its use"),
    "input with an input": (lambda m: m.nodes[1].inputs.append("image"), "no input"),
    "too many inputs": (
        lambda m: m.nodes[2].inputs.extend(["w", "w"]),
        "wrong number of inputs",
    ),
    "weights size": (_set("weights_size_bytes", 3), "wrong size"),
    "weights digest": (_set("weights_sha256", "x"), "SHA-256 differs"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_refused_with_what_and_where(case: str) -> None:
    change, expected = MALFORMED[case]
    message, weights = _parsed(_network())
    change(message)
    with pytest.raises(GraphError, match=expected) as error:
        decode_graph(seal(message.SerializeToString()), weights, where="net/graph.pb")
    assert error.value.where.startswith("net/graph.pb")


def test_a_boolean_other_than_0_and_1_is_refused() -> None:
    with Graph("net") as graph:
        c = constant([True, False], dtype="bool", layout="N", name="c")
        split(c, 2, axis=0)
    message, _ = _parsed(graph)
    weights = b"\1\2"
    message.weights_sha256 = hashlib.sha256(weights).hexdigest()
    with pytest.raises(GraphError, match="neither 0 nor 1"):
        decode_graph(seal(message.SerializeToString()), weights)
