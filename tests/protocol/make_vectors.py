"""Writes `vectors/bridge_v1.json`, the byte vectors that the Python and the C++ end share.

Run `python tests/protocol/make_vectors.py` after a change of the protocol and review the diff.

Each vector has a `name`, a `decoder` and `is_valid`; by decoder it has besides:
descriptor: `bytes`, a command descriptor.
actions: `nodes`, `dependences`, `data`, `is_final`, `wake_tick`, checked for `command` (a
    descriptor) at tick 0 by a simulator whose model has `units` units, as the first Actions.
session: `frames`, sent one by one to a fresh model end with the session token `token` that hosts
    one instance and any model without parameters; `answer` is the body of the last answer, and
    `error_kind` its kind if that is "error".
All bytes are hexadecimal.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from harness.pb.bridge.v1 import bridge_pb2 as pb

from harness.bridge.descriptor import Command, Operand, encode_command
from harness.bridge.records import FIRST_NOTIFY_ID, NODE_STRUCT, device_address

PATH = Path(__file__).parent / "vectors" / "bridge_v1.json"
TOKEN = bytes(range(16))
COMMAND = Command(
    "conv2d",
    7,
    (
        Operand("input", device_address(0, 64), 256, "fp16", (1, 4, 4, 8), 1, True, False),
        Operand("output", device_address(1, 128), 128, "fp16", (1, 2, 4, 8), 2, False, True),
    ),
    {"stride_h": 2, "pad_top": -1, "activation_alpha": 0.25},
)
FIELDS = (
    "id", "kind", "interface", "stream", "unit", "address", "value", "row_bytes", "rows",
    "stride_bytes", "data_offset", "first_dependence", "dependences", "operand", "flags",
)  # fmt: skip
READ = {"kind": 1, "interface": 1, "address": device_address(0, 64), "row_bytes": 64, "rows": 1}
WRITE = {
    "kind": 2, "interface": 2, "stream": 1, "address": device_address(1, 128), "row_bytes": 32,
    "rows": 1, "operand": 1,
}  # fmt: skip
COMPUTE = {"kind": 3, "value": 10}
NOTIFY = {"kind": 7, "id": FIRST_NOTIFY_ID}


def node(base: dict[str, int], **changes: int) -> bytes:
    """Return one node's record."""
    values = {**base, **changes}
    return NODE_STRUCT.pack(*(values.get(name, 0) for name in FIELDS))


def descriptors() -> list[dict[str, Any]]:
    """Return vectors of command descriptors."""
    good = encode_command(COMMAND)
    padded = encode_command(Command("k", 0, COMMAND.operands))
    patches: dict[str, tuple[int, bytes]] = {
        "magic": (0, b"X"),
        "length": (4, struct.pack("<I", 64)),
        "operand count": (12, struct.pack("<H", 17)),
        "attribute count": (14, struct.pack("<H", 65)),
        "kernel not ASCII": (16, b"\xff"),
        "kernel empty": (16, b"\0" * 16),
        "operand interface": (32 + 16, b"\x05"),
        "operand access": (32 + 17, b"\x04"),
        "operand dtype": (32 + 18, b"\x09"),
        "operand rank": (32 + 19, b"\x07"),
        "operand size smaller than shape": (32 + 8, struct.pack("<Q", 255)),
        "operand size zero": (32 + 8, struct.pack("<Q", 0)),
        "operand shape zero": (32 + 32, struct.pack("<I", 0)),
        "operand shape beyond rank": (32 + 32 + 16, struct.pack("<I", 1)),
        "operand reserved bytes": (32 + 56, b"\x01"),
        "operand name twice": (32 + 64 + 20, b"input\0"),
        "attribute type": (32 + 128 + 23, b"\x02"),
        "attribute name twice": (32 + 128 + 32, b"stride_h\0"),
    }
    found = [
        {"name": "good", "bytes": good, "is_valid": True},
        {"name": "no operands", "bytes": encode_command(Command("k", 0, ())), "is_valid": True},
        {"name": "truncated", "bytes": good[:-64], "is_valid": False},
        {"name": "padding", "bytes": padded[:-1] + b"\x01", "is_valid": False},
        {"name": "empty", "bytes": b"", "is_valid": False},
        {"name": "trailing bytes", "bytes": good + bytes(64), "is_valid": False},
    ]
    for name, (place, patch) in patches.items():
        broken = good[:place] + patch + good[place + len(patch) :]
        found.append({"name": name, "bytes": broken, "is_valid": False})
    return [{"decoder": "descriptor", **each} for each in found]


