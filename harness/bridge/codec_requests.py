"""The simulator's requests to and from `Envelope`, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.base.errors import ProtocolError
from harness.bridge.descriptor import Command, Operand, check_command
from harness.bridge.messages import (
    Bye,
    DeviceWindow,
    Drain,
    Event,
    Launch,
    ReadRegister,
    Request,
    Reset,
    Wake,
    WriteRegister,
)
from harness.bridge.records import COMPLETION_BYTES, MAXIMUM_WINDOWS, OFFSET_MASK
from harness.pb.bridge.v1 import bridge_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def encode_request(request: Request) -> Any:
    """Return an Envelope with a request of the simulator; session and sequence are not set."""
    return _REQUEST_ENCODERS[type(request)](request)


def _encode_reset(request: Reset) -> Any:
    body = pb.Reset()
    for window in request.windows:
        body.windows.add(
            name=window.name, size_bytes=window.size_bytes, is_writable=window.is_writable
        )
    return pb.Envelope(reset=body)


def encode_command(command: Command) -> Any:
    """Return the body of a Launch; its command id is not set."""
    body = pb.Launch(item=command.item, kernel=command.kernel)
    for operand in command.operands:
        body.operands.add(
            name=operand.name,
            device_address=operand.address,
            size_bytes=operand.size_bytes,
            dtype=operand.dtype,
            shape=operand.shape,
            interface=operand.interface,
            is_read=operand.is_read,
            is_written=operand.is_written,
        )
    for name, value in command.attributes.items():
        if isinstance(value, int):
            body.attributes.add(name=name, integer=value)
        else:
            body.attributes.add(name=name, real=value)
    return body


def encode_launch(request: Launch, body: Any) -> Any:
    """Return an Envelope with a Launch whose command is encoded already."""
    body.command_id = request.command_id
    return pb.Envelope(
        instance=request.instance, effective_tick=request.tick, data=request.data, launch=body
    )


def _encode_launch(request: Launch) -> Any:
    return encode_launch(request, encode_command(request.command))


def _encode_event(request: Event) -> Any:
    return pb.Envelope(
        instance=request.instance,
        effective_tick=request.tick,
        event=pb.Event(
            command_id=request.command_id,
            completions=len(request.completions) // COMPLETION_BYTES,
        ),
        records=request.completions,
        data=request.data,
    )


def _encode_wake(request: Wake) -> Any:
    return pb.Envelope(
        instance=request.instance,
        effective_tick=request.tick,
        wake=pb.Wake(command_id=request.command_id),
    )


def _encode_read_register(request: ReadRegister) -> Any:
    return pb.Envelope(
        instance=request.instance,
        effective_tick=request.tick,
        read_register=pb.ReadRegister(offset_bytes=request.offset_bytes),
    )


def _encode_write_register(request: WriteRegister) -> Any:
    return pb.Envelope(
        instance=request.instance,
        effective_tick=request.tick,
        write_register=pb.WriteRegister(offset_bytes=request.offset_bytes, value=request.value),
    )


_REQUEST_ENCODERS: Mapping[type, Callable[[Any], Any]] = {
    Reset: _encode_reset,
    Launch: _encode_launch,
    Event: _encode_event,
    Wake: _encode_wake,
    ReadRegister: _encode_read_register,
    WriteRegister: _encode_write_register,
    Drain: lambda request: pb.Envelope(effective_tick=request.tick, drain=pb.Drain()),
    Bye: lambda request: pb.Envelope(effective_tick=request.tick, bye=pb.Bye()),
}


def decode_request(envelope: Any) -> Request:
    """Return a request of the simulator.

    Raises:
        ProtocolError: The body is not one of the simulator's, or a field is malformed.
    """
    body = envelope.WhichOneof("body")
    decoder = _REQUEST_DECODERS.get(body)
    if decoder is None:
        raise ProtocolError("not a message of the simulator", got=str(body))
    return decoder(envelope)


def _decode_reset(envelope: Any) -> Reset:
    windows = envelope.reset.windows
    if len(windows) > MAXIMUM_WINDOWS or any(
        not 0 < each.size_bytes <= OFFSET_MASK + 1 for each in windows
    ):
        raise ProtocolError("a window of Reset is out of range")
    return Reset(
        tuple(DeviceWindow(each.name, each.size_bytes, each.is_writable) for each in windows)
    )


def _decode_launch(envelope: Any) -> Launch:
    body = envelope.launch
    operands = tuple(
        # In the order of the fields: an operand is decoded thousands of times.
        Operand(
            each.name,
            each.device_address,
            each.size_bytes,
            each.dtype,
            tuple(each.shape),
            each.interface,
            each.is_read,
            each.is_written,
        )
        for each in body.operands
    )
    attributes: dict[str, int | float] = {}
    for each in body.attributes:
        name, which = each.name, each.WhichOneof("value")
        if which is None or name in attributes:
            raise ProtocolError("an attribute has no value or comes twice", got=name)
        attributes[name] = each.integer if which == "integer" else each.real
    command = Command(body.kernel, body.item, operands, attributes)
    check_command(command)
    return Launch(
        envelope.instance, envelope.effective_tick, body.command_id, command, envelope.data
    )


def _decode_event(envelope: Any) -> Event:
    body = envelope.event
    if body.completions * COMPLETION_BYTES != len(envelope.records):
        raise ProtocolError(
            "an Event's completions do not have the size that their count says",
            expected=f"{body.completions} x {COMPLETION_BYTES} bytes",
            got=f"{len(envelope.records)} bytes",
        )
    return Event(
        envelope.instance,
        envelope.effective_tick,
        body.command_id,
        envelope.records,
        envelope.data,
    )


def _decode_wake(envelope: Any) -> Wake:
    return Wake(envelope.instance, envelope.effective_tick, envelope.wake.command_id)


def _decode_read_register(envelope: Any) -> ReadRegister:
    offset_bytes = envelope.read_register.offset_bytes
    return ReadRegister(envelope.instance, envelope.effective_tick, offset_bytes)


def _decode_write_register(envelope: Any) -> WriteRegister:
    body = envelope.write_register
    return WriteRegister(envelope.instance, envelope.effective_tick, body.offset_bytes, body.value)


_REQUEST_DECODERS: Mapping[str, Callable[[Any], Request]] = {
    "reset": _decode_reset,
    "launch": _decode_launch,
    "event": _decode_event,
    "wake": _decode_wake,
    "read_register": _decode_read_register,
    "write_register": _decode_write_register,
    "drain": lambda envelope: Drain(envelope.effective_tick),
    "bye": lambda envelope: Bye(envelope.effective_tick),
}
