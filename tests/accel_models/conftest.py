"""A bench that plays the simulator for one model: memory is arrays, time does not exist."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.bridge.descriptor import Command, Operand
from harness.bridge.execution import CommandExecution
from harness.bridge.messages import ModelMode
from harness.bridge.records import COMPLETION_DTYPE, NODE_DTYPE, NodeKind

if TYPE_CHECKING:
    from harness.bridge.model import AcceleratorModel

COMMON = {"load_input": 1, "load_weights": 1, "store_output": 1, "accumulate": 0, "finish": 1}


@dataclass
class Ran:
    """What one command did: its nodes without NOTIFY, their dependences, what it wrote."""

    nodes: np.ndarray[Any, Any]
    dependences: list[tuple[int, ...]]
    writes: list[tuple[int, bytes]]
    shape: tuple[int, ...]

    @property
    def output(self) -> np.ndarray[Any, Any]:
        size = prod(self.shape) * 2
        memory = bytearray(size)
        for offset, data in self.writes:
            memory[offset : offset + len(data)] = data
        return np.frombuffer(bytes(memory), "<f2").reshape(self.shape)

    def cycles(self, unit: int | None = None) -> int:
        chosen = self.nodes["kind"] == NodeKind.COMPUTE
        if unit is not None:
            chosen &= self.nodes["unit"] == unit
        return int(self.nodes["value"][chosen].sum())


@dataclass
class Bench:
    """Sends commands to one model instance."""

    model: AcceleratorModel
    mode: ModelMode = ModelMode.KERNEL
    count: int = 0
    common: dict[str, int] = field(default_factory=lambda: dict(COMMON))

    def run(self, kernel: str, tensors: dict[str, Any], **attributes: float) -> Ran:
        """Run a kernel; `tensors` maps operands to fp16 arrays, the output to its shape."""
        values = {**self.common, **attributes}
        arrays = {
            name: np.asarray(each, "<f2") for name, each in tensors.items() if name != "output"
        }
        operands = tuple(
            self._operand(index, name, tensors[name], values) for index, name in enumerate(tensors)
        )
        command = Command(kernel, 0, operands, values)
        execution = CommandExecution(self.model, command, self.count, self.mode)
        self.count += 1
        content = b"".join(arrays[o.name].tobytes() for o in operands if o.is_read)
        actions = execution.start(content if self.mode is ModelMode.KERNEL else b"")
        return self._drive(execution, actions, operands, arrays)

    def _operand(self, index: int, name: str, tensor: Any, values: dict[str, Any]) -> Operand:
        is_output = name == "output"
        shape = tuple(tensor) if is_output else np.asarray(tensor).shape
        is_read = not is_output and bool(values.get(f"load_{name}", 1))
        is_written = is_output and bool(values["store_output"])
        return Operand(name, index << 20, prod(shape) * 2, "fp16", shape, 1, is_read, is_written)

    def _drive(self, execution: Any, actions: Any, operands: Any, arrays: dict[str, Any]) -> Ran:
        nodes, dependences, writes = [], [], []
        while True:
            batch = np.frombuffer(actions.nodes, NODE_DTYPE)
            edges = np.frombuffer(actions.dependences, "<u4")
            ended = [node for node in batch if node["kind"] != NodeKind.NOTIFY]
            for node in ended:
                first, count = int(node["first_dependence"]), int(node["dependences"])
                nodes.append(node)
                dependences.append(tuple(edges[first : first + count].tolist()))
                if node["kind"] == NodeKind.WRITE:
                    begin = int(node["data_offset"])
                    data = actions.data[begin : begin + int(node["row_bytes"])]
                    writes.append((int(node["address"]) & 0xFFFFF, data))
            if actions.is_final:
                shape = next(o.shape for o in operands if o.name == "output")
                return Ran(np.array(nodes), dependences, writes, shape)
            actions = execution.event(*_completions(ended, operands, arrays))


def _completions(
    ended: list[Any], operands: Any, arrays: dict[str, Any]
) -> tuple[np.ndarray[Any, Any], bytes]:
    completions = np.zeros(len(ended), COMPLETION_DTYPE)
    completions["id"] = [node["id"] for node in ended]
    data = []
    for node in ended:
        if node["kind"] == NodeKind.READ:
            name = operands[int(node["operand"])].name
            begin = int(node["address"]) & 0xFFFFF
            data.append(arrays[name].tobytes()[begin : begin + int(node["row_bytes"])])
    return completions, b"".join(data)


@pytest.fixture
def bench() -> type[Bench]:
    return Bench


@pytest.fixture
def random_fp16() -> Any:
    generator = np.random.default_rng(7)

    def make(*shape: int) -> np.ndarray[Any, Any]:
        return generator.standard_normal(shape).astype("<f2")

    return make
