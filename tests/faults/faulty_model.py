"""A model's process that says something wrong at one moment; everything before it is right.

Run as a program by `--accelerator`: FAULT_KIND names the fault, FAULT_AT the answer (0 answers
Hello) or, for faults inside of execute, the command; FAULT_SEED chooses the bytes. The file
FAULT_MARK appears when the fault has happened.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zmq
from harness.pb.bridge.v1 import bridge_pb2 as pb

from accel_models.vector_mac import VectorMacEngine
from harness.bridge.process import TOKEN_VARIABLE
from harness.bridge.serve import die_with_parent
from harness.bridge.session import ModelSession

if TYPE_CHECKING:
    from collections.abc import Callable

KIND = os.environ.get("FAULT_KIND", "")
AT = int(os.environ.get("FAULT_AT", "0"))
DICE = random.Random(int(os.environ.get("FAULT_SEED", "0")))
Answers = list[bytes]


def happened() -> None:
    """Tell the test that the fault is in the world."""
    Path(os.environ["FAULT_MARK"]).touch()


def _flip(answer: bytes, _: Answers) -> bytes:
    data = bytearray(answer)
    for _each in range(DICE.randint(1, 4)):
        data[DICE.randrange(len(data))] ^= 1 << DICE.randrange(8)
    return bytes(data)


def _flip_header(answer: bytes, _: Answers) -> bytes:
    data = bytearray(answer)
    data[DICE.randrange(min(40, len(data)))] ^= 1 << DICE.randrange(8)
    return bytes(data)


def _edited(change: Callable[[Any], None]) -> Callable[[bytes, Answers], bytes]:
    def edit(answer: bytes, _: Answers) -> bytes:
        envelope = pb.Envelope.FromString(answer)
        change(envelope)
        return bytes(envelope.SerializeToString())

    return edit


def _set(name: str, value: int) -> Callable[[Any], None]:
    return lambda envelope: setattr(envelope, name, getattr(envelope, name) + value)


def _more_nodes(envelope: Any) -> None:
    if envelope.WhichOneof("body") == "actions":
        envelope.actions.nodes += DICE.choice((1, 1000, 0x7FFFFFFF))
    else:
        envelope.sequence += 1


def _patch(envelope: Any, offset: int, data: bytes) -> None:
    """Overwrite a field of a random node; an answer without nodes goes out of sequence."""
    nodes = envelope.actions.nodes
    if not nodes:
        envelope.sequence += 1
        return
    at = 64 * DICE.randrange(nodes) + offset
    envelope.records = envelope.records[:at] + data + envelope.records[at + len(data) :]


def _wild_address(envelope: Any) -> None:
    _patch(envelope, 8, DICE.randbytes(8))


def _wild_node(envelope: Any) -> None:
    _patch(envelope, 0, DICE.randbytes(64))


def _wild_cycles(envelope: Any) -> None:
    _patch(envelope, 4, b"\x03\0\0\0" + bytes(8) + b"\xff" * 8)


def _wild_dependence(envelope: Any) -> None:
    _patch(envelope, 48, DICE.randbytes(8))


def _never_final(envelope: Any) -> None:
    envelope.actions.is_final = False


def _wake_in_the_past(envelope: Any) -> None:
    envelope.actions.is_final = False
    envelope.actions.wake_tick = 1


def _another_command(envelope: Any) -> None:
    if envelope.WhichOneof("body") == "actions":
        envelope.actions.command_id += 1
    else:
        envelope.sequence += 1


def _wrong_data(envelope: Any) -> None:
    """Write noise in place of results: only a comparison of outputs can notice."""
    if envelope.data:
        envelope.data = DICE.randbytes(len(envelope.data))
    else:
        envelope.sequence += 1


FRAME_FAULTS: dict[str, Callable[[bytes, Answers], bytes]] = {
    "flip": _flip,
    "flip_header": _flip_header,
    "truncate": lambda answer, _: answer[: DICE.randrange(len(answer))],
    "extend": lambda answer, _: answer + DICE.randbytes(DICE.randint(1, 64)),
    "noise": lambda answer, _: DICE.randbytes(DICE.randint(1, 2 * len(answer))),
    "empty": lambda _a, _b: b"",
    "oversize": lambda _a, _b: bytes((1 << 26) + 1),
    "replay": lambda answer, old: DICE.choice(old) if old else answer[:-1],
    "sequence": _edited(_set("sequence", 1)),
    "session": _edited(lambda envelope: setattr(envelope, "session_low", 1)),
    "tick": _edited(_set("effective_tick", 1)),
    "instance": _edited(_set("instance", 1)),
    "more_nodes": _edited(_more_nodes),
    "wild_address": _edited(_wild_address),
    "wild_node": _edited(_wild_node),
    "wild_cycles": _edited(_wild_cycles),
    "wild_dependence": _edited(_wild_dependence),
    "never_final": _edited(_never_final),
    "wake_in_the_past": _edited(_wake_in_the_past),
    "another_command": _edited(_another_command),
    "wrong_data": _edited(_wrong_data),
}


def _disconnect(socket: Any, _: bytes) -> None:
    socket.close(0)
    time.sleep(60)


def _reconnect(socket: Any, _: bytes) -> None:
    endpoint = socket.last_endpoint
    socket.disconnect(endpoint)
    socket.connect(endpoint)
    time.sleep(60)


def _late(socket: Any, answer: bytes) -> None:
    time.sleep(3)
    socket.send(answer)


def _twice(socket: Any, answer: bytes) -> None:
    socket.send(answer)
    socket.send(answer)


def _multipart(socket: Any, answer: bytes) -> None:
    socket.send_multipart([answer, answer])


def _print_endlessly(_s: Any, _a: bytes) -> None:
    while True:
        os.write(1, b"still here, still here, still here\n" * 1000)


SEND_FAULTS: dict[str, Callable[[Any, bytes], None]] = {
    "disconnect": _disconnect,
    "reconnect": _reconnect,
    "late": _late,
    "twice": _twice,
    "multipart": _multipart,
    "silent": lambda _s, _a: time.sleep(60),
    "leave": lambda _s, _a: os._exit(0),
    "leave_failed": lambda _s, _a: os._exit(7),
    "abort": lambda _s, _a: os.abort(),
    "print_endlessly": _print_endlessly,
}


class Engine(VectorMacEngine):
    """The shipped engine, with trouble in one of its commands."""

    commands = 0

    def execute(self, command: Any, memory: Any) -> Any:
        """Fail in the chosen command, else be the engine."""
        Engine.commands += 1
        if Engine.commands == AT + 1 and KIND in EXECUTE_FAULTS:
            happened()
            EXECUTE_FAULTS[KIND](self, memory)
        return super().execute(command, memory)


def _raise(_e: Engine, _m: Any) -> None:
    raise KeyError("no such tile")


def _raise_exit(_e: Engine, _m: Any) -> None:
    raise SystemExit(0)


def _recurse(engine: Engine, memory: Any) -> None:
    _recurse(engine, memory)


def _read_outside(_e: Engine, memory: Any) -> None:
    memory.read("input", 1 << 30, 64)


def _write_outside(_e: Engine, memory: Any) -> None:
    memory.write("output", bytes(64), 1 << 30)


def _compute_negative(engine: Engine, _: Any) -> None:
    engine.compute(cycles=-5, unit="mac")


def _compute_for_ever(engine: Engine, _: Any) -> None:
    engine.compute(cycles=(1 << 63) - 1, unit="mac")


EXECUTE_FAULTS: dict[str, Callable[[Engine, Any], None]] = {
    "raise": _raise,
    "raise_exit": _raise_exit,
    "recurse": _recurse,
    "read_outside": _read_outside,
    "write_outside": _write_outside,
    "compute_negative": _compute_negative,
    "compute_for_ever": _compute_for_ever,
}
KINDS = (*FRAME_FAULTS, *SEND_FAULTS, *EXECUTE_FAULTS)


def main() -> int:
    """Serve one session; the answer number FAULT_AT is not what it should be."""
    token = bytes.fromhex(os.environ.pop(TOKEN_VARIABLE))
    die_with_parent()
    socket = zmq.Context().socket(zmq.PAIR)
    socket.plain_username, socket.plain_password = b"harness", token.hex().encode()
    socket.linger = 1000
    socket.connect(sys.argv[-1])
    session = ModelSession(Engine, token, socket.send)
    old: Answers = []
    while not session.is_closed:
        answer = session.handle(socket.recv())
        is_now = len(old) == AT
        if is_now and KIND in FRAME_FAULTS:
            answer = FRAME_FAULTS[KIND](answer, old)
        if is_now and KIND not in EXECUTE_FAULTS:
            happened()
        if is_now and KIND in SEND_FAULTS:
            SEND_FAULTS[KIND](socket, answer)
        else:
            socket.send(answer)
        old.append(answer)
    return 0 if session.error is None else 4


if __name__ == "__main__":
    sys.exit(main())
