"""The C++ model's program as a process: how it starts, refuses and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import zmq

from accel_models.vector_mac_cpp import binary_path, shared_object_path
from harness.base.errors import HandshakeError, PeerLostError
from harness.bridge.ipc import connect_ipc
from harness.bridge.messages import HelloParameters
from harness.bridge.shared_object import SharedObjectModel, connect_shared_object

TOKEN = "00112233445566778899aabbccddeeff"  # noqa: S105 - of a session that never is
PATIENCE_S = 15

_SIMULATOR = """
import pathlib, subprocess, sys, time
from harness.bridge.ipc import connect_ipc
from harness.bridge.messages import HelloParameters
connection = connect_ipc([sys.argv[1]], HelloParameters(), pathlib.Path(sys.argv[2]))
print("connected", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module", autouse=True)
def _program() -> None:
    try:
        binary_path()
        shared_object_path()
    except HandshakeError as error:
        pytest.skip(str(error))


def _run(*arguments: str, token: str | None = TOKEN) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if "BRIDGE" not in name}
    if token is not None:
        environment["HARNESS_BRIDGE_TOKEN"] = token
    return subprocess.Popen(
        [str(binary_path()), *arguments], env=environment, stderr=subprocess.PIPE, text=True
    )


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(
    ("arguments", "token"), [((), TOKEN), (("--endpoint",), TOKEN), (("--endpoint=ipc://x",), None)]
)
def test_a_start_by_hand_prints_how_it_is_used(
    arguments: tuple[str, ...], token: str | None
) -> None:
    process = _run(*arguments, token=token)
    errors = process.communicate(timeout=PATIENCE_S)[1]

    assert process.returncode == 2
    assert "--endpoint" in errors


@pytest.mark.parametrize("token", ["", "0011", TOKEN.upper(), TOKEN + "0"])
def test_a_malformed_token_is_refused(token: str) -> None:
    process = _run("--endpoint", "ipc://nowhere", token=token)
    errors = process.communicate(timeout=PATIENCE_S)[1]

    assert process.returncode == 1
    assert "token" in errors


def test_a_peer_without_the_password_is_refused(tmp_path: Path) -> None:
    """A plain socket is no simulator: the mechanisms differ, nothing is exchanged."""
    context = zmq.Context()
    socket = context.socket(zmq.PAIR)
    socket.linger = 0
    socket.bind(f"ipc://{tmp_path}/s")
    process = _run("--endpoint", f"ipc://{tmp_path}/s")
    errors = process.communicate(timeout=PATIENCE_S)[1]
    socket.close()
    context.term()

    assert process.returncode == 1
    assert "gone" in errors


def test_the_program_ends_soon_after_bye(tmp_path: Path) -> None:
    connection = connect_ipc([str(binary_path())], HelloParameters(), tmp_path)
    before = time.monotonic()
    connection.close()

    assert time.monotonic() - before < 1


def test_the_program_does_not_outlive_a_killed_simulator(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _SIMULATOR, str(binary_path()), str(tmp_path)]
    simulator = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert simulator.stdout is not None
    assert simulator.stdout.readline() == "connected\n"
    models = _children(simulator.pid)
    simulator.send_signal(signal.SIGKILL)
    simulator.communicate(timeout=PATIENCE_S)

    assert models
    deadline = time.monotonic() + PATIENCE_S
    while any(map(_is_alive, models)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_is_alive, models))


def test_a_killed_program_is_noticed_at_the_next_exchange(tmp_path: Path) -> None:
    connection = connect_ipc([str(binary_path())], HelloParameters(), tmp_path)
    (program,) = (pid for pid in _children(os.getpid()) if _runs_the_program(pid))
    os.kill(program, signal.SIGKILL)

    with pytest.raises(PeerLostError):
        connection.reset([])


def _runs_the_program(pid: int) -> bool:
    return str(binary_path()).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    garbage = tmp_path / "model.so"
    garbage.write_bytes(b"garbage")
    for path in (garbage, tmp_path / "missing.so"):
        with pytest.raises(HandshakeError, match="no shared object"):
            connect_shared_object(path, HelloParameters())


def test_a_shared_object_answers_garbage_by_a_typed_error() -> None:
    model = SharedObjectModel(shared_object_path())
    answer = model.exchange(b"garbage")
    assert b"not an Envelope" in answer
    assert model.exchange(b"more") == b""
    model.close()
    model.close()
    with pytest.raises(PeerLostError):
        model.exchange(b"late")


def test_two_shared_objects_in_one_process_do_not_meet() -> None:
    first = connect_shared_object(shared_object_path(), HelloParameters(parameters={"pe_count": 4}))
    second = connect_shared_object(shared_object_path(), HelloParameters())

    assert first.description.parameters["pe_count"] == 4
    assert second.description.parameters["pe_count"] == 8
    first.close()
    second.close()
