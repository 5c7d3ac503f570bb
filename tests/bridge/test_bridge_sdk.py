from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness.base.errors import HandshakeError, ModelError, ProtocolError
from harness.bridge.descriptor import Command, Operand
from harness.bridge.execution import CommandExecution
from harness.bridge.load import load_model
from harness.bridge.memory import Memory
from harness.bridge.messages import Actions, FunctionalRequest, ModelMode
from harness.bridge.model import AcceleratorModel, ModelDescription
from harness.bridge.records import (
    COMPLETION_DTYPE,
    NODE_BYTES,
    NODE_DTYPE,
    NODE_STRUCT,
    NodeKind,
    device_address,
)

INPUT = Operand("input", device_address(0, 0), 256, "uint8", (256,), 1, True, False)
OUTPUT = Operand("output", device_address(1, 0), 256, "uint8", (256,), 1, False, True)
COMMAND = Command("k", 0, (INPUT, OUTPUT))
BYTES = bytes(range(256))
Body = Callable[[Any, Memory], Any]


def _start(body: Body, mode: ModelMode = ModelMode.KERNEL, command: Command = COMMAND) -> Any:
    class Model(AcceleratorModel):
        name = "probe"

        def describe(self) -> ModelDescription:
            return ModelDescription("probe", "1", units=("alu", "mac"))

        def execute(self, _: Command, memory: Memory) -> Any:
            return body(self, memory)

    execution = CommandExecution(Model(), command, 0, mode)
    reads = sum(each.size_bytes for each in command.operands if each.is_read)
    data = (BYTES * 4)[:reads] if mode is ModelMode.KERNEL else b""
    return execution, execution.start(data)


def _graph(actions: Actions) -> list[tuple[int, list[int]]]:
    """Return (kind, dependences) of every node."""
    named = np.frombuffer(actions.dependences, "<u4").tolist()
    return [
        (int(n["kind"]), named[n["first_dependence"] : n["first_dependence"] + n["dependences"]])
        for n in np.frombuffer(actions.nodes, NODE_DTYPE)
    ]


def test_the_record_is_the_dtype() -> None:
    assert NODE_DTYPE.itemsize == NODE_STRUCT.size == NODE_BYTES
    values = tuple(range(1, 16))
    assert np.frombuffer(NODE_STRUCT.pack(*values), NODE_DTYPE)[0].tolist() == values
    assert COMPLETION_DTYPE.itemsize == 32


def test_what_is_created_after_a_yield_depends_on_it() -> None:
    def body(model: Any, memory: Memory) -> Any:
        first = memory.read("input", 0, 64)
        second = memory.read("input", 64, 64)
        yield first
        model.compute(cycles=1)
        yield second
        model.compute(cycles=1)
        model.compute(cycles=1, after=second)

    _, actions = _start(body)
    assert [names for _, names in _graph(actions)] == [[], [], [0], [0, 1], [1, 0]]


def test_a_dependence_that_after_implies_is_not_repeated() -> None:
    def body(model: Any, memory: Memory) -> Any:
        load = memory.read("input")
        yield load
        work = model.compute(cycles=1, after=load)
        memory.write("output", bytes(8), after=work)
        yield work
        model.fence()

    _, actions = _start(body)
    assert [names for _, names in _graph(actions)] == [[], [0], [1], [1]]


def test_many_waited_for_nodes_are_joined_by_one_fence() -> None:
    def body(model: Any, memory: Memory) -> Any:
        yield [memory.read("input", at, 8) for at in range(0, 64, 8)]
        model.compute(cycles=1)
        model.compute(cycles=1)

    _, actions = _start(body)
    assert _graph(actions)[8:] == [
        (NodeKind.FENCE, list(range(8))),
        (NodeKind.COMPUTE, [8]),
        (NodeKind.COMPUTE, [8]),
    ]


