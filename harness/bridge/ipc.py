"""The ipc transport: a model in its own process behind one ZeroMQ PAIR socket.

Every wait is on the socket, the socket's monitor, the model's process and the deadline together.
"""

from __future__ import annotations

import math
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

import zmq

from harness.base.errors import PeerLostError, ProtocolError
from harness.bridge.connection import FunctionalReader, ModelConnection
from harness.bridge.messages import (
    MAXIMUM_FRAME_BYTES,
    Acceptance,
    Busy,
    Bye,
    Event,
    FunctionalRequest,
    HelloParameters,
    Launch,
    Reply,
    Request,
)
from harness.bridge.process import (
    ModelProcess,
    model_argv,
    model_environment,
    shell_command,
)
from harness.bridge.session import SimulatorSession, make_token

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_DEADLINE_S = 60.0
USER_NAME = b"harness"
_MAXIMUM_PATH_BYTES = 107  # man 7 zmq_ipc: sockaddr_un holds 108 with the final zero
_SOCKET_NAME = "s"
_EXIT_GRACE_S = 2.0
_TERM_GRACE_S = 1.0
_LOST = zmq.Event.DISCONNECTED | zmq.Event.HANDSHAKE_FAILED_AUTH


class Channel:
    """The bound socket with its password check and monitor, and the folder it lies in."""

    def __init__(self, run_directory: Path, token: bytes) -> None:
        self._token = token
        self._folder = _private_folder(run_directory)
        path = self._folder / _SOCKET_NAME
        self.endpoint = f"ipc://{path}"
        self._context = zmq.Context()
        self.zap = self._context.socket(zmq.REP)
        self.zap.bind("inproc://zeromq.zap.01")
        self.socket = self._context.socket(zmq.PAIR)
        self.socket.plain_server = True
        self.socket.zap_domain = b"harness"
        self.socket.linger = 0
        self.socket.immediate = True
        self.socket.handshake_ivl = 10_000
        self.socket.maxmsgsize = MAXIMUM_FRAME_BYTES
        self.monitor = self.socket.get_monitor_socket(_LOST)
        self.socket.bind(self.endpoint)
        self._has_peer = False

    def admit(self) -> None:
        """Answer one question for a password; only the first right one is let in."""
        request = self.zap.recv_multipart()
        is_right = request[5:] == [b"PLAIN", USER_NAME, self._token.hex().encode()]
        is_admitted = is_right and not self._has_peer
        self._has_peer |= is_admitted
        status = [b"200", b"OK"] if is_admitted else [b"400", b"wrong token"]
        self.zap.send_multipart([request[0], request[1], *status, b"", b""])

    def is_lost(self) -> bool:
        """Read one event of the monitor: whether the admitted peer went away."""
        # man 3 zmq_socket_monitor: u16 event and u32 value. pyzmq's parser imports asyncio.
        event = int.from_bytes(self.monitor.recv_multipart()[0][:2], sys.byteorder)
        return self._has_peer and event == zmq.Event.DISCONNECTED

    def close(self) -> None:
        """Close everything and remove the folder."""
        if self.socket.closed:
            return
        self.socket.disable_monitor()
        self.monitor.close(0)
        self.socket.close(0)
        self.zap.close(0)
        self._context.term()
        shutil.rmtree(self._folder, ignore_errors=True)


def _private_folder(run_directory: Path) -> Path:
    """Make a folder that only this user can enter and whose socket's path is short enough."""
    folder = Path(tempfile.mkdtemp(prefix="bridge-", dir=run_directory)).absolute()
    if len(os.fsencode(folder / _SOCKET_NAME)) <= _MAXIMUM_PATH_BYTES:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="harness-bridge-"))


