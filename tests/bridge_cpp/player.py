"""A simulator without time: plays commands over a connection and notes all that the model wants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from harness.bridge.descriptor import Command, decode_command
from harness.bridge.messages import DeviceWindow, ModelMode
from harness.bridge.records import (
    COMPLETION_DTYPE,
    NODE_DTYPE,
    NodeKind,
    split_device_address,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from harness.bridge.connection import ModelConnection
    from harness.bridge.messages import Actions, ModelStatistic


@dataclass
class Played:
    """What came of it."""

    actions: list[Actions] = field(default_factory=list)
    statistics: list[ModelStatistic] = field(default_factory=list)
    memory: bytes = b""
    state: bytes = b""


def play(
    connection: ModelConnection, mode: ModelMode, commands: Iterable[bytes], memory: bytearray
) -> Played:
    """Play commands one after the other on instance 0 and close the connection."""
    played = Played()
    connection.reset([DeviceWindow("all", len(memory), is_writable=True)])
    tick = 0
    for command_id, descriptor in enumerate(commands):
        operands = b"" if mode is ModelMode.EXACT else _operand_bytes(descriptor, memory)
        actions = connection.launch(0, tick, descriptor, operands)
        played.actions.append(actions)
        while not actions.is_final:
            completions, data, tick = _complete(actions, memory, tick)
            actions = connection.event(
                0, tick, command_id, completions.tobytes(), data if mode is ModelMode.EXACT else b""
            )
            played.actions.append(actions)
        tick = _complete(actions, memory, tick)[2]
    played.state = connection.drain(tick)
    played.statistics = connection.close()
    played.memory = bytes(memory)
    return played


def _operand_bytes(descriptor: bytes, memory: bytearray) -> bytes:
    command: Command = decode_command(descriptor)
    parts = []
    for operand in command.operands:
        if operand.is_read:
            first = split_device_address(operand.address)[1]
            parts.append(memory[first : first + operand.size_bytes])
    return b"".join(parts)


def _complete(
    actions: Actions, memory: bytearray, tick: int
) -> tuple[npt.NDArray[np.void], bytes, int]:
    """End all work nodes in the order of their ids, one tick each."""
    nodes = np.frombuffer(actions.nodes, NODE_DTYPE)
    work = nodes[nodes["kind"] != NodeKind.NOTIFY]
    completions = np.zeros(len(work), COMPLETION_DTYPE)
    completions["id"] = work["id"]
    for name in ("issue_tick", "first_tick", "last_tick"):
        completions[name] = tick + 1 + np.arange(len(work))
    data = []
    for node in work:
        if node["kind"] == NodeKind.READ:
            data += [bytes(memory[first:last]) for first, last in _rows(node)]
        elif node["kind"] == NodeKind.WRITE:
            offset = int(node["data_offset"])
            for first, last in _rows(node):
                memory[first:last] = actions.data[offset : offset + last - first]
                offset += last - first
    return completions, b"".join(data), tick + len(work)


def _rows(node: npt.NDArray[np.void]) -> Iterator[tuple[int, int]]:
    first = split_device_address(int(node["address"]))[1]
    for row in range(int(node["rows"])):
        begin = first + row * int(node["stride_bytes"])
        yield begin, begin + int(node["row_bytes"])