@pytest.mark.parametrize("mode", list(ModelMode))
def test_rows_and_pieces_give_the_same_data_in_both_modes(mode: ModelMode) -> None:
    found = []

    def body(_: Any, memory: Memory) -> Any:
        handle = memory.read("input", 3, 10, rows=4, stride_bytes=20, piece_bytes=6)
        found.append((yield handle).tobytes())

    execution, actions = _start(body, mode)
    if mode is ModelMode.EXACT:
        nodes = np.frombuffer(actions.nodes, NODE_DTYPE)
        reads = nodes[nodes["kind"] == NodeKind.READ]
        data = b"".join(BYTES[at : at + size] for at, size in reads[["address", "row_bytes"]])
        completions = np.zeros(len(reads), COMPLETION_DTYPE)
        completions["id"] = reads["id"]
        assert execution.event(completions, data).is_final
    assert found == [b"".join(BYTES[3 + 20 * row : 13 + 20 * row] for row in range(4))]


def test_a_plain_function_is_a_model_too() -> None:
    _, actions = _start(lambda _, memory: memory.write("output", b"abc") and None)
    assert (actions.is_final, actions.data) == (True, b"abc")


def test_the_data_of_one_event_need_no_second_exchange() -> None:
    def body(_: Any, memory: Memory) -> Any:
        first, second = memory.read("input", 0, 1), memory.read("input", 1, 1)
        yield second
        yield first

    execution, actions = _start(body, ModelMode.EXACT)
    assert not actions.is_final
    completions = np.zeros(2, COMPLETION_DTYPE)
    completions["id"] = [1, 0]
    assert execution.event(completions, b"ab").is_final


def test_a_peek_asks_for_bytes_without_a_node() -> None:
    found = []

    def body(_: Any, memory: Memory) -> Any:
        found.extend((yield memory.peek([("input", 0, 2), ("output", 4, 1)])))

    execution, asked = _start(body)
    assert isinstance(asked, FunctionalRequest)
    with pytest.raises(ProtocolError, match="wrong size"):
        execution.functional_data(b"ab")
    assert execution.functional_data(b"abc").is_final
    assert [each.tobytes() for each in found] == [b"ab", b"c"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (lambda _, m: m.read("output"), 'reads operand "output"'),
        (lambda _, m: m.write("input", b"a"), 'writes operand "input"'),
        (lambda _, m: m.read("bias"), 'no operand "bias"'),
        (lambda _, m: m.read("input", 250, 7), 'leaves operand "input"'),
        (lambda _, m: m.read("input", -1, 7), 'leaves operand "input"'),
        (lambda _, m: m.read("input", stream="side"), "unknown stream"),
        (lambda model, _: model.compute(cycles=-1), "cycles"),
        (lambda model, _: model.compute(cycles=1, unit="fpu"), 'no unit "fpu"'),
        (lambda model, _: model.compute(cycles=1, after=[3]), "takes handles"),
        (lambda _, m: iter([m]), "neither a generator nor None"),
    ],
)
def test_a_misuse_of_the_sdk_is_named(body: Body, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        _start(body)


def test_yielding_something_else_is_named() -> None:
    def body(_: Any, __: Memory) -> Any:
        yield 3

    with pytest.raises(ModelError, match="no handle"):
        _start(body)


def test_an_operand_that_was_written_cannot_be_read_back() -> None:
    both = Operand("both", 0, 64, "uint8", (64,), 1, True, True)

    def body(_: Any, memory: Memory) -> Any:
        memory.write("both", b"abcd", 8)
        memory.read("both", 12, 4)
        memory.read("both", 11, 1)

    with pytest.raises(ModelError, match="reads back"):
        _start(body, command=Command("k", 0, (both,)))


@pytest.mark.parametrize(
    "reference", ["no_such_model", "no/such/file.py", "no.such:Model", "json:JSONDecoder"]
)
def test_an_unknown_model_is_a_handshake_error(reference: str) -> None:
    with pytest.raises(HandshakeError):
        load_model(reference)
