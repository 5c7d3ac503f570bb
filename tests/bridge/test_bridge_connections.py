from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from harness.base.errors import (
    DivergenceError,
    HandshakeError,
    ModelError,
    PeerLostError,
    ProtocolError,
)
from harness.bridge.connection import ModelConnection
from harness.bridge.in_process import connect_in_process
from harness.bridge.ipc import connect_ipc, start_model_process
from harness.bridge.messages import HelloParameters, ModelMode
from harness.bridge.trace import (
    RecordingConnection,
    ReplayConnection,
    diff_traces,
    drive_model,
    read_trace,
)
from tests.bridge import bridge_player as player

if TYPE_CHECKING:
    from pathlib import Path

Connect = Callable[..., ModelConnection]


@pytest.fixture(params=["inproc", "ipc"])
def connect(request: pytest.FixtureRequest, model_path: Path, tmp_path: Path) -> Connect:
    def make(mode: ModelMode = ModelMode.KERNEL, **parameters: object) -> ModelConnection:
        hello = HelloParameters(mode=mode, parameters=parameters)
        if request.param == "inproc":
            return connect_in_process(str(model_path), hello)
        return connect_ipc(str(model_path), hello, tmp_path, deadline_s=10)

    return make


@pytest.fixture
def lost(model_path: Path, tmp_path: Path) -> Callable[[str], PeerLostError]:
    def make(trouble: str) -> PeerLostError:
        hello = HelloParameters(parameters={"trouble": trouble})
        connection = connect_ipc(str(model_path), hello, tmp_path, deadline_s=0.8)
        connection.reset(player.WINDOWS)
        with pytest.raises(PeerLostError) as info:
            player.Player(connection).run()
        return info.value

    return make


def test_both_modes_give_the_same_graph_and_bytes(connect: Connect) -> None:
    found = []
    for mode in ModelMode:
        connection = connect(mode)
        connection.reset(player.WINDOWS)
        play = player.Player(connection)
        assert play.run() == player.DOUBLED
        assert [each.value for each in connection.close()] == [player.SIZE_BYTES]
        found.append((play.nodes, play.exchanges))
    (exact, exact_exchanges), (kernel, kernel_exchanges) = found
    assert exact == kernel
    assert kernel_exchanges == 1
    assert exact_exchanges == 2  # the first Event completed all reads: nothing else to ask for


def test_an_unknown_parameter_lists_the_valid_ones(connect: Connect) -> None:
    with pytest.raises(HandshakeError, match=r"piece_bytes, trouble[\s\S]*did you mean"):
        connect(piece_byte=3)


def test_an_exception_in_the_model_names_its_line(connect: Connect) -> None:
    connection = connect(trouble="raise")
    connection.reset(player.WINDOWS)
    with pytest.raises(ModelError, match=r"no such tile[\s\S]*doubler.py"):
        player.Player(connection).run()
    connection.abort()


def test_the_state_is_drained_between_commands(connect: Connect) -> None:
    connection = connect()
    connection.reset(player.WINDOWS)
    assert connection.drain(5).endswith(b"state")
    connection.close()


@pytest.mark.parametrize(
    ("trouble", "message"),
    [("exit", "exit status 7"), ("kill", "SIGKILL"), ("stop", "deadline"), ("hang", "deadline")],
)
def test_a_model_that_fails_is_lost_with_its_cause(
    lost: Callable[[str], PeerLostError], trouble: str, message: str
) -> None:
    begin = time.monotonic()
    error = lost(trouble)
    assert message in str(error)
    assert "launch #0" in str(error)
    assert time.monotonic() - begin < 5
    if trouble == "exit":
        assert "about to leave" in str(error)


def test_busy_starts_the_deadline_anew(model_path: Path, tmp_path: Path) -> None:
    hello = HelloParameters(parameters={"trouble": "slow"})
    connection = connect_ipc(str(model_path), hello, tmp_path, deadline_s=1.0)
    connection.reset(player.WINDOWS)
    assert player.Player(connection).run() == player.DOUBLED
    connection.close()


def test_a_killed_idle_model_is_noticed_at_the_next_exchange(
    model_path: Path, tmp_path: Path
) -> None:
    connection = connect_ipc(str(model_path), HelloParameters(), tmp_path, deadline_s=5)
    os.kill(connection._wire._process.pid, signal.SIGKILL)  # type: ignore[attr-defined]
    with pytest.raises(PeerLostError, match="SIGKILL"):
        connection.reset(player.WINDOWS)


def test_a_model_that_cannot_be_imported_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("import no_such_module\n")
    with pytest.raises(HandshakeError, match="no_such_module"):
        connect_ipc(str(path), HelloParameters(), tmp_path, deadline_s=10)


