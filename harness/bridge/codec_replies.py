"""The model's answers to and from `Envelope`, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.base.errors import ProtocolError
from harness.bridge.messages import (
    Ack,
    Actions,
    Busy,
    Farewell,
    FunctionalRequest,
    MemoryRange,
    ModelStatistic,
    RegisterValue,
    Reply,
    State,
)
from harness.bridge.records import NODE_BYTES
from harness.pb.bridge.v1 import bridge_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def encode_reply(reply: Reply | FunctionalRequest | Busy) -> Any:
    """Return an Envelope with an answer of the model."""
    return _REPLY_ENCODERS[type(reply)](reply)


def _encode_actions(reply: Actions) -> Any:
    body = pb.Actions(
        command_id=reply.command_id,
        nodes=reply.node_count,
        dependences=len(reply.dependences) // 4,
        is_final=reply.is_final,
        wake_tick=reply.wake_tick,
    )
    return pb.Envelope(actions=body, records=reply.nodes + reply.dependences, data=reply.data)


def _encode_farewell(reply: Farewell) -> Any:
    body = pb.ByeAck()
    for each in reply.statistics:
        body.statistics.add(
            instance=each.instance,
            name=each.name,
            value=each.value,
            unit=each.unit,
            description=each.description,
        )
    return pb.Envelope(bye_ack=body)


def _encode_functional_read(request: FunctionalRequest) -> Any:
    body = pb.FunctionalRead()
    for each in request.ranges:
        body.ranges.add(device_address=each.address, size_bytes=each.size_bytes)
    return pb.Envelope(functional_read=body)


_REPLY_ENCODERS: Mapping[type, Callable[[Any], Any]] = {
    Ack: lambda _: pb.Envelope(ack=pb.Ack()),
    Actions: _encode_actions,
    RegisterValue: lambda reply: pb.Envelope(
        register_value=pb.RegisterValue(value=reply.value, latency_ticks=reply.latency_ticks)
    ),
    State: lambda reply: pb.Envelope(state=pb.State(), data=reply.data),
    Farewell: _encode_farewell,
    FunctionalRequest: _encode_functional_read,
    Busy: lambda reply: pb.Envelope(busy=pb.Busy(progress=reply.progress)),
}


def decode_reply(envelope: Any) -> Reply | FunctionalRequest | Busy:
    """Return an answer of the model.

    Raises:
        ProtocolError: The body is not one of the model's, or a field is malformed.
    """
    body = envelope.WhichOneof("body")
    decoder = _REPLY_DECODERS.get(body)
    if decoder is None:
        raise ProtocolError("not a message of the model", got=str(body))
    return decoder(envelope)


def _decode_actions(envelope: Any) -> Actions:
    body, records = envelope.actions, envelope.records
    node_bytes = body.nodes * NODE_BYTES
    if node_bytes + body.dependences * 4 != len(records):
        raise ProtocolError(
            "the records of Actions do not have the size that their counts say",
            expected=f"{body.nodes} nodes, {body.dependences} dependences",
            got=f"{len(records)} bytes",
        )
    return Actions(
        nodes=records[:node_bytes],
        node_count=body.nodes,
        dependences=records[node_bytes:],
        data=envelope.data,
        is_final=body.is_final,
        wake_tick=body.wake_tick,
        command_id=body.command_id,
    )


def _decode_farewell(envelope: Any) -> Farewell:
    return Farewell(
        tuple(
            ModelStatistic(each.instance, each.name, each.value, each.unit, each.description)
            for each in envelope.bye_ack.statistics
        )
    )


def _decode_functional_read(envelope: Any) -> FunctionalRequest:
    return FunctionalRequest(
        tuple(
            MemoryRange(each.device_address, each.size_bytes)
            for each in envelope.functional_read.ranges
        )
    )


def _decode_register_value(envelope: Any) -> RegisterValue:
    body = envelope.register_value
    return RegisterValue(body.value, body.latency_ticks)


_REPLY_DECODERS: Mapping[str, Callable[[Any], Reply | FunctionalRequest | Busy]] = {
    "ack": lambda _: Ack(),
    "actions": _decode_actions,
    "register_value": _decode_register_value,
    "state": lambda envelope: State(envelope.data),
    "bye_ack": _decode_farewell,
    "functional_read": _decode_functional_read,
    "busy": lambda envelope: Busy(envelope.busy.progress),
}
