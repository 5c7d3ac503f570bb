"""The tcp transport; only ever on loopback."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket as network
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zmq

from harness.base.errors import HandshakeError, PeerLostError, ProtocolError, SpecError
from harness.bridge import channel, tcp
from harness.bridge.ipc import StartedModel, connect_ipc, start_model_process
from harness.bridge.messages import HelloParameters, ModelMode
from harness.bridge.tcp import await_remote_model, connect_tcp, start_tcp_model
from harness.bridge.trace import RecordingConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

from tests.bridge import bridge_player as player

PATIENCE_S = 10.0


def _environment(started: StartedModel) -> dict[str, str]:
    """Return the variables of the command that the user would type."""
    words = shlex.split(started.command_line)
    return dict(word.split("=", 1) for word in words[: _program_at(words)])


def _program_at(words: list[str]) -> int:
    return next(at for at, word in enumerate(words) if "=" not in word)


def _endpoint(started: StartedModel) -> str:
    return started.command_line.split()[-1]


@contextlib.contextmanager
def _peer(started: StartedModel, **changes: object) -> Iterator[zmq.Socket[bytes]]:
    """Give a socket with the model's own keys, except for the changes."""
    environment = _environment(started)
    secret = environment["HARNESS_BRIDGE_SECRET_KEY"].encode()
    options: dict[str, object] = {
        "curve_serverkey": environment["HARNESS_BRIDGE_SERVER_KEY"].encode(),
        "curve_secretkey": secret,
        "curve_publickey": zmq.curve_public(secret),
        **changes,
    }
    context = zmq.Context()
    socket = context.socket(zmq.PAIR)
    socket.linger = 0
    for name, value in options.items():
        if value is not None:
            setattr(socket, name, value)
    socket.connect(_endpoint(started))
    try:
        yield socket
    finally:
        socket.close(0)
        context.term()


NO_KEYS = {"curve_serverkey": None, "curve_secretkey": None, "curve_publickey": None}


def _other_pair() -> dict[str, object]:
    public, secret = zmq.curve_keypair()
    return {"curve_publickey": public, "curve_secretkey": secret}


@pytest.fixture
def awaited(model_path: Path) -> Callable[..., StartedModel]:
    def make(deadline_s: float = PATIENCE_S) -> StartedModel:
        return await_remote_model(str(model_path), "tcp://127.0.0.1:*", deadline_s=deadline_s)

    return make


@contextlib.contextmanager
def _model_by_hand(started: StartedModel) -> Iterator[subprocess.Popen[bytes]]:
    """Do what the printed command says, with this interpreter."""
    words = shlex.split(started.command_line)
    at = _program_at(words)
    assert words[at] == "python3"
    command = [sys.executable, *words[at + 1 :]]
    process = subprocess.Popen(command, env={**os.environ, **_environment(started)})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _records(path: Path, connection: object) -> bytes:
    recording = RecordingConnection(connection, path)  # type: ignore[arg-type]
    recording.reset(player.WINDOWS)
    assert player.Player(recording).run() == player.DOUBLED
    recording.close()
    return path.read_bytes()


@pytest.mark.parametrize("mode", list(ModelMode))
def test_a_session_over_tcp_is_the_same_bytes_as_over_ipc(
    model_path: Path, tmp_path: Path, mode: ModelMode
) -> None:
    hello = HelloParameters(mode=mode)
    over_ipc = connect_ipc(str(model_path), hello, tmp_path, deadline_s=PATIENCE_S)
    first = _records(tmp_path / "a", over_ipc)
    over_tcp = connect_tcp(str(model_path), hello, tmp_path, deadline_s=PATIENCE_S)
    assert _records(tmp_path / "b", over_tcp) == first


def test_a_model_is_awaited_on_loopback_and_its_keys_are_no_arguments(
    model_path: Path, tmp_path: Path
) -> None:
    started = start_tcp_model(str(model_path), tmp_path, deadline_s=PATIENCE_S)
    try:
        assert started._process is not None
        process = Path(f"/proc/{started._process.pid}")
        while not (arguments := (process / "cmdline").read_bytes().decode()):
            pass  # its exec has begun, and the kernel is not yet done with it
        assert "tcp://127.0.0.1:" in arguments
        secrets = {n: v for n, v in _environment(started).items() if n.startswith("HARNESS_BRIDGE")}
        assert len(secrets) == 3
        assert not [name for name, value in secrets.items() if value in arguments]
    finally:
        started.abort()


def test_every_run_has_keys_of_its_own(awaited: Callable[..., StartedModel]) -> None:
    first, second = awaited(), awaited()
    one, other = _environment(first), _environment(second)
    first.abort()
    second.abort()
    names = [name for name in one if name.startswith("HARNESS_BRIDGE")]
    assert not [name for name in names if one[name] == other[name]]