def actions() -> list[dict[str, Any]]:
    """Return vectors of Actions."""
    compute = node(COMPUTE, id=1, dependences=1)
    write = node(WRITE, id=2, first_dependence=1, dependences=1)
    good = [node(READ), compute, write]
    cases: dict[str, tuple[bool, list[bytes], list[int]]] = {
        "good": (True, good, [0, 1]),
        "empty": (True, [], []),
        "rows": (True, [node(READ, rows=4, row_bytes=16, stride_bytes=64)], []),
        "overlapping rows of a read": (True, [node(READ, rows=4, stride_bytes=0)], []),
        "unknown kind": (False, [node(READ, kind=8)], []),
        "kind zero": (False, [node(READ, kind=0)], []),
        "id skipped": (False, [node(READ, id=1)], []),
        "id twice": (False, [node(READ), node(READ)], []),
        "notify id": (False, [node(NOTIFY, id=0)], []),
        "interface not the operand's": (False, [node(READ, interface=2)], []),
        "stream 16": (False, [node(READ, stream=16)], []),
        "unit unknown": (False, [node(COMPUTE, unit=2)], []),
        "unit of a read": (False, [node(READ, unit=1)], []),
        "value of a read": (False, [node(READ, value=1)], []),
        "address of a compute": (False, [node(COMPUTE, address=1)], []),
        "rows of a compute": (False, [node(COMPUTE, rows=1)], []),
        "flags": (False, [node(READ, flags=1)], []),
        "row_bytes zero": (False, [node(READ, row_bytes=0)], []),
        "rows zero": (False, [node(READ, rows=0)], []),
        "stride of one row": (False, [node(READ, stride_bytes=64)], []),
        "size overflow": (False, [node(READ, rows=0xFFFFFFFF, row_bytes=0xFFFFFFFF)], []),
        "stride overflow": (False, [node(READ, rows=2, stride_bytes=(1 << 64) - 64)], []),
        "address below operand": (False, [node(READ, address=device_address(0, 63))], []),
        "end beyond operand": (False, [node(READ, address=device_address(0, 257))], []),
        "address of another window": (False, [node(READ, address=device_address(1, 64))], []),
        "operand unknown": (False, [node(READ, operand=2)], []),
        "read of an output": (
            False,
            [node(READ, operand=1, interface=2, address=device_address(1, 128))],
            [],
        ),
        "write of an input": (
            False,
            [node(WRITE, operand=0, interface=1, address=device_address(0, 64))],
            [],
        ),
        "write beyond data": (False, [node(WRITE, data_offset=1)], []),
        "write offset overflow": (False, [node(WRITE, data_offset=(1 << 64) - 1)], []),
        "overlapping rows of a write": (
            False,
            [node(WRITE, rows=2, row_bytes=16, stride_bytes=8)],
            [],
        ),
        "forward dependence": (False, [node(READ, dependences=1)], [0]),
        "dependence on an unsent notify": (False, [node(READ, dependences=1)], [FIRST_NOTIFY_ID]),
        "dependence missing": (False, [node(READ, dependences=1)], []),
        "dependence unused": (False, [node(READ)], [0]),
        "dependence out of order": (
            False,
            [node(READ), node(COMPUTE, id=1, dependences=1, first_dependence=1)],
            [0],
        ),
    }
    found: list[dict[str, Any]] = []
    for name, (is_valid, nodes, dependences) in cases.items():
        packed = struct.pack(f"<{len(dependences)}I", *dependences)
        found.append(_actions(name, nodes=b"".join(nodes), dependences=packed, is_valid=is_valid))
    asking = node(READ) + node(NOTIFY, dependences=1)
    zero = struct.pack("<I", 0)
    found += [
        _actions("asks", nodes=asking, dependences=zero, is_final=False),
        _actions("stuck", nodes=node(READ), is_final=False, is_valid=False),
        _actions("wakes", nodes=node(READ), is_final=False, wake_tick=5),
        _actions("final and wakes", nodes=node(READ), wake_tick=5, is_valid=False),
        _actions("half a node", nodes=node(READ)[:32], is_valid=False),
    ]
    return found


def _actions(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "decoder": "actions",
        "command": encode_command(COMMAND),
        "units": 2,
        "nodes": b"",
        "dependences": b"",
        "data": bytes(32),
        "is_final": True,
        "wake_tick": 0,
        "is_valid": True,
        **changes,
    }


