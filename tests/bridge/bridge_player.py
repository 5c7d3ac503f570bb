"""Plays the simulator: executes Actions on flat memory, in id order, one tick per node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from harness.bridge.descriptor import Command, Operand, encode_command
from harness.bridge.messages import Actions, DeviceWindow, ModelMode
from harness.bridge.records import COMPLETION_DTYPE, NODE_DTYPE, NodeKind, device_address

if TYPE_CHECKING:
    from harness.bridge.connection import ModelConnection

SIZE_BYTES = 200
COMMAND = Command(
    "double",
    0,
    (
        Operand("input", device_address(0, 0), SIZE_BYTES, "uint8", (SIZE_BYTES,), 1, True, False),
        Operand("output", device_address(1, 0), SIZE_BYTES, "uint8", (SIZE_BYTES,), 1, False, True),
    ),
)
WINDOWS = (DeviceWindow("in", SIZE_BYTES, False), DeviceWindow("out", SIZE_BYTES, True))
INPUT = bytes(range(SIZE_BYTES))
DOUBLED = bytes(2 * value % 256 for value in INPUT)


@dataclass
class Player:
    """Runs one command; keeps its work nodes with their dependences, and the output."""

    connection: ModelConnection
    tick: int = 0
    exchanges: int = 0
    nodes: list[tuple[object, ...]] = field(default_factory=list)

    def run(self) -> bytes:
        mode = self.connection.hello.mode
        data = INPUT if mode is ModelMode.KERNEL else b""
        command_id = self.connection._next_command.get(0, 0)
        output = bytearray(SIZE_BYTES)
        actions = self.connection.launch(0, self.tick, encode_command(COMMAND), data)
        self.exchanges += 1
        while True:
            completions, read = self._execute(actions, output)
            if actions.is_final:
                return bytes(output)
            packed = np.array(completions, COMPLETION_DTYPE).tobytes()
            self.exchanges += 1
            actions = self.connection.event(0, self.tick, command_id, packed, read)

    def _execute(self, actions: Actions, output: bytearray) -> tuple[list[object], bytes]:
        dependences = np.frombuffer(actions.dependences, "<u4").tolist()
        completions, read = [], b""
        for node in np.frombuffer(actions.nodes, NODE_DTYPE):
            if node["kind"] == NodeKind.NOTIFY:
                continue
            first = int(node["first_dependence"])
            names = dependences[first : first + int(node["dependences"])]
            fields = {name: int(node[name]) for name in NODE_DTYPE.names or ()}
            del fields["first_dependence"], fields["data_offset"]
            self.nodes.append((tuple(fields.items()), tuple(names)))
            self.tick += 1
            completions.append((node["id"], 0, self.tick, self.tick, self.tick))
            at, size = int(node["address"]) & (1 << 40) - 1, int(node["row_bytes"])
            if node["kind"] == NodeKind.READ:
                read += INPUT[at : at + size]
            if node["kind"] == NodeKind.WRITE:
                offset = int(node["data_offset"])
                output[at : at + size] = actions.data[offset : offset + size]
        return completions, read if self.connection.hello.mode is ModelMode.EXACT else b""
