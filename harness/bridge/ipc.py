"""The ipc transport: a model in its own process behind one ZeroMQ PAIR socket.

Every wait is on the socket, the socket's monitor, the model's process and the deadline together.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, cast

import zmq

from harness.base.errors import ModelError, PeerLostError, ProtocolError
from harness.bridge.channel import Channel
from harness.bridge.connection import FunctionalReader, ModelConnection
from harness.bridge.early import EarlyLaunches
from harness.bridge.messages import (
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
from harness.bridge.place import Place, PrivateFolder
from harness.bridge.process import (
    LARGEST_LOG_BYTES,
    ModelProcess,
    model_argv,
    model_environment,
    shell_command,
)
from harness.bridge.session import SimulatorSession, make_token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DEFAULT_DEADLINE_S = 60.0
_EXIT_GRACE_S = 2.0
_TERM_GRACE_S = 1.0
_LOOK_S = 0.25
"""How often a wait looks at how much the model has printed."""
_LAST_WORDS_S, _LAST_WORDS_LOOK_MS = 1.0, 5
"""The longest wait for what a model sent before it ended, and how often the wait looks."""
_START, _HELLO = "its start", "Hello"


class StartedModel:
    """A model that is starting; `connect` shakes hands with it.

    Attributes:
        command_line: What to type to start it by hand.

    Args:
        is_awaited: The user starts it some time; the deadline counts from then on.
    """

    def __init__(
        self,
        channel: Channel,
        token: bytes,
        process: ModelProcess | None,
        command_line: str,
        deadline_s: float | None,
        *,
        is_awaited: bool = False,
    ) -> None:
        self.command_line = command_line
        self._channel = channel
        self._token = token
        self._process = process
        self._deadline_s = deadline_s
        self._is_awaited = is_awaited

    def connect(
        self, hello: HelloParameters, functional_reader: FunctionalReader | None = None
    ) -> ModelConnection:
        """Shake hands; on failure nothing is left behind.

        Raises:
            HandshakeError: The model refuses.
            ProtocolError: It answers garbage.
            PeerLostError: It ended or missed its deadline.
        """
        wire = Wire(self._channel, self._process, None if self._is_awaited else self._deadline_s)
        session = SimulatorSession(hello, self._token)
        try:
            wire.send(session.hello(), _START)
            wire.begin(self._deadline_s)
            while isinstance(acceptance := session.accept(wire.receive(_HELLO)), Busy):
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
    place: Place | None = None,
) -> StartedModel:
    """Start a model's process and return at once.

    Args:
        model: A model reference, or the argument list of a program; `--endpoint` is appended.
        run_directory: Where the log, and if its path is short the socket, go.
        deadline_s: Longest time that the model may take for one answer; None waits for ever.
        is_manual: Start nothing: the user starts `command_line`, for example in a debugger.
        log_name: File in the run directory that gets what the model prints.
        place: Where the model is to connect; None for a Unix socket in a private folder.

    Raises:
        HandshakeError: The program cannot be started.
    """
    token = make_token()
    place = place or PrivateFolder(run_directory, token)
    channel = Channel(place)
    endpoint = channel.endpoint
    argv = (
        model_argv(model, endpoint) if isinstance(model, str) else [*model, "--endpoint", endpoint]
    )
    environment = {**model_environment(token), **place.environment}
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

    def begin(self, deadline_s: float | None) -> None:
        """Note that the model has got its first frame."""
        self._channel.begin()
        self._deadline_s = deadline_s

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
        try:
            frame = self._channel.socket.recv()  # waits for `PROMPT_MS`: the usual case
        except zmq.Again:
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
            left_s = _LOOK_S
            if deadline is not None:
                left_s = max(0, min(deadline - time.monotonic(), _LOOK_S))
            ready = dict(self._poller.poll(math.ceil(left_s * 1000)))
            if channel.socket in ready:
                return
            if channel.zap in ready:
                channel.admit()
            if channel.monitor in ready:
                channel.note_event()
            trouble = self._trouble(ready, deadline)
            if trouble and not self._comes_yet(wanted):
                raise self._lost(trouble, doing)

    def _comes_yet(self, wanted: int) -> bool:
        """Tell whether what the model sent before it ended arrives.

        The system says that a process has ended while ZeroMQ's thread may not have read its last
        words; it reads them before it finds the connection closed.
        """
        channel = self._channel
        has_ended = self._process is not None and not self._process.is_running
        deadline = time.monotonic() + (_LAST_WORDS_S if has_ended and channel.has_begun else 0)
        while not channel.socket.poll(0, wanted):
            if channel.is_lost() or time.monotonic() >= deadline:
                return bool(channel.socket.poll(0, wanted))
            if channel.monitor.poll(_LAST_WORDS_LOOK_MS):
                channel.note_event()
        return True

    def _trouble(self, ready: Mapping[object, int], deadline: float | None) -> str:
        """Say why nothing will come any more; nothing if there is still hope."""
        process = self._process
        if self._channel.is_lost():
            return "the model disconnected"
        if process is not None and process.watch_fd in ready:
            return "the model's process ended"
        if deadline is not None and time.monotonic() >= deadline:
            return f"the model missed its deadline of {self._deadline_s:g} s"
        if process is not None and not ready and process.log_bytes() > LARGEST_LOG_BYTES:
            return f"the model printed more than {LARGEST_LOG_BYTES} bytes"
        return ""

    def _lost(self, what: str, doing: str) -> PeerLostError:
        end, tail, log = "", "", ""
        is_alive = False
        if self._process is not None:
            if "disconnected" in what:
                self._process.wait(0.2)
            is_alive = self._process.is_running
            end, tail = self._process.end_text(), self._process.log_tail()
            if tail and doing not in {_START, _HELLO}:  # before the run begins no file is kept
                log = str(self._process.log_path)
        self.close()
        way_out = _WAYS_OUT.get(next((key for key in _WAYS_OUT if key in what), ""), "")
        return PeerLostError(
            f"{what} during {doing}",
            where=log,
            got=_with_tail(end, tail),
            way_out=way_out if is_alive else "",
        )


_WAYS_OUT = {
    "deadline": "a slow model may call self.busy(), or raise --deadline",
    "disconnected": "a model that closes its socket does this, or one whose frame is too large",
}


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
        self._early = EarlyLaunches()

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

    def launch_early(self, instance: int, command: bytes, operand_data: bytes) -> None:
        """Send the command; the model works on it while the simulator goes on."""
        if not self.acceptance.can_launch_early or not self._early.has_room(instance):
            return
        request = self._early_request(instance, command, operand_data)
        try:
            self._send(request)
        except BaseException:
            self.abort()
            raise
        self._early.sent(request)

    def abort(self) -> None:
        """Drop the model at once."""
        self._wire.close()

    def _exchange(self, request: Request) -> Reply:
        if (early := self._early.awaited) is not None:
            self._early.answered(self._receive(early))
        if isinstance(request, Launch) and (reply := self._early.take(request)) is not None:
            return reply
        self._send(request)
        return self._receive(request)

    def _send(self, request: Request) -> None:
        self._wire.send(self._session.request(request), _describe(request))
        if command := self._decode_ahead():
            self._session.prepare(command)

    def _receive(self, request: Request) -> Reply:
        doing = _describe(request)
        while True:
            reply = self._session.reply(self._wire.receive(doing))
            if isinstance(reply, FunctionalRequest):
                if request is self._early.awaited:
                    raise ModelError(
                        "the model peeks into memory though it said that it does not",
                        where=doing,
                        way_out="set can_launch_early = False in the model",
                    )
                data = self._read_functionally(cast("Launch", request).instance, reply)
                self._wire.send(self._session.functional_data(data), doing)
            elif not isinstance(reply, Busy):
                return reply


def _describe(request: Request) -> str:
    if isinstance(request, (Launch, Event)):
        name = type(request).__name__.lower()
        return f"{name} #{request.command_id} of instance {request.instance}"
    return type(request).__name__