def frame(sequence: int, token: bytes = TOKEN, **body: Any) -> bytes:
    """Return a frame of the simulator."""
    envelope = pb.Envelope(
        session_high=int.from_bytes(token[:8], "big"),
        session_low=int.from_bytes(token[8:], "big"),
        sequence=sequence,
        **body,
    )
    return envelope.SerializeToString(deterministic=True)


def hello(**changes: Any) -> pb.Hello:
    """Return a good Hello with changes."""
    values = {
        "protocol_major": 1,
        "simulator": "vectors",
        "ticks_per_second": 10**12,
        "line_bytes": 64,
        "instances": 1,
        "maximum_frame_bytes": 1 << 20,
        "maximum_nodes": 1024,
        "mode": 1,
    }
    return pb.Hello(**{**values, **changes})


def sessions() -> list[dict[str, Any]]:
    """Return vectors of frames to a model end."""
    first = frame(1, hello=hello())
    reset = frame(2, reset=pb.Reset(windows=[pb.DeviceWindow(name="w", size_bytes=64)]))
    bad_window = pb.Reset(windows=[pb.DeviceWindow(name="w", size_bytes=0)])
    protocol = ("error", "ERROR_KIND_PROTOCOL")
    cases: dict[str, tuple[list[bytes], tuple[str, str]]] = {
        "hello": ([first], ("hello_ack", "")),
        "reset": ([first, reset], ("ack", "")),
        "bye": ([first, frame(2, bye=pb.Bye())], ("bye_ack", "")),
        "garbage": ([b"\xff" * 9], protocol),
        "empty frame": ([b""], protocol),
        "no body": ([frame(1)], protocol),
        "version 2": ([frame(1, hello=hello(protocol_major=2))], ("error", "ERROR_KIND_VERSION")),
        "no instances": ([frame(1, hello=hello(instances=0))], protocol),
        "mode unspecified": ([frame(1, hello=hello(mode=0))], protocol),
        "other clock": ([frame(1, hello=hello(ticks_per_second=1))], protocol),
        "parameters not JSON": ([frame(1, hello=hello(parameters_json="{"))], protocol),
        "unknown parameter": (
            [frame(1, hello=hello(parameters_json='{"no_such":1}'))],
            ("error", "ERROR_KIND_UNSUPPORTED"),
        ),
        "wrong session": ([frame(1, token=bytes(16), hello=hello())], protocol),
        "sequence gap": ([frame(2, hello=hello())], protocol),
        "sequence repeated": ([first, first], protocol),
        "reset before hello": ([frame(1, reset=pb.Reset())], protocol),
        "hello twice": ([first, frame(2, hello=hello())], protocol),
        "launch before reset": ([first, frame(2, launch=pb.Launch(kernel="k"))], protocol),
        "model's message": ([first, frame(2, ack=pb.Ack())], protocol),
        "event without command": ([first, reset, frame(3, event=pb.Event())], protocol),
        "event size": ([first, reset, frame(3, event=pb.Event(completions=1))], protocol),
        "unknown instance": ([first, frame(2, instance=1, wake=pb.Wake())], protocol),
        "instance of a reset": ([first, frame(2, instance=1, reset=pb.Reset())], protocol),
        "empty window": ([first, frame(2, reset=bad_window)], protocol),
        "functional data unasked": (
            [first, frame(2, functional_data=pb.FunctionalData())],
            protocol,
        ),
        "tick decreases": (
            [frame(1, effective_tick=5, hello=hello()), frame(2, effective_tick=4, bye=pb.Bye())],
            protocol,
        ),
    }
    return [
        {
            "name": name,
            "decoder": "session",
            "token": TOKEN,
            "frames": frames,
            "answer": answer,
            "error_kind": kind,
            "is_valid": answer != "error",
        }
        for name, (frames, (answer, kind)) in cases.items()
    ]


def text() -> str:
    """Return the whole file."""
    vectors = _hexadecimal([*descriptors(), *actions(), *sessions()])
    return json.dumps({"protocol_major": 1, "vectors": vectors}, indent=1) + "\n"


def _hexadecimal(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_hexadecimal(each) for each in value]
    if isinstance(value, dict):
        return {name: _hexadecimal(each) for name, each in value.items()}
    return value


if __name__ == "__main__":
    PATH.write_text(text())
