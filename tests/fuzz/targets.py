"""Every decoder of the project with real seeds: any bytes are decoded, or a HarnessError.

A target's `decode` takes bytes; what it returns does not matter. Its seeds are files and frames
that a real run has written.
"""

from __future__ import annotations

import functools
import gzip
import io
import json
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.graph import Graph, constant, conv2d, flatten, input_data, mat_mul, max_pool2d

if TYPE_CHECKING:
    from collections.abc import Callable

VECTORS = Path(__file__).parents[1] / "protocol" / "vectors" / "bridge_v1.json"
TOKEN = bytes(range(16))
HEADER_BYTES = struct.Struct("<I")


@dataclass(frozen=True)
class Target:
    """One decoder."""

    decode: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]


@functools.cache
def folder() -> Path:
    """A folder for decoders that read files; it goes away with the process."""
    keeper = tempfile.TemporaryDirectory(prefix="harness-fuzz-")
    _keepers.append(keeper)
    return Path(keeper.name)


_keepers: list[tempfile.TemporaryDirectory[str]] = []


@functools.cache
def network() -> Graph:
    """A small network with some of everything."""
    import numpy as np

    ones = np.ones((8, 3, 3, 8), np.float16)
    with Graph("seed") as graph:
        x = input_data((1, 6, 6, 8), dtype="fp16", layout="NHWC", name="x")
        w = constant(ones, layout="NHWC", name="w")
        y = max_pool2d(conv2d(x, w, padding="same", activation="relu", name="c"), pool=2, stride=2)
        m = constant(np.ones((4, 72), np.float16), layout="NC", name="m")
        mat_mul(flatten(y), m, name="f")
    return graph


@functools.cache
def run() -> Path:
    """The directory of a real run, with a recording in it."""
    from harness.graph import save_graph
    from harness.report.progress import ConsoleProgress
    from harness.run.pipeline import execute
    from harness.run.request import RunRequest
    from harness.run.spec import RunSpec

    save_graph(network(), folder() / "net")
    spec = RunSpec(workload=str(folder() / "net"), transport="inproc", mode="exact")
    output, record = folder() / "run", folder() / "seed.trace"
    request = RunRequest(spec, output=str(output), record=record)
    execute(request, ConsoleProgress(is_quiet=True))
    return output


@functools.cache
def vectors(decoder: str) -> list[dict[str, Any]]:
    """The protocol's shared vectors of one decoder."""
    found = json.loads(VECTORS.read_text())["vectors"]
    return [each for each in found if each["decoder"] == decoder]


@functools.cache
def envelopes() -> list[bytes]:
    """All envelopes of the run's recording."""
    run()
    data = (folder() / "seed.trace").read_bytes()[8:]
    blocks = []
    while data:
        (length,) = HEADER_BYTES.unpack_from(data)
        blocks.append(data[4 : 4 + length])
        data = data[4 + length :]
    return blocks


def _in_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    def decode(data: bytes) -> object:
        path = folder() / "fuzzed" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return read(path)

    return decode


def _graph(data: bytes) -> object:
    from harness.graph.codec import decode_graph, seal

    weights = (run() / "weights.bin").read_bytes()
    graph = decode_graph(seal(data), weights)
    return [str(node) for node in graph.nodes]


def _graph_seeds() -> list[bytes]:
    from harness.graph.codec import seal

    return [(run() / "graph.pb").read_bytes()[: -len(seal(b""))]]


def _sealed_graph(data: bytes) -> object:
    from harness.graph.codec import decode_graph

    return decode_graph(data, (run() / "weights.bin").read_bytes())


def _graph_text(data: bytes) -> object:
    from harness.graph.text_parser import parse_graph

    return parse_graph(data.decode("utf-8", "replace"), network().constants)


def _graph_text_seeds() -> list[bytes]:
    from harness.graph.text import format_graph

    return [format_graph(network()).encode()]


def _program(path: Path) -> object:
    from harness.compiler import load_program
    from harness.soc.pack import pack_program

    (path.parent / "program.bin").write_bytes((run() / "program.bin").read_bytes())
    return pack_program(load_program(path.parent))


def _toml(path: Path) -> object:
    from harness.target import load_target

    return load_target(path).to_json()


def _toml_seeds() -> list[bytes]:
    from harness.target import list_targets, load

    data = Path(load.__file__).parent / "data" / "targets"
    return [(data / f"{name}.toml").read_bytes() for name in list_targets()]


def _override(data: bytes) -> object:
    from harness.target import load_target

    return load_target("smaug", [data.decode("utf-8", "replace")])


def _request_frame(data: bytes) -> object:
    """A frame as the model's end gets it, with the right session and number."""
    from harness.bridge.model import AcceleratorModel
    from harness.bridge.session import ModelSession

    session = ModelSession(AcceleratorModel, TOKEN)
    for frame in vectors("session")[0]["frames"][:1]:
        session.handle(bytes.fromhex(frame))
    return session.handle(data)


def _request_body(data: bytes) -> object:
    from harness.bridge import codec

    envelope = codec.parse_envelope(data)
    if envelope.WhichOneof("body") == "hello":
        return codec.decode_hello(envelope)
    return codec.decode_request(envelope)


def _reply_frame(data: bytes) -> object:
    """A frame as the simulator's end gets it in its turn."""
    from harness.bridge.messages import HelloParameters
    from harness.bridge.session import SimulatorSession

    session = SimulatorSession(HelloParameters(), TOKEN)
    session.hello()
    return session.accept(data)


