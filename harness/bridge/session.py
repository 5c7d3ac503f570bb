"""The protocol's two ends without input or output: frames in, frames out; no sockets, no time."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from harness.base.errors import BridgeError, HandshakeError, ModelError, ProtocolError
from harness.bridge import codec
from harness.bridge.host import ModelFactory, ModelHost
from harness.bridge.messages import (
    MAXIMUM_FRAME_BYTES,
    Acceptance,
    Busy,
    Bye,
    ErrorKind,
    FunctionalRequest,
    Launch,
    Reply,
    Request,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.bridge.descriptor import Command
    from harness.bridge.messages import HelloParameters

TOKEN_BYTES = 16
_SESSION_WIDE = frozenset({"hello", "reset", "drain", "bye"})


def make_token() -> bytes:
    """Return a fresh session token."""
    return secrets.token_bytes(TOKEN_BYTES)


class FrameChannel:
    """One end's numbering of frames: session token, sequences, ticks, sizes."""

    def __init__(self, token: bytes) -> None:
        self._words = (int.from_bytes(token[:8], "big"), int.from_bytes(token[8:], "big"))
        self._sent = 0
        self._received = 0
        self.tick = 0
        """Effective tick of the last frame from the simulator."""
        self.sendable_bytes = MAXIMUM_FRAME_BYTES
        self.receivable_bytes = MAXIMUM_FRAME_BYTES

    def seal(self, envelope: Any, tick: int) -> bytes:
        """Number an envelope and return its bytes.

        Raises:
            ProtocolError: It is larger than the peer accepts.
        """
        self._sent += 1
        envelope.session_high, envelope.session_low = self._words
        envelope.sequence = self._sent
        envelope.effective_tick = tick
        frame: bytes = envelope.SerializeToString()
        if len(frame) > self.sendable_bytes:
            raise ProtocolError(
                "a frame is larger than the peer accepts",
                where=str(envelope.WhichOneof("body")),
                expected=f"at most {self.sendable_bytes} bytes",
                got=str(len(frame)),
            )
        return frame

    def open(self, frame: bytes) -> Any:
        """Return the envelope of a frame whose session and number are right.

        Raises:
            ProtocolError: It is malformed, too large, of another session or out of sequence.
        """
        if len(frame) > self.receivable_bytes:
            raise ProtocolError(
                "a frame is too large",
                expected=f"at most {self.receivable_bytes} bytes",
                got=str(len(frame)),
            )
        envelope = codec.parse_envelope(frame)
        if (envelope.session_high, envelope.session_low) != self._words:
            raise ProtocolError("a frame belongs to another session")
        self._received += 1
        if envelope.sequence != self._received:
            raise ProtocolError(
                "a frame is out of sequence", expected=str(self._received), got=envelope.sequence
            )
        return envelope


class ModelSession:
    """The model's end: `handle` takes one frame of the simulator and returns the answer."""

    def __init__(
        self,
        factory: ModelFactory,
        token: bytes,
        send_busy: Callable[[bytes], object] | None = None,
    ) -> None:
        self._factory = factory
        self._send_busy = send_busy
        self._channel = FrameChannel(token)
        self._host: ModelHost | None = None
        self._instances = 1
        self._instance = 0
        self._is_peeking = False
        self.is_closed = False
        self.error: BridgeError | None = None
        """Why the session ended early."""

    def handle(self, frame: bytes) -> bytes:
        """Return the answer to a frame; an error becomes Error and closes the session.

        An empty answer means that the peer gave up and nothing is to be sent.
        """
        try:
            answer = self._answer(frame)
            return self._channel.seal(answer, self._channel.tick) if answer is not None else b""
        except BridgeError as error:
            return self._give_up(error)

    def busy(self, progress: str) -> None:
        """Send a Busy frame at once; only valid inside the model's turn."""
        if self._send_busy is not None:
            envelope = codec.encode_reply(Busy(progress))
            envelope.instance = self._instance
            self._send_busy(self._channel.seal(envelope, self._channel.tick))

    def close(self) -> None:
        """End the session, whatever its state."""
        self.is_closed = True
        if self._host is not None:
            self._host.close()

    def _answer(self, frame: bytes) -> Any:
        if self.is_closed:
            raise ProtocolError("a frame came after the end of the session")
        envelope = self._channel.open(frame)
        body = envelope.WhichOneof("body")
        if body == "error":
            self.close()
            kind, text = codec.decode_error(envelope)
            self.error = ProtocolError(f"the simulator gave up ({kind.name}): {text}")
            return None
        self._check_place(envelope, body)
        if body == "hello":
            return self._accept(envelope)
        if self._host is None:
            raise ProtocolError("the first frame is not Hello", got=body)
        return self._take(self._host, envelope, body)

    def _check_place(self, envelope: Any, body: str) -> None:
        if envelope.effective_tick < self._channel.tick:
            raise ProtocolError(
                "the effective tick decreases",
                expected=f"at least {self._channel.tick}",
                got=str(envelope.effective_tick),
            )
        self._channel.tick = envelope.effective_tick
        if envelope.instance >= self._instances or (body in _SESSION_WIDE and envelope.instance):
            raise ProtocolError(
                "unknown instance",
                where=body,
                expected=f"below {self._instances}",
                got=str(envelope.instance),
            )

    def _accept(self, envelope: Any) -> Any:
        if self._host is not None:
            raise ProtocolError("Hello came twice")
        hello = codec.decode_hello(envelope)
        self._host = ModelHost(self._factory, hello, self.busy)
        self._instances = hello.instances
        self._channel.sendable_bytes = hello.maximum_frame_bytes
        return codec.encode_acceptance(self._host.accept())

    def _take(self, host: ModelHost, envelope: Any, body: str) -> Any:
        if self._is_peeking != (body == "functional_data"):
            raise ProtocolError(f"{body} came out of turn")
        if self._is_peeking:
            if envelope.instance != self._instance:
                raise ProtocolError("FunctionalData is about another instance")
            reply = host.functional_data(envelope.data)
        else:
            self._instance = envelope.instance
            request = codec.decode_request(envelope)
            reply = host.answer(request)
            self.is_closed = isinstance(request, Bye)
        self._is_peeking = isinstance(reply, FunctionalRequest)
        answer = codec.encode_reply(reply)
        answer.instance = self._instance
        return answer

    def _give_up(self, error: BridgeError) -> bytes:
        self.close()
        self.error = error
        envelope = codec.encode_error(error_kind(error), str(error))
        return self._channel.seal(envelope, self._channel.tick)