class StartedModel:
    """A model that is starting; `connect` shakes hands with it.

    Attributes:
        command_line: What to type to start it by hand.
    """

    def __init__(
        self,
        channel: Channel,
        token: bytes,
        process: ModelProcess | None,
        command_line: str,
        deadline_s: float | None,
    ) -> None:
        self.command_line = command_line
        self._channel = channel
        self._token = token
        self._process = process
        self._deadline_s = deadline_s

    def connect(
        self, hello: HelloParameters, functional_reader: FunctionalReader | None = None
    ) -> ModelConnection:
        """Shake hands; on failure nothing is left behind.

        Raises:
            HandshakeError: The model refuses.
            ProtocolError: It answers garbage.
            PeerLostError: It ended or missed its deadline.
        """
        wire = Wire(self._channel, self._process, self._deadline_s)
        session = SimulatorSession(hello, self._token)
        try:
            wire.send(session.hello(), "its start")
            while isinstance(acceptance := session.accept(wire.receive("Hello")), Busy):
                pass
        except BaseException:
            wire.close()
            raise
        return IpcConnection(wire, session, hello, acceptance, functional_reader)

    def abort(self) -> None:
        """Drop the model without connecting."""
        Wire(self._channel, self._process, self._deadline_s).close()


def start_model_process(
    model: str | Sequence[str],
    run_directory: Path,
    *,
    deadline_s: float | None = DEFAULT_DEADLINE_S,
    is_manual: bool = False,
    log_name: str = "model.log",
) -> StartedModel:
    """Start a model's process and return at once.

    Args:
        model: A model reference, or the argument list of a program; `--endpoint` is appended.
        run_directory: Where the log, and if its path is short the socket, go.
        deadline_s: Longest time that the model may take for one answer; None waits for ever.
        is_manual: Start nothing: the user starts `command_line`, for example in a debugger.
        log_name: File in the run directory that gets what the model prints.

    Raises:
        HandshakeError: The program cannot be started.
    """
    token = make_token()
    channel = Channel(run_directory, token)
    endpoint = channel.endpoint
    argv = (
        model_argv(model, endpoint) if isinstance(model, str) else [*model, "--endpoint", endpoint]
    )
    environment = model_environment(token)
    try:
        process = None if is_manual else ModelProcess(argv, environment, run_directory / log_name)
    except BaseException:
        channel.close()
        raise
    command_line = shell_command(argv, environment)
    return StartedModel(channel, token, process, command_line, None if is_manual else deadline_s)


def connect_ipc(
    model: str | Sequence[str],
    hello: HelloParameters,
    run_directory: Path,
    *,
    deadline_s: float | None = DEFAULT_DEADLINE_S,
    functional_reader: FunctionalReader | None = None,
) -> ModelConnection:
    """Start a model's process and shake hands with it; see `start_model_process`."""
    started = start_model_process(model, run_directory, deadline_s=deadline_s)
    return started.connect(hello, functional_reader)