def test_a_long_run_directory_still_works(model_path: Path, tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    connection = connect_ipc(str(model_path), HelloParameters(), folder, deadline_s=10)
    connection.close()


def test_an_unconnected_start_is_dropped(model_path: Path, tmp_path: Path) -> None:
    start_model_process(str(model_path), tmp_path).abort()


FAKE = """
import os, sys, time, zmq
from harness.pb.bridge.v1 import bridge_pb2 as pb
what = {what!r}
token = os.environ["HARNESS_BRIDGE_TOKEN"]
if what == "wrong token":
    token = "0" * 32
context = zmq.Context()
socket = context.socket(zmq.PAIR)
socket.plain_username, socket.plain_password = b"harness", token.encode()
socket.linger = 500
socket.connect(sys.argv[-1])
hello = pb.Envelope.FromString(socket.recv())
if what == "garbage":
    socket.send(b"\\xff\\x00garbage")
elif what == "multipart":
    socket.send_multipart([b"a", b"b"])
elif what == "disconnect":
    socket.close()
elif what == "empty":
    socket.send(b"")
elif what == "oversize":
    socket.send(bytes((1 << 26) + 1))
else:
    answer = pb.Envelope(sequence=1, session_high=hello.session_high, session_low=hello.session_low)
    answer.ack.SetInParent()
    if what == "wrong session":
        answer.session_low ^= 1
    if what == "sequence":
        answer.sequence = 2
    if what == "not json":
        answer.hello_ack.protocol_major = 1
        answer.hello_ack.description_json = "{{"
    socket.send(answer.SerializeToString())
time.sleep(30)
"""


@pytest.mark.parametrize(
    ("what", "kind", "message"),
    [
        ("garbage", ProtocolError, "not an Envelope"),
        ("multipart", ProtocolError, "multipart"),
        ("empty", ProtocolError, "no body"),
        ("disconnect", PeerLostError, "disconnected"),
        ("oversize", PeerLostError, "disconnected"),
        ("wrong token", PeerLostError, "deadline"),
        ("wrong session", ProtocolError, "another session"),
        ("sequence", ProtocolError, "out of sequence"),
        ("not json", HandshakeError, "not JSON"),
        ("ack", ProtocolError, "HelloAck"),
    ],
)
def test_a_peer_that_breaks_the_protocol_is_refused(
    tmp_path: Path, what: str, kind: type[Exception], message: str
) -> None:
    path = tmp_path / "fake.py"
    path.write_text(FAKE.format(what=what))
    with pytest.raises(kind, match=message):
        connect_ipc([sys.executable, str(path)], HelloParameters(), tmp_path, deadline_s=2)


LATE = """
import os, select, sys, time, zmq
parent = os.pidfd_open(os.getpid())
heard, told = os.pipe()
if os.fork():
    os.read(heard, 1)
    os._exit(4)
context = zmq.Context()
socket = context.socket(zmq.PAIR)
socket.plain_username = b"harness"
socket.plain_password = os.environ["HARNESS_BRIDGE_TOKEN"].encode()
socket.linger = 500
socket.connect(sys.argv[-1])
socket.recv()
os.write(told, b"x")
select.select([parent], [], [])
time.sleep(0.2)
socket.send(b"\\xff\\x00garbage")
"""


def test_the_last_words_of_a_model_that_has_ended_are_awaited(tmp_path: Path) -> None:
    """The system may say that a process has ended before ZeroMQ's thread has read all it sent."""
    path = tmp_path / "late.py"
    path.write_text(LATE)
    with pytest.raises(ProtocolError, match="not an Envelope"):
        connect_ipc([sys.executable, str(path)], HelloParameters(), tmp_path, deadline_s=10)


def _record(connect: Connect, path: Path, **parameters: object) -> None:
    connection = RecordingConnection(connect(ModelMode.EXACT, **parameters), path)
    connection.reset(player.WINDOWS)
    assert player.Player(connection).run() == player.DOUBLED
    connection.close()


def test_two_recordings_are_the_same_bytes_and_replay(connect: Connect, tmp_path: Path) -> None:
    first, second, other = (tmp_path / name for name in ("a", "b", "c"))
    _record(connect, first)
    _record(connect, second)
    _record(connect, other, piece_bytes=32)
    assert first.read_bytes() == second.read_bytes()
    assert diff_traces(read_trace(first), read_trace(second)) is None
    assert diff_traces(read_trace(first), read_trace(other)) is not None
    replay = ReplayConnection(first)
    replay.reset(player.WINDOWS)
    assert player.Player(replay).run() == player.DOUBLED
    assert replay.close()


def test_a_trace_drives_the_model_without_a_simulator(connect: Connect, tmp_path: Path) -> None:
    _record(connect, tmp_path / "a")
    connection = connect(ModelMode.EXACT)
    assert drive_model(read_trace(tmp_path / "a"), connection) is None
    connection.abort()
    connection = connect(ModelMode.EXACT, piece_bytes=32)
    assert drive_model(read_trace(tmp_path / "a"), connection) is not None
    connection.abort()


def test_a_replay_refuses_another_run(connect: Connect, tmp_path: Path) -> None:
    _record(connect, tmp_path / "a")
    replay = ReplayConnection(tmp_path / "a")
    with pytest.raises(DivergenceError, match="windows"):
        replay.reset(player.WINDOWS[:1])


def test_a_trace_that_is_cut_off_is_read_up_to_its_last_exchange(
    connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    _record(connect, path)
    whole = read_trace(path)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ProtocolError, match="cut off"):
        read_trace(path)
    assert read_trace(path, is_partial_ok=True).exchanges == whole.exchanges[:-1]