def test_the_printed_command_starts_a_model(awaited: Callable[..., StartedModel]) -> None:
    started = awaited()
    with _model_by_hand(started) as process:
        connection = started.connect(HelloParameters())
        connection.reset(player.WINDOWS)
        assert player.Player(connection).run() == player.DOUBLED
        connection.close()
        assert process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize(
    "peer",
    [
        _other_pair,
        lambda: {"curve_serverkey": zmq.curve_keypair()[0]},
        lambda: NO_KEYS,
        lambda: {**NO_KEYS, "plain_username": b"harness", "plain_password": b"token"},
    ],
    ids=["another client key", "another server key", "NULL", "PLAIN"],
)
def test_a_peer_without_the_right_keys_gets_nothing(
    awaited: Callable[..., StartedModel], peer: Callable[[], dict[str, object]]
) -> None:
    started = awaited()
    changes = peer()
    if "plain_password" in changes:  # even with the right token
        changes["plain_password"] = _environment(started)["HARNESS_BRIDGE_TOKEN"].encode()
    with _peer(started, **changes) as stranger, _model_by_hand(started):
        with contextlib.suppress(zmq.Again):  # its handshake may have failed already
            stranger.send(b"forged", zmq.NOBLOCK)
        connection = started.connect(HelloParameters())
        connection.reset(player.WINDOWS)
        assert player.Player(connection).run() == player.DOUBLED
        assert not stranger.poll(100)
        connection.close()


def test_only_a_wrong_key_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "stranger.py"
    path.write_text(
        "import os, sys, time, zmq\n"
        "socket = zmq.Context().socket(zmq.PAIR)\n"
        "socket.curve_serverkey = os.environ['HARNESS_BRIDGE_SERVER_KEY'].encode()\n"
        "socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()\n"
        "socket.connect(sys.argv[-1])\n"
        "time.sleep(30)\n"
    )
    with pytest.raises(PeerLostError, match="deadline"):
        connect_tcp([sys.executable, str(path)], HelloParameters(), tmp_path, deadline_s=1)


def test_a_second_peer_with_the_right_key_is_refused(awaited: Callable[..., StartedModel]) -> None:
    started = awaited()
    with _model_by_hand(started):
        connection = started.connect(HelloParameters())
        with _peer(started) as second:
            connection.reset(player.WINDOWS)
            assert player.Player(connection).run() == player.DOUBLED
            assert not second.poll(200)
        connection.close()


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"\x01\x00\x06\x00HELLO",  # ZMTP 1.0: no handshake at all
        b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL" + bytes(48),
        b"GET / HTTP/1.1\r\n\r\n",
        bytes(range(256)) * 64,
    ],
    ids=["nothing", "ZMTP 1.0", "ZMTP 3.0 NULL", "http", "bytes"],
)
def test_raw_bytes_get_nowhere_and_do_not_disturb(
    awaited: Callable[..., StartedModel], noise: bytes
) -> None:
    started = awaited()
    host, port = _endpoint(started).removeprefix("tcp://").split(":")
    with network.create_connection((host, int(port))) as early, _model_by_hand(started):
        early.sendall(noise)
        connection = started.connect(HelloParameters())
        connection.reset(player.WINDOWS)
        for _ in range(3):  # strangers come and go in the middle of the session
            with network.create_connection((host, int(port))) as late:
                late.sendall(noise)
            time.sleep(0.05)
            assert player.Player(connection).run() == player.DOUBLED
        connection.close()


def test_strangers_that_come_and_go_while_the_model_works_are_not_the_model(
    awaited: Callable[..., StartedModel],
) -> None:
    started = awaited()
    host, port = _endpoint(started).removeprefix("tcp://").split(":")

    def visit() -> None:
        for _ in range(5):
            network.create_connection((host, int(port))).close()
            time.sleep(0.1)

    with _model_by_hand(started):
        connection = started.connect(HelloParameters(parameters={"trouble": "slow"}))
        connection.reset(player.WINDOWS)
        visitor = threading.Thread(target=visit)
        visitor.start()
        assert player.Player(connection).run() == player.DOUBLED
        visitor.join()
        connection.close()


def _lost(model_path: Path, folder: Path, trouble: str) -> PeerLostError:
    hello = HelloParameters(parameters={"trouble": trouble})
    connection = connect_tcp(str(model_path), hello, folder, deadline_s=0.8)
    connection.reset(player.WINDOWS)
    with pytest.raises(PeerLostError) as info:
        player.Player(connection).run()
    return info.value


