from __future__ import annotations

import contextlib
import json
import struct
from pathlib import Path

import pytest
from harness.pb.bridge.v1 import bridge_pb2 as pb
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.base.errors import BridgeError, HandshakeError
from harness.bridge import codec
from harness.bridge.description import ModelDescription, Scratchpad
from harness.bridge.descriptor import DTYPE_BYTES, Command, Operand, decode_command, encode_command
from harness.bridge.ledger import CommandLedger, parse_completions
from harness.bridge.messages import Actions
from harness.bridge.model import AcceleratorModel
from harness.bridge.session import ModelSession
from harness.bridge.trace import MAGIC, read_trace

VECTORS = json.loads(
    (Path(__file__).parents[1] / "protocol" / "vectors" / "bridge_v1.json").read_text()
)["vectors"]
SESSIONS = [v for v in VECTORS if v["decoder"] == "session"]
ACTIONS = [v for v in VECTORS if v["decoder"] == "actions"]
TOKEN = bytes(range(16))
DESCRIPTION = ModelDescription(
    "m", "1", {"conv2d": {"pe_count": 8}}, scratchpads=(Scratchpad("in", 1024, 2),), units=("mac",)
)
mutations = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=6)
names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)


def _mutate(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    found = bytearray(data)
    for place, value in changes:
        if found:
            found[place % len(found)] = value
    return bytes(found)


@st.composite
def operands(draw: st.DrawFn) -> Operand:
    dtype = draw(st.sampled_from(sorted(DTYPE_BYTES)))
    shape = tuple(draw(st.lists(st.integers(1, 9), max_size=6)))
    size = DTYPE_BYTES[dtype]
    for extent in shape:
        size *= extent
    address = draw(st.integers(0, (1 << 64) - 1))
    interface = draw(st.integers(1, 4))
    rights = draw(st.booleans()), draw(st.booleans())
    return Operand(draw(names), address, size, dtype, shape, interface, *rights)


commands = st.builds(
    Command,
    names,
    st.integers(0, (1 << 32) - 1),
    st.lists(operands(), max_size=16, unique_by=lambda each: each.name).map(tuple),
    st.dictionaries(
        names,
        st.integers(-(1 << 63), (1 << 63) - 1) | st.floats(allow_nan=False),
        max_size=64,
    ),
)


@given(commands)
def test_a_descriptor_round_trips(command: Command) -> None:
    assert decode_command(encode_command(command)) == command


@given(commands, mutations, st.integers(0, 1 << 12))
def test_a_mutated_descriptor_is_valid_or_a_typed_error(
    command: Command, changes: list[tuple[int, int]], cut: int
) -> None:
    data = _mutate(encode_command(command), changes)
    try:
        decode_command(data[: cut or None])
    except BridgeError:
        return


@given(st.sampled_from(SESSIONS), mutations, st.integers(0, 300))
@settings(max_examples=200)
def test_a_mutated_frame_is_answered_or_a_typed_error(
    vector: dict, changes: list[tuple[int, int]], cut: int
) -> None:
    session = ModelSession(AcceleratorModel, TOKEN)
    for frame in vector["frames"]:
        answer = session.handle(_mutate(bytes.fromhex(frame), changes)[: cut or None])
        if not answer:
            break
        assert pb.Envelope.FromString(answer).WhichOneof("body") is not None


@given(st.binary(max_size=200))
def test_any_bytes_are_an_envelope_or_a_typed_error(data: bytes) -> None:
    for decode in (codec.decode_request, codec.decode_reply, codec.decode_acceptance):
        with contextlib.suppress(BridgeError):
            decode(codec.parse_envelope(data))


@given(st.sampled_from(ACTIONS), mutations, mutations)
@settings(max_examples=300)
def test_mutated_actions_are_valid_or_a_typed_error(
    vector: dict, nodes: list[tuple[int, int]], dependences: list[tuple[int, int]]
) -> None:
    packed = _mutate(bytes.fromhex(vector["nodes"]), nodes)
    actions = Actions(
        packed,
        len(packed) // 64,
        _mutate(bytes.fromhex(vector["dependences"]), dependences),
        bytes.fromhex(vector["data"]),
        is_final=True,
    )
    try:
        CommandLedger(decode_command(bytes.fromhex(vector["command"])), 0, 2, 64).enter(actions, 0)
    except BridgeError:
        return


@given(st.binary(max_size=200), st.integers(0, 1 << 64))
def test_any_completions_are_valid_or_a_typed_error(data: bytes, tick: int) -> None:
    try:
        parse_completions(data, tick)
    except BridgeError:
        return


def test_a_description_round_trips() -> None:
    assert ModelDescription.from_json(DESCRIPTION.to_json()) == DESCRIPTION


@given(mutations, st.integers(0, 400))
def test_a_mutated_description_is_valid_or_a_typed_error(
    changes: list[tuple[int, int]], cut: int
) -> None:
    text = _mutate(DESCRIPTION.to_json().encode(), changes).decode("latin-1")
    try:
        ModelDescription.from_json(text[: cut or None])
    except HandshakeError:
        return


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_a_description_field_of_any_type_is_valid_or_a_typed_error(value: object) -> None:
    for name in ("units", "scratchpads", "kernels", "channel_alignment"):
        fields = {**json.loads(DESCRIPTION.to_json()), name: value}
        with contextlib.suppress(HandshakeError):
            ModelDescription.from_json(json.dumps(fields))


def test_deeply_nested_json_is_a_typed_error() -> None:
    with pytest.raises(HandshakeError):
        ModelDescription.from_json("[" * 100_000)


@given(st.lists(st.binary(max_size=40), max_size=5), st.binary(max_size=8))
def test_any_trace_file_is_read_or_a_typed_error(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[bytes], rest: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.trace"
    data = b"".join(struct.pack("<I", len(block)) + block for block in blocks)
    path.write_bytes(MAGIC + data + rest)
    for is_partial_ok in (False, True):
        with contextlib.suppress(BridgeError):
            read_trace(path, is_partial_ok=is_partial_ok)
