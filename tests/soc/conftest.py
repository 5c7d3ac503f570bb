"""A connection without a model, and small programs by hand."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from harness.bridge.description import ModelDescription
from harness.bridge.descriptor import Command, Operand, encode_command
from harness.bridge.in_process import connect_in_process
from harness.bridge.messages import Actions, HelloParameters, ModelMode
from harness.bridge.records import COMPLETION_DTYPE, NODE_STRUCT, device_address
from harness.compiler.compile import compile_graph
from harness.compiler.program import (
    Assignment,
    Buffer,
    Invoke,
    OperatorInfo,
    Program,
    Step,
    Wait,
    Window,
)
from harness.soc.simulate import Simulation
from harness.target import load_target

READ, WRITE, COMPUTE, FENCE, IRQ, _SET_REGISTER, NOTIFY = range(1, 8)


def describe(kernels: Any = ()) -> Any:
    return ModelDescription(
        model="fake",
        version="1",
        kernels={name: {} for name in kernels},
        dtypes=("fp16",),
        layouts={},
        channel_alignment=8,
        scratchpads=(),
        units=("a", "b"),
        activations=(),
        parameters={},
    )


@dataclass
class ActionsBuilder:
    """Builds the records of one answer."""

    nodes: list = field(default_factory=list)
    dependences: list = field(default_factory=list)
    data: bytes = b""

    def add(self, kind: Any, node_id: Any, after: Any = (), **fields: Any) -> Any:
        values = {"interface": 0, "stream": 0, "unit": 0, "address": 0, "value": 0, "row_bytes": 0}
        values |= {"rows": 0, "stride_bytes": 0, "operand": 0, "data": b"", "flags": 0} | fields
        self.nodes.append(
            NODE_STRUCT.pack(
                *(node_id, kind, values["interface"], values["stream"], values["unit"]),
                *(values["address"], values["value"], values["row_bytes"], values["rows"]),
                *(values["stride_bytes"], len(self.data) if values["data"] else 0),
                *(len(self.dependences), len(after), values["operand"], values["flags"]),
            )
        )
        self.dependences.extend(after)
        self.data += values["data"]
        return self

    def build(self, *, is_final: Any = True, wake_tick: Any = 0) -> Any:
        return Actions(
            nodes=b"".join(self.nodes),
            node_count=len(self.nodes),
            dependences=struct.pack(f"<{len(self.dependences)}I", *self.dependences),
            data=self.data,
            is_final=is_final,
            wake_tick=wake_tick,
        )


class FakeConnection:
    """Answers from a script: f(kind, instance, tick, payload) -> Actions."""

    def __init__(self, script: Any = None) -> Any:
        self.description = describe()
        self.script = script
        self.log = []

    def reset(self, windows: Any) -> None:
        self.windows = windows

    def launch(self, instance: Any, tick: Any, _command: Any, operand_data: Any = b"") -> Any:
        return self._answer("launch", instance, tick, operand_data)

    def event(
        self, instance: Any, tick: Any, command_id: Any, completions: Any, data: Any = b""
    ) -> Any:
        assert command_id >= 0
        return self._answer(
            "event", instance, tick, (np.frombuffer(completions, COMPLETION_DTYPE), data)
        )

    def wake(self, instance: Any, tick: Any, command_id: Any) -> Any:
        return self._answer("wake", instance, tick, command_id)

    def _answer(self, kind: Any, instance: Any, tick: Any, payload: Any) -> Any:
        self.log.append((kind, instance, tick, payload))
        return self.script(kind, instance, tick, payload)


BYTES = 512
INPUT = device_address(0, 0)
OUTPUT = device_address(0, BYTES)


def tiny_program(commands: Any = 1, items: Any = None) -> Any:
    """One window, an input and an output of 512 bytes; `commands` invocations, then a wait."""
    buffers = tuple(
        Buffer(name, 0, offset, BYTES, "uint8", "N", (BYTES,), (BYTES,), name)
        for name, offset in (("input", 0), ("output", BYTES))
    )
    operands = (
        Operand("input", INPUT, BYTES, "uint8", (BYTES,), 1, is_read=True, is_written=False),
        Operand("output", OUTPUT, BYTES, "uint8", (BYTES,), 1, is_read=False, is_written=True),
    )
    encoded = tuple(encode_command(Command("k", i, operands, {})) for i in range(commands))
    steps = tuple(Step(0, Invoke(i, i, i, is_last_of_item=True)) for i in range(commands))
    return Program(
        name="tiny",
        policy="none",
        line_bytes=64,
        assignment=Assignment.ROUND_ROBIN,
        windows=(Window("tiles", 2 * BYTES, is_writable=True, initial=bytes(range(256)) * 2),),
        buffers=buffers,
        operators=(OperatorInfo("op", "k", 0, is_accelerated=True),),
        copies=(),
        ranges=(),
        commands=encoded,
        cpu_operators=(),
        steps=(*steps, Step(0, Wait(0, commands if items is None else items))),
        input_buffers=(),
        output_buffers=(1,),
    )


@pytest.fixture
def actions() -> Any:
    return ActionsBuilder


@pytest.fixture
def run_tiny() -> Any:
    """Return f(script, ...) -> (result, connection) on the smaug target."""

    def run(script: Any, *, sets: Any = (), program: Any = None, **options: Any) -> Any:
        connection = FakeConnection(script)
        simulation = Simulation(
            program or tiny_program(), load_target("smaug", sets), connection, inputs=[], **options
        )
        return simulation.run(), connection

    return run


@pytest.fixture
def run_on_cpu() -> Any:
    """Return f(graph, arrays) -> outputs of a run in which no operator is accelerated."""

    def run(graph: Any, arrays: Any, **options: Any) -> Any:
        target = load_target("smaug")
        connection = FakeConnection()
        program = compile_graph(graph, target, connection.description)
        return Simulation(program, target, connection, inputs=arrays, **options).run()

    return run


@pytest.fixture
def run_workload() -> Any:
    """Return f(workload, ...) -> (result, program) with the vector MAC engine in process."""

    def run(
        workload: Any,
        *,
        sets: Any = (),
        policy: Any = "smaug",
        mode: Any = "kernel",
        edit: Any = None,
        **options: Any,
    ) -> Any:
        target = load_target("smaug", sets)
        hello = HelloParameters(mode=ModelMode[mode.upper()], instances=target.accelerator.count)
        connection = connect_in_process("vector_mac", hello)
        program = compile_graph(workload.graph, target, connection.description, policy=policy)
        program = edit(program) if edit else program
        inputs = list(workload.input_arrays(0).values())
        simulation = Simulation(program, target, connection, inputs=inputs, mode=mode, **options)
        return simulation.run(), program

    return run
