"""A Launch sent before its command starts saves host time and changes nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.base.errors import BackendError, ModelError
from harness.bridge.descriptor import Command, Operand, encode_command
from harness.bridge.early import EarlyLaunches
from harness.bridge.ipc import connect_ipc
from harness.bridge.messages import Ack, Actions, DeviceWindow, HelloParameters, Launch, ModelMode
from harness.bridge.records import device_address

if TYPE_CHECKING:
    from pathlib import Path

    from harness.bridge.connection import ModelConnection

SIZE_BYTES = 64
INPUT = bytes(range(SIZE_BYTES))
WINDOWS = (DeviceWindow("in", SIZE_BYTES, False), DeviceWindow("out", 4 * SIZE_BYTES, True))

MODEL = """
from harness.bridge.model import AcceleratorModel


class Counter(AcceleratorModel):
    "Writes how many commands it has seen, and the sum of its input."
    name = "counter"
    version = "1"
    can_launch_early = EARLY
    seen = 0

    def execute(self, command, memory):
        data = yield memory.read("input")
        if PEEKS:
            yield memory.peek([("input", 0, 1)])
        self.seen += 1
        memory.write("output", bytes([self.seen, int(data.sum()) % 256]))
"""


def _command(item: int) -> Command:
    output = device_address(1, item * SIZE_BYTES)
    return Command(
        "count",
        item,
        (
            Operand("input", device_address(0, 0), SIZE_BYTES, "uint8", (64,), 1, True, False),
            Operand("output", output, 2, "uint8", (2,), 1, False, True),
        ),
    )


DESCRIPTORS = [encode_command(_command(item)) for item in range(4)]


def _connect(folder: Path, *, early: bool = True, peeks: bool = False) -> ModelConnection:
    path = folder / "counter.py"
    path.write_text(MODEL.replace("EARLY", str(early)).replace("PEEKS", str(peeks)))
    hello = HelloParameters(mode=ModelMode.KERNEL, instances=2)
    connection = connect_ipc(str(path), hello, folder, deadline_s=20)
    connection.reset(WINDOWS)
    return connection


def _launch(connection: ModelConnection, item: int, instance: int = 0) -> bytes:
    actions: Actions = connection.launch(instance, 10 * item, DESCRIPTORS[item], INPUT)
    return bytes(actions.data)


def _plain(folder: Path) -> list[bytes]:
    folder.mkdir()
    connection = _connect(folder, early=False)
    answers = [_launch(connection, 0), _launch(connection, 1), _launch(connection, 2, 1)]
    connection.close()
    return answers


def test_early_launches_give_the_same_answers(tmp_path: Path) -> None:
    connection = _connect(tmp_path)
    first = _launch(connection, 0)
    connection.launch_early(0, DESCRIPTORS[1], INPUT)
    second = _launch(connection, 1)
    third = _launch(connection, 2, 1)
    connection.close()
    assert [first, second, third] == _plain(tmp_path / "plain")
    assert connection.exchanges == 5  # Reset, three Launches, Bye


def test_an_answer_waits_while_another_instance_launches(tmp_path: Path) -> None:
    connection = _connect(tmp_path)
    first = _launch(connection, 0)
    connection.launch_early(0, DESCRIPTORS[1], INPUT)
    connection.launch_early(0, DESCRIPTORS[3], INPUT)  # no room: one per instance
    other = connection.launch(1, 5, DESCRIPTORS[2], INPUT)
    second = _launch(connection, 1)
    connection.close()
    assert [first, second, bytes(other.data)] == _plain(tmp_path / "plain")


def test_other_bytes_at_the_start_are_an_error(tmp_path: Path) -> None:
    connection = _connect(tmp_path)
    _launch(connection, 0)
    connection.launch_early(0, DESCRIPTORS[1], bytes(SIZE_BYTES))
    with pytest.raises(BackendError, match="changed after it was submitted"):
        _launch(connection, 1)


def test_a_model_that_peeks_has_to_say_so(tmp_path: Path) -> None:
    connection = _connect(tmp_path, peeks=True)
    connection.functional_reader = lambda _instance, _ranges: INPUT[:1]
    _launch(connection, 0)
    connection.launch_early(0, DESCRIPTORS[1], INPUT)
    with pytest.raises(ModelError, match="can_launch_early = False"):
        _launch(connection, 1)


def test_a_model_may_decline_early_launches(tmp_path: Path) -> None:
    connection = _connect(tmp_path, early=False, peeks=True)
    connection.functional_reader = lambda _instance, _ranges: INPUT[:1]
    _launch(connection, 0)
    connection.launch_early(0, DESCRIPTORS[1], bytes(SIZE_BYTES))  # nothing is sent
    assert _launch(connection, 1)[0] == 2
    connection.close()


def test_the_session_ends_in_good_order_with_a_launch_under_way(tmp_path: Path) -> None:
    connection = _connect(tmp_path)
    _launch(connection, 0)
    connection.launch_early(0, DESCRIPTORS[1], INPUT)
    assert connection.close() == []


def test_only_one_launch_awaits_its_answer() -> None:
    launches = EarlyLaunches()
    request = Launch(0, 0, 1, _command(1), INPUT)
    launches.sent(request)
    assert not launches.has_room(1)
    launches.answered(Ack())
    assert launches.has_room(1)
    assert not launches.has_room(0)
    assert isinstance(launches.take(request), Ack)
    assert launches.has_room(0)
