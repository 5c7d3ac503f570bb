"""Traces of exchanges: record a session, replay it without the model, drive the model, compare.

A trace holds what was said, never when or by which process: two recordings of the same run are
the same bytes. File: 8 bytes magic, then blocks of u32 length and that many bytes; the first two
blocks are Hello and HelloAck, then request and reply alternate, all as `Envelope` without session.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from harness.base.errors import BackendError, BridgeError, DivergenceError, ProtocolError
from harness.bridge import codec
from harness.bridge.connection import ModelConnection
from harness.bridge.messages import Busy, FunctionalRequest, Launch, Reply, Request

if TYPE_CHECKING:
    from pathlib import Path

    from harness.bridge.messages import Acceptance, HelloParameters

MAGIC = b"HBTRACE1"
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer."""

    request: Request
    reply: Reply


@dataclass(frozen=True, slots=True)
class Trace:
    """A recorded session."""

    hello: HelloParameters
    acceptance: Acceptance
    exchanges: tuple[Exchange, ...]


def read_trace(path: Path, *, is_partial_ok: bool = False) -> Trace:
    """Read a trace.

    Args:
        path: The file.
        is_partial_ok: Take the complete exchanges of a file whose end is missing.

    Raises:
        ProtocolError: The file is no trace, malformed, or cut off.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ProtocolError(f"cannot read the trace: {error.strerror}", where=str(path)) from error
    if data[: len(MAGIC)] != MAGIC:
        raise ProtocolError("not a trace of the bridge", where=str(path), got=repr(data[:8]))
    blocks, is_whole = _blocks(data)
    if len(blocks) < 2 or (not is_partial_ok and (not is_whole or len(blocks) % 2)):
        raise ProtocolError(
            "the trace is cut off",
            where=str(path),
            got=f"{max(0, len(blocks) // 2 - 1)} complete exchanges in {len(data)} bytes",
        )
    try:
        return _decoded(blocks)
    except BridgeError as error:
        raise ProtocolError(
            f"the trace is damaged: {error.what}",
            where=str(path),
            expected=error.expected,
            got=error.got,
        ) from error


def _decoded(blocks: list[bytes]) -> Trace:
    envelopes = [codec.parse_envelope(block) for block in blocks]
    pairs = zip(envelopes[2::2], envelopes[3::2], strict=False)
    return Trace(
        codec.decode_hello(envelopes[0]),
        codec.decode_acceptance(envelopes[1]),
        tuple(Exchange(codec.decode_request(a), _decode_reply(b)) for a, b in pairs),
    )


def _blocks(data: bytes) -> tuple[list[bytes], bool]:
    """Return the complete blocks, and whether nothing is left after them."""
    blocks = []
    place = len(MAGIC)
    while place + _LENGTH.size <= len(data):
        (length,) = _LENGTH.unpack_from(data, place)
        end = place + _LENGTH.size + length
        if end > len(data):
            break
        blocks.append(data[place + _LENGTH.size : end])
        place = end
    return blocks, place == len(data)


def _decode_reply(envelope: Any) -> Reply:
    reply = codec.decode_reply(envelope)
    if isinstance(reply, (FunctionalRequest, Busy)):
        raise ProtocolError("a trace holds an answer that ends no turn", got=type(reply).__name__)
    return reply


class RecordingConnection(ModelConnection):
    """Passes everything on and appends it to a trace file; complete after every exchange."""

    def __init__(self, inner: ModelConnection, path: Path) -> None:
        super().__init__(inner.hello, inner.acceptance)
        self._inner = inner
        self._path = path
        try:
            self._file = path.open("wb", buffering=0)
            self._file.write(MAGIC)
        except OSError as error:
            raise self._failure(error) from error
        self._write(codec.encode_hello(inner.hello), codec.encode_acceptance(inner.acceptance))

    def exchange(self, request: Request) -> Reply:
        """Pass a request on and record it with its answer."""
        reply = self._inner.relay(request, self._windows)
        self._write(codec.encode_request(request), codec.encode_reply(reply))
        return reply

    def abort(self) -> None:
        """Drop the model and close the file."""
        self._file.close()
        self._inner.abort()

    def _write(self, *envelopes: Any) -> None:
        blocks = [envelope.SerializeToString(deterministic=True) for envelope in envelopes]
        data = memoryview(b"".join(_LENGTH.pack(len(block)) + block for block in blocks))
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> BackendError:
        return BackendError(f"cannot write the recording: {error.strerror}", where=str(self._path))


class ReplayConnection(ModelConnection):
    """Answers from a trace, without a model."""

    def __init__(self, path: Path, hello: HelloParameters | None = None) -> None:
        self._trace = read_trace(path)
        super().__init__(self._trace.hello, self._trace.acceptance)
        self._path = path
        if hello is not None and hello != self._trace.hello:
            raise DivergenceError(
                "the trace was recorded with another Hello",
                where=str(path),
                expected=repr(self._trace.hello),
                got=repr(hello),
            )

    def exchange(self, request: Request) -> Reply:
        """Return the recorded answer.

        Raises:
            DivergenceError: The request is not the recorded one.
        """
        recorded = self._trace.exchanges
        if self.exchanges >= len(recorded):
            raise DivergenceError(
                "the run goes on where the trace ends",
                where=f"{self._path}, exchange {self.exchanges}",
                got=_summary(request),
            )
        expected = recorded[self.exchanges]
        divergence = _compare(self.exchanges, "request", expected.request, request)
        if divergence is not None:
            raise divergence.error(str(self._path))
        return expected.reply

    def abort(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first difference of two sessions.

    Attributes:
        exchange: Its index; -1 for the handshake.
        part: "request", "reply", "hello", "acceptance" or "length".
        field: What differs.
        expected: Its value in the first session.
        got: Its value in the second.
    """

    exchange: int
    part: str
    field: str
    expected: str
    got: str

    def error(self, where: str) -> DivergenceError:
        """Return the difference as an error."""
        return DivergenceError(
            f"exchange {self.exchange} differs from the trace: {self.part}, field {self.field}",
            where=where,
            expected=self.expected,
            got=self.got,
        )