def error_kind(error: BridgeError) -> ErrorKind:
    """Return the kind under which an error of ours crosses the wire."""
    if isinstance(error, ModelError):
        return ErrorKind.MODEL
    if isinstance(error, HandshakeError):
        return ErrorKind.VERSION if "version" in error.what else ErrorKind.UNSUPPORTED
    return ErrorKind.PROTOCOL


class SimulatorSession:
    """The simulator's end: makes frames of requests and replies of frames."""

    def __init__(self, hello: HelloParameters, token: bytes) -> None:
        self._hello = hello
        self._channel = FrameChannel(token)
        self._channel.receivable_bytes = hello.maximum_frame_bytes
        self._instance = 0
        self._has_read = False
        self._is_models_turn = False
        self._prepared: dict[int, tuple[Command, Any]] = {}
        """Bodies of Launch by their command's id; the command is kept, so that its id stays."""

    def hello(self) -> bytes:
        """Return the first frame."""
        self._is_models_turn = True
        return self._channel.seal(codec.encode_hello(self._hello), 0)

    def accept(self, frame: bytes) -> Acceptance | Busy:
        """Return the model's answer to Hello.

        Raises:
            HandshakeError: The model refuses, or is of another version.
            ProtocolError: The frame is malformed or no HelloAck.
        """
        envelope = self._open(frame)
        body = envelope.WhichOneof("body")
        if body == "busy":
            return Busy(envelope.busy.progress)
        if body != "hello_ack":
            raise ProtocolError("the model does not answer Hello with HelloAck", got=body)
        acceptance = codec.decode_acceptance(envelope)
        self._channel.sendable_bytes = acceptance.maximum_frame_bytes
        self._is_models_turn = False
        return acceptance

    def prepare(self, command: Command) -> None:
        """Encode a command that will be launched."""
        self._prepared[id(command)] = (command, codec.encode_command(command))

    def request(self, request: Request) -> bytes:
        """Return the frame of a request.

        Raises:
            ProtocolError: It is the model's turn, or the request does not fit a frame.
        """
        if self._is_models_turn:
            raise ProtocolError("a request in the model's turn", got=type(request).__name__)
        envelope = self._encoded(request)
        self._instance = envelope.instance
        self._has_read = False
        self._is_models_turn = True
        self._channel.tick = max(envelope.effective_tick, self._channel.tick)
        return self._channel.seal(envelope, self._channel.tick)

    def functional_data(self, data: bytes) -> bytes:
        """Return the frame that answers a FunctionalRequest."""
        envelope = codec.encode_functional_data(data)
        envelope.instance = self._instance
        return self._channel.seal(envelope, self._channel.tick)

    def reply(self, frame: bytes) -> Reply | FunctionalRequest | Busy:
        """Return what a frame of the model says.

        Raises:
            ProtocolError: It is malformed or out of turn.
            ModelError: The model raised.
        """
        envelope = self._open(frame)
        if envelope.effective_tick != self._channel.tick or envelope.instance != self._instance:
            raise ProtocolError(
                "the model's answer is about something else",
                expected=f"tick {self._channel.tick}, instance {self._instance}",
                got=f"tick {envelope.effective_tick}, instance {envelope.instance}",
            )
        reply = codec.decode_reply(envelope)
        if isinstance(reply, FunctionalRequest):
            if self._has_read:
                raise ProtocolError("the model reads functionally twice in one turn")
            self._has_read = True
        elif not isinstance(reply, Busy):
            self._is_models_turn = False
        return reply

    def _encoded(self, request: Request) -> Any:
        if isinstance(request, Launch):
            _, body = self._prepared.pop(id(request.command), (None, None))
            if body is not None:
                return codec.encode_launch(request, body)
        return codec.encode_request(request)

    def _open(self, frame: bytes) -> Any:
        if not self._is_models_turn:
            raise ProtocolError("the model spoke out of turn")
        envelope = self._channel.open(frame)
        if envelope.WhichOneof("body") == "error":
            raise _received_error(*codec.decode_error(envelope))
        return envelope


def _received_error(kind: ErrorKind, text: str) -> BridgeError:
    if kind is ErrorKind.MODEL:
        return ModelError(text)
    if kind in {ErrorKind.VERSION, ErrorKind.UNSUPPORTED}:
        return HandshakeError(text)
    return ProtocolError(f"the model refuses: {text}")