def _reply_body(data: bytes) -> object:
    from harness.bridge import codec

    envelope = codec.parse_envelope(data)
    body = envelope.WhichOneof("body")
    if body == "error":
        return codec.decode_error(envelope)
    return (
        codec.decode_acceptance(envelope) if body == "hello_ack" else codec.decode_reply(envelope)
    )


def _actions(data: bytes) -> object:
    """Node records for the first command of the vectors."""
    from harness.bridge.descriptor import decode_command
    from harness.bridge.ledger import CommandLedger
    from harness.bridge.messages import Actions

    vector = vectors("actions")[0]
    count = len(data) // 64
    actions = Actions(data[: 64 * count], count, data[64 * count :], bytes(64), is_final=True)
    CommandLedger(decode_command(bytes.fromhex(vector["command"])), 0, 2, 64).enter(actions, 0)
    return actions


def _descriptor(data: bytes) -> object:
    from harness.bridge.descriptor import decode_command

    return decode_command(data)


def _descriptor_seeds() -> list[bytes]:
    from harness.compiler import load_program

    return list(load_program(run()).commands)[:4]


def _description(data: bytes) -> object:
    from harness.bridge.description import ModelDescription

    return ModelDescription.from_json(data.decode("utf-8", "replace"))


def _description_seeds() -> list[bytes]:
    from harness.run.compilation import describe_model
    from harness.target import load_target

    return [describe_model("vector_mac", load_target()).to_json().encode()]


def _completions(data: bytes) -> object:
    from harness.bridge.ledger import parse_completions

    return parse_completions(data, 1 << 40)


def _completion_seeds() -> list[bytes]:
    from harness.bridge.codec import parse_envelope

    found = [parse_envelope(each) for each in envelopes()]
    return [each.records for each in found if each.WhichOneof("body") == "event"][:4]


def _trace(path: Path) -> object:
    from harness.bridge.trace import read_trace

    return read_trace(path, is_partial_ok=True)


def _stats(path: Path) -> object:
    from harness.stats.reader import read_stats

    return [dump.matching("*energy*") for dump in read_stats(path)]


def _run_json(path: Path) -> object:
    from harness.run.manifest import read_manifest
    from harness.target import Target as Soc

    manifest, _ = read_manifest(path)
    return Soc.from_dict(manifest.target) if manifest.target else None


def _result_json(path: Path) -> object:
    from harness.report.run_report import print_run
    from harness.run.result import read_result

    (path.parent / "run.json").write_bytes((run() / "run.json").read_bytes())
    return print_run(read_result(path.parent), path.parent, io.StringIO())


def _timeline(path: Path) -> object:
    from harness.stats.timeline import read_timeline

    return read_timeline(path)


def _input(path: Path) -> object:
    from harness.run.inputs import resolve_inputs
    from harness.run.workload import Workload

    return resolve_inputs(Workload(graph=network()), str(path), 0)


def _stats_seeds() -> list[bytes]:
    text = (run() / "stats.txt").read_bytes()
    gem5 = Path(__file__).parents[1] / "stats" / "data"
    return [text, gzip.compress(text), *(each.read_bytes() for each in sorted(gem5.glob("*.txt")))]


def _file(name: str) -> Callable[[], list[bytes]]:
    return lambda: [(run() / name).read_bytes()]


def _frames(decoder: str) -> Callable[[], list[bytes]]:
    return lambda: [bytes.fromhex(f) for each in vectors(decoder) for f in each["frames"]]


TARGETS: dict[str, Target] = {
    "graph": Target(_graph, _graph_seeds),
    "graph_sealed": Target(_sealed_graph, _file("graph.pb")),
    "graph_text": Target(_graph_text, _graph_text_seeds),
    "program": Target(_in_file("program.pb", _program), _file("program.pb")),
    "target": Target(_in_file("fuzzed.toml", _toml), _toml_seeds),
    "override": Target(
        _override, lambda: [b"cpu.clock=2 GHz", b"accelerators=3", b"l2.size=1 MiB"]
    ),
    "request_frame": Target(_request_frame, _frames("session")),
    "request": Target(_request_body, envelopes),
    "reply_frame": Target(_reply_frame, _frames("session")),
    "reply": Target(_reply_body, envelopes),
    "actions": Target(_actions, lambda: [bytes.fromhex(v["nodes"]) for v in vectors("actions")]),
    "descriptor": Target(_descriptor, _descriptor_seeds),
    "description": Target(_description, _description_seeds),
    "completions": Target(_completions, _completion_seeds),
    "trace": Target(_in_file("fuzzed.trace", _trace), lambda: [b"HBTRACE1" + _joined()]),
    "stats": Target(_in_file("stats.txt", _stats), _stats_seeds),
    "run_json": Target(_in_file("run.json", _run_json), _file("run.json")),
    "result_json": Target(_in_file("result.json", _result_json), _file("result.json")),
    "timeline": Target(_in_file("timeline.npy", _timeline), _file("timeline.npy")),
    "input": Target(_in_file("fuzzed.npy", _input), _file("inputs/0.npy")),
}


def _joined() -> bytes:
    return b"".join(HEADER_BYTES.pack(len(each)) + each for each in envelopes()[:8])