class Wire:
    """Frames to and from one model's process, each wait bounded."""

    def __init__(
        self, channel: Channel, process: ModelProcess | None, deadline_s: float | None
    ) -> None:
        self._channel = channel
        self._process = process
        self._deadline_s = deadline_s
        self._poller = zmq.Poller()
        self._poller.register(channel.socket, zmq.POLLIN)
        self._poller.register(channel.monitor, zmq.POLLIN)
        self._poller.register(channel.zap, zmq.POLLIN)
        if process is not None:
            self._poller.register(process.watch_fd, zmq.POLLIN)

    def send(self, frame: bytes, doing: str) -> None:
        """Send one frame as soon as the model is there to take it."""
        try:
            self._channel.socket.send(frame, zmq.NOBLOCK)
        except zmq.Again:
            self._wait(zmq.POLLOUT, doing)
            self._channel.socket.send(frame, zmq.NOBLOCK)

    def receive(self, doing: str) -> bytes:
        """Return the next frame.

        Raises:
            ProtocolError: It is a multipart message.
            PeerLostError: None comes any more, or none came before the deadline.
        """
        self._wait(zmq.POLLIN, doing)
        frame = self._channel.socket.recv(zmq.NOBLOCK)
        if self._channel.socket.rcvmore:
            raise ProtocolError("the model sent a multipart message", where=doing)
        return frame

    def finish(self) -> None:
        """Let the process end by itself after Bye; see to it that it does.

        Raises:
            PeerLostError: It did not end, or ended with an error.
        """
        process = self._process
        if process is None:
            self.close()
            return
        status = process.wait(_EXIT_GRACE_S)
        end = process.end_text()
        tail = process.log_tail() if status else ""
        process.stop(_TERM_GRACE_S)
        self.close()
        if status is None:
            raise PeerLostError(f"the model's process did not end within {_EXIT_GRACE_S} s of Bye")
        if status:
            raise PeerLostError(
                "the model's process failed after its last answer", got=_with_tail(end, tail)
            )

    def close(self) -> None:
        """Kill what runs, close what is open, remove what was made."""
        if self._process is not None:
            self._process.stop()
        self._channel.close()

    def _wait(self, wanted: int, doing: str) -> None:
        """Return when the socket is ready for what is wanted."""
        channel = self._channel
        self._poller.register(channel.socket, wanted)
        deadline = None if self._deadline_s is None else time.monotonic() + self._deadline_s
        while True:
            left_ms = None
            if deadline is not None:
                left_ms = max(0, math.ceil((deadline - time.monotonic()) * 1000))
            ready = dict(self._poller.poll(left_ms))
            if channel.socket in ready:
                return
            if channel.zap in ready:
                channel.admit()
            elif channel.monitor in ready:
                if channel.is_lost() and not channel.socket.poll(0, wanted):
                    raise self._lost("the model disconnected", doing)
            elif ready:
                if not channel.socket.poll(0, wanted):
                    raise self._lost("the model's process ended", doing)
            elif deadline is not None and time.monotonic() >= deadline:
                raise self._lost(f"the model missed its deadline of {self._deadline_s:g} s", doing)

    def _lost(self, what: str, doing: str) -> PeerLostError:
        end, tail, log = "", "", ""
        if self._process is not None:
            if "disconnected" in what:
                self._process.wait(0.2)
            end, tail = self._process.end_text(), self._process.log_tail()
            log = str(self._process.log_path)
        self.close()
        return PeerLostError(
            f"{what} while handling {doing}",
            where=log,
            got=_with_tail(end, tail),
            way_out="a slow model may call self.busy(), or raise --deadline"
            if "deadline" in what
            else "",
        )


def _with_tail(end: str, tail: str) -> str:
    indented = "".join(f"\n    {line}" for line in tail.splitlines())
    return f"{end}; the last lines of its log:{indented}" if tail else end


class IpcConnection(ModelConnection):
    """A session with a model in its own process."""

    def __init__(
        self,
        wire: Wire,
        session: SimulatorSession,
        hello: HelloParameters,
        acceptance: Acceptance,
        functional_reader: FunctionalReader | None,
    ) -> None:
        super().__init__(hello, acceptance, functional_reader)
        self._wire = wire
        self._session = session

    def exchange(self, request: Request) -> Reply:
        """Send a request and wait for its answer; after any failure the model is gone."""
        try:
            reply = self._exchange(request)
        except BaseException:
            self.abort()
            raise
        if isinstance(request, Bye):
            self._wire.finish()
        return reply

    def abort(self) -> None:
        """Drop the model at once."""
        self._wire.close()

    def _exchange(self, request: Request) -> Reply:
        doing = _describe(request)
        self._wire.send(self._session.request(request), doing)
        while True:
            reply = self._session.reply(self._wire.receive(doing))
            if isinstance(reply, FunctionalRequest):
                data = self._read_functionally(cast("Launch", request).instance, reply)
                self._wire.send(self._session.functional_data(data), doing)
            elif not isinstance(reply, Busy):
                return reply


def _describe(request: Request) -> str:
    if isinstance(request, (Launch, Event)):
        name = type(request).__name__.lower()
        return f"{name} #{request.command_id} of instance {request.instance}"
    return type(request).__name__
