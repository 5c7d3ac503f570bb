"""Our values to and from `Envelope`, field by field; every number from outside is checked here."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from google.protobuf.message import DecodeError

from harness.base.errors import HandshakeError, ProtocolError
from harness.bridge.codec_replies import decode_reply, encode_reply
from harness.bridge.codec_requests import (
    decode_request,
    encode_command,
    encode_launch,
    encode_request,
)
from harness.bridge.description import ModelDescription, canonical_json
from harness.bridge.messages import (
    MAXIMUM_FRAME_BYTES,
    MAXIMUM_INSTANCES,
    MAXIMUM_NODES,
    PROTOCOL_MAJOR,
    PROTOCOL_MINOR,
    Acceptance,
    ErrorKind,
    HelloParameters,
    ModelMode,
    Register,
    RegisterKind,
)
from harness.pb.bridge.v1 import bridge_pb2 as pb

__all__ = [
    "decode_acceptance",
    "decode_error",
    "decode_hello",
    "decode_reply",
    "decode_request",
    "encode_acceptance",
    "encode_command",
    "encode_error",
    "encode_functional_data",
    "encode_hello",
    "encode_launch",
    "encode_reply",
    "encode_request",
    "parse_envelope",
]

_Enum = TypeVar("_Enum", ModelMode, RegisterKind, ErrorKind)


def parse_envelope(frame: bytes) -> Any:
    """Parse one frame; it holds exactly one known body.

    Raises:
        ProtocolError: It is not an Envelope, or its body is unknown.
    """
    envelope = pb.Envelope()
    try:
        envelope.ParseFromString(frame)
    except DecodeError as error:
        raise ProtocolError("a frame is not an Envelope", got=_hexadecimal(frame)) from error
    if envelope.WhichOneof("body") is None:
        raise ProtocolError("a frame has no body that v1 knows", got=_hexadecimal(frame))
    return envelope


def _hexadecimal(frame: bytes) -> str:
    return f"{len(frame)} bytes: {frame[:32].hex(' ')}{' ...' if len(frame) > 32 else ''}"


def encode_hello(hello: HelloParameters) -> Any:
    """Return an Envelope with Hello."""
    body = pb.Hello(
        protocol_major=PROTOCOL_MAJOR,
        protocol_minor=PROTOCOL_MINOR,
        simulator=hello.simulator,
        ticks_per_second=hello.ticks_per_second,
        line_bytes=hello.line_bytes,
        instances=hello.instances,
        seed=hello.seed,
        parameters_json=canonical_json(dict(hello.parameters)) if hello.parameters else "",
        maximum_frame_bytes=hello.maximum_frame_bytes,
        maximum_nodes=hello.maximum_nodes,
        mode=cast("Any", int(hello.mode)),
    )
    return pb.Envelope(hello=body)


def decode_hello(envelope: Any) -> HelloParameters:
    """Return what a Hello says.

    Raises:
        HandshakeError: Another major version.
        ProtocolError: A field is out of range.
    """
    body = envelope.hello
    if body.protocol_major != PROTOCOL_MAJOR:
        raise HandshakeError(
            "the simulator speaks another version of the bridge",
            expected=str(PROTOCOL_MAJOR),
            got=f"{body.protocol_major} from {body.simulator!r}",
        )
    _check_between("instances", body.instances, 1, MAXIMUM_INSTANCES)
    _check_between("maximum_frame_bytes", body.maximum_frame_bytes, 1024, MAXIMUM_FRAME_BYTES)
    _check_between("maximum_nodes", body.maximum_nodes, 1, MAXIMUM_NODES)
    _check_between("line_bytes", body.line_bytes, 8, 1 << 16)
    _check_between("ticks_per_second", body.ticks_per_second, 10**12, 10**12)
    return HelloParameters(
        mode=_enum(ModelMode, body.mode, "mode"),
        instances=body.instances,
        parameters=_parse_parameters(body.parameters_json),
        line_bytes=body.line_bytes,
        seed=body.seed,
        simulator=body.simulator,
        maximum_frame_bytes=body.maximum_frame_bytes,
        maximum_nodes=body.maximum_nodes,
        ticks_per_second=body.ticks_per_second,
    )


def _parse_parameters(text: str) -> dict[str, object]:
    if not text:
        return {}
    import json  # noqa: PLC0415 - only models with overridden parameters need it

    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"Hello's parameters are not JSON: {error}") from error
    if not isinstance(values, dict):
        raise ProtocolError("Hello's parameters are not a JSON object", got=text[:100])
    return values


def encode_acceptance(acceptance: Acceptance) -> Any:
    """Return an Envelope with HelloAck."""
    body = pb.HelloAck(
        protocol_major=PROTOCOL_MAJOR,
        protocol_minor=PROTOCOL_MINOR,
        model=acceptance.description.model,
        version=acceptance.description.version,
        parameters_sha256=acceptance.parameters_sha256,
        description_json=acceptance.description.to_json(),
        maximum_frame_bytes=acceptance.maximum_frame_bytes,
        can_save_state=acceptance.can_save_state,
        can_launch_early=acceptance.can_launch_early,
    )
    for register in acceptance.registers:
        body.registers.add(
            name=register.name,
            offset_bytes=register.offset_bytes,
            kind=cast("Any", int(register.kind)),
            reset_value=register.reset_value,
        )
    return pb.Envelope(hello_ack=body)


def decode_acceptance(envelope: Any) -> Acceptance:
    """Return what a HelloAck says.

    Raises:
        HandshakeError: Another version, or a malformed description, hash or register.
    """
    body = envelope.hello_ack
    if body.protocol_major != PROTOCOL_MAJOR:
        raise HandshakeError(
            "the model speaks another version of the bridge",
            expected=str(PROTOCOL_MAJOR),
            got=f"{body.protocol_major} from {body.model!r} {body.version!r}",
        )
    description = ModelDescription.from_json(body.description_json)
    if (description.model, description.version) != (body.model, body.version):
        raise HandshakeError(
            "HelloAck and its description name different models",
            expected=f"{body.model} {body.version}",
            got=f"{description.model} {description.version}",
        )
    digest = body.parameters_sha256
    if len(digest) != 64 or digest.strip("0123456789abcdef"):
        raise HandshakeError("HelloAck's hash of the parameters is malformed", got=repr(digest))
    if not 1024 <= body.maximum_frame_bytes <= MAXIMUM_FRAME_BYTES:
        raise HandshakeError("HelloAck's largest frame is out of range")
    return Acceptance(
        description=description,
        registers=_decode_registers(body.registers),
        can_save_state=body.can_save_state,
        can_launch_early=body.can_launch_early,
        parameters_sha256=digest,
        maximum_frame_bytes=body.maximum_frame_bytes,
    )


def _decode_registers(bodies: Any) -> tuple[Register, ...]:
    registers = []
    for each in bodies:
        if each.offset_bytes % 8 or not 1 <= each.kind <= 3 or not each.name:
            raise HandshakeError(
                "a register of the model is malformed",
                expected="a name, an offset that is a multiple of 8, a kind of v1",
                got=f"{each.name!r} at {each.offset_bytes}, kind {each.kind}",
            )
        registers.append(
            Register(each.name, each.offset_bytes, RegisterKind(each.kind), each.reset_value)
        )
    if len({each.offset_bytes for each in registers}) != len(registers):
        raise HandshakeError("two registers of the model have the same offset")
    return tuple(registers)


def encode_error(kind: ErrorKind, text: str) -> Any:
    """Return an Envelope with Error."""
    return pb.Envelope(error=pb.Error(kind=cast("Any", int(kind)), text=text))


def decode_error(envelope: Any) -> tuple[ErrorKind, str]:
    """Return the kind and the text of an Error."""
    return _enum(ErrorKind, envelope.error.kind, "error kind"), envelope.error.text


def encode_functional_data(data: bytes) -> Any:
    """Return an Envelope with FunctionalData."""
    return pb.Envelope(functional_data=pb.FunctionalData(), data=data)


def _enum(kind: type[_Enum], value: int, name: str) -> _Enum:
    try:
        return kind(value)
    except ValueError as error:
        raise ProtocolError(f"unknown {name}", got=str(value)) from error


def _check_between(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ProtocolError(f"{name} is out of range", expected=f"{low} to {high}", got=str(value))