@pytest.mark.parametrize(
    ("trouble", "message"),
    [("exit", "exit status 7"), ("kill", "SIGKILL"), ("stop", "deadline"), ("hang", "deadline")],
)
def test_a_model_that_fails_over_tcp_is_lost_with_its_cause(
    model_path: Path, tmp_path: Path, trouble: str, message: str
) -> None:
    begin = time.monotonic()
    assert message in str(_lost(model_path, tmp_path, trouble))
    assert time.monotonic() - begin < 5


def test_a_remote_model_that_dies_is_noticed_without_its_process(
    awaited: Callable[..., StartedModel],
) -> None:
    started = awaited()
    with _model_by_hand(started) as process:
        connection = started.connect(HelloParameters(parameters={"trouble": "hang"}))
        connection.reset(player.WINDOWS)
        timer = threading.Timer(0.3, process.kill)
        timer.start()
        begin = time.monotonic()
        with pytest.raises(PeerLostError, match="disconnected"):
            player.Player(connection).run()
        assert time.monotonic() - begin < 2
        timer.join()


def test_a_stopped_remote_model_misses_its_deadline(awaited: Callable[..., StartedModel]) -> None:
    started = awaited(0.8)
    with _model_by_hand(started) as process:  # whose start takes no part of the deadline
        connection = started.connect(HelloParameters())
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(PeerLostError, match="deadline"):
            connection.reset(player.WINDOWS)


def test_a_model_ends_when_its_simulator_goes(awaited: Callable[..., StartedModel]) -> None:
    started = awaited()
    with _model_by_hand(started) as process:
        started.connect(HelloParameters()).abort()
        assert process.wait(PATIENCE_S) == 3


@pytest.mark.parametrize("start", [start_model_process, start_tcp_model])
def test_a_simulator_may_take_longer_than_a_handshake(
    model_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    start: Callable[..., StartedModel],
) -> None:
    """The model's questions of ZAP go stale meanwhile; the last one counts."""
    monkeypatch.setattr(channel, "_HANDSHAKE_MS", 200)
    started = start(str(model_path), tmp_path, deadline_s=PATIENCE_S)
    time.sleep(1.2)
    connection = started.connect(HelloParameters())
    connection.reset(player.WINDOWS)
    assert player.Player(connection).run() == player.DOUBLED
    connection.close()


def test_without_curve_there_is_no_tcp(
    model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp.zmq, "has", lambda _: False)
    with pytest.raises(HandshakeError, match="built without it"):
        start_tcp_model(str(model_path), tmp_path)


def test_a_frame_that_is_too_large_is_refused_over_tcp(
    awaited: Callable[..., StartedModel],
) -> None:
    started = awaited()
    is_over = threading.Event()

    def answer() -> None:
        with _peer(started) as peer:
            peer.recv()
            peer.send(bytes((1 << 26) + 1))
            is_over.wait(PATIENCE_S)

    thread = threading.Thread(target=answer)
    thread.start()
    with pytest.raises(ProtocolError, match="too large"):
        started.connect(HelloParameters())
    is_over.set()
    thread.join()


def test_a_model_without_its_keys_says_so(model_path: Path) -> None:
    words = [sys.executable, "-m", "harness.bridge.serve", str(model_path)]
    ended = subprocess.run(
        [*words, "--endpoint", "tcp://127.0.0.1:9"],
        env={**os.environ, "HARNESS_BRIDGE_TOKEN": "00" * 16},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode == 4
    assert "HARNESS_BRIDGE_SERVER_KEY" in ended.stderr


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:5",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:65536",
        "ipc:///tmp/x",
        "tcp://:5",
        "tcp://a b:5",
    ],
)
def test_a_wrong_address_is_refused(address: str) -> None:
    with pytest.raises(SpecError, match=r"tcp://HOST:PORT"):
        await_remote_model("vector_mac", address)


def test_an_address_in_use_is_one_clear_error(awaited: Callable[..., StartedModel]) -> None:
    started = awaited()
    with pytest.raises(HandshakeError, match=r"cannot be bound[\s\S]*127.0.0.1"):
        await_remote_model("vector_mac", _endpoint(started))
    started.abort()


def test_another_host_is_told_a_name_that_it_can_reach() -> None:
    name = network.gethostname()
    assert tcp.reachable_endpoint("tcp://0.0.0.0:5") == f"tcp://{name}:5"
    assert tcp.reachable_endpoint("tcp://[::]:5") == f"tcp://{name}:5"
    assert tcp.reachable_endpoint("tcp://192.0.2.7:5") == "tcp://192.0.2.7:5"
    assert tcp.reachable_endpoint("tcp://[2001:db8::1]:5") == "tcp://[2001:db8::1]:5"
