"""The shared byte vectors, against the Python end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness.pb.bridge.v1 import bridge_pb2 as pb

from harness.base.errors import ProtocolError
from harness.bridge.descriptor import decode_command, encode_command
from harness.bridge.ledger import CommandLedger
from harness.bridge.messages import Actions
from harness.bridge.model import AcceleratorModel
from harness.bridge.session import ModelSession
from tests.protocol import make_vectors

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "vectors" / "bridge_v1.json").read_text())["vectors"]


def _of(decoder: str) -> list[object]:
    return [pytest.param(v, id=v["name"]) for v in VECTORS if v["decoder"] == decoder]


def test_the_vector_file_is_what_the_script_writes() -> None:
    assert make_vectors.PATH.read_text() == make_vectors.text()


@pytest.mark.parametrize("vector", _of("descriptor"))
def test_descriptor_vectors_decode_as_stated(vector: dict) -> None:
    data = bytes.fromhex(vector["bytes"])
    if vector["is_valid"]:
        assert encode_command(decode_command(data)) == data
    else:
        with pytest.raises(ProtocolError):
            decode_command(data)


@pytest.mark.parametrize("vector", _of("actions"))
def test_actions_vectors_are_entered_as_stated(vector: dict) -> None:
    command = decode_command(bytes.fromhex(vector["command"]))
    ledger = CommandLedger(command, 0, vector["units"], 1024)
    nodes = bytes.fromhex(vector["nodes"])
    actions = Actions(
        nodes,
        -(-len(nodes) // 64),
        bytes.fromhex(vector["dependences"]),
        bytes.fromhex(vector["data"]),
        is_final=vector["is_final"],
        wake_tick=vector["wake_tick"],
    )
    if vector["is_valid"]:
        ledger.enter(actions, 0)
    else:
        with pytest.raises(ProtocolError):
            ledger.enter(actions, 0)


@pytest.mark.parametrize("vector", _of("session"))
def test_session_vectors_are_answered_as_stated(vector: dict) -> None:
    session = ModelSession(AcceleratorModel, bytes.fromhex(vector["token"]))
    for frame in vector["frames"]:
        answer = pb.Envelope.FromString(session.handle(bytes.fromhex(frame)))
    assert answer.WhichOneof("body") == vector["answer"]
    assert not vector["error_kind"] or (
        pb.ErrorKind.Name(answer.error.kind) == vector["error_kind"]
    )