def drive_model(trace: Trace, connection: ModelConnection) -> Divergence | None:
    """Send a trace's requests to a model and return the first answer that differs."""
    difference = _compare(-1, "acceptance", trace.acceptance, connection.acceptance)
    if difference is not None:
        return difference
    windows: tuple[Any, ...] = ()
    for index, each in enumerate(trace.exchanges):
        windows = getattr(each.request, "windows", windows)
        reply = connection.relay(each.request, windows)
        difference = _compare(index, "reply", each.reply, reply)
        if difference is not None:
            return difference
    return None


def diff_traces(first: Trace, second: Trace) -> Divergence | None:
    """Return the first difference of two traces, or None."""
    difference = _compare(-1, "hello", first.hello, second.hello) or _compare(
        -1, "acceptance", first.acceptance, second.acceptance
    )
    if difference is not None:
        return difference
    for index, (a, b) in enumerate(zip(first.exchanges, second.exchanges, strict=False)):
        difference = _compare(index, "request", a.request, b.request) or _compare(
            index, "reply", a.reply, b.reply
        )
        if difference is not None:
            return difference
    lengths = len(first.exchanges), len(second.exchanges)
    if lengths[0] != lengths[1]:
        return Divergence(min(lengths), "length", "exchanges", str(lengths[0]), str(lengths[1]))
    return None


def _compare(index: int, part: str, expected: object, got: object) -> Divergence | None:
    if expected == got:
        return None
    if type(expected) is not type(got):
        return Divergence(index, part, "kind", _summary(expected), _summary(got))
    for name in cast("Any", expected).__slots__:
        a, b = getattr(expected, name), getattr(got, name)
        if a != b:
            where = f"{name} ({_summary(expected)})"
            return Divergence(index, part, where, *_differing(a, b))
    return None


def _differing(a: object, b: object) -> tuple[str, str]:
    if not (isinstance(a, bytes) and isinstance(b, bytes)):
        return repr(a)[:300], repr(b)[:300]
    first = next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
    return tuple(  # type: ignore[return-value]
        f"{len(each)} bytes, from byte {first}: {each[first : first + 16].hex(' ')}"
        for each in (a, b)
    )


def _summary(value: object) -> str:
    """Name a request or a reply by its kind, instance, command and tick."""
    facts = [
        f"{name} {getattr(value, name)}"
        for name in ("instance", "tick", "command_id", "node_count")
        if hasattr(value, name)
    ]
    kernel = f' "{value.command.kernel}"' if isinstance(value, Launch) else ""
    return f"{type(value).__name__}{kernel}" + (f" ({', '.join(facts)})" if facts else "")
