"""The vector MAC engine in Python and in C++: the same nodes, dependences, bytes and statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from accel_models.vector_mac_cpp import binary_path, shared_object_path
from harness.base.errors import HandshakeError, ModelError
from harness.bridge.in_process import connect_in_process
from harness.bridge.ipc import connect_ipc
from harness.bridge.messages import DeviceWindow, HelloParameters, ModelMode
from harness.bridge.shared_object import connect_shared_object
from tests.bridge_cpp.commands import Layout, convolutions, products, vectors
from tests.bridge_cpp.player import Played, play

if TYPE_CHECKING:
    from pathlib import Path

    from harness.bridge.connection import ModelConnection

PYTHON = "accel_models.vector_mac:VectorMacEngine"
LAYOUTS = {"conv2d": convolutions, "mat_mul": products, "vectors": vectors}
PARAMETERS = {
    "default": {},
    "double_buffer": {"double_buffer": True, "transfer_bytes": 256},
    "small": {"pe_count": 4, "macs_per_pe": 16, "transfer_bytes": 64, "add_latency_cycles": 7},
}


@pytest.fixture(scope="module", autouse=True)
def _twin() -> None:
    try:
        binary_path()
        shared_object_path()
    except HandshakeError as error:
        pytest.skip(str(error))


def _connect(kind: str, hello: HelloParameters, folder: Path) -> ModelConnection:
    if kind == "python":
        return connect_in_process(PYTHON, hello)
    if kind == "shared object":
        return connect_shared_object(shared_object_path(), hello)
    return connect_ipc([str(binary_path())], hello, folder)


def _play(kind: str, mode: ModelMode, layout: Layout, parameters: str, folder: Path) -> Played:
    hello = HelloParameters(mode=mode, parameters=PARAMETERS[parameters])
    values = np.random.default_rng(7).normal(scale=0.5, size=layout.end_bytes // 2)
    memory = bytearray(values.astype("<f2").tobytes())
    return play(_connect(kind, hello, folder), mode, layout.commands, memory)


@pytest.mark.parametrize("mode", list(ModelMode))
@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("kernels", LAYOUTS)
def test_the_twin_answers_as_the_python_model_does(
    kernels: str, parameters: str, mode: ModelMode, tmp_path: Path
) -> None:
    layout = LAYOUTS[kernels]()
    expected = _play("python", mode, layout, parameters, tmp_path)
    got = _play("shared object", mode, layout, parameters, tmp_path)

    assert len(got.actions) == len(expected.actions)
    for number, (mine, theirs) in enumerate(zip(got.actions, expected.actions, strict=True)):
        assert mine.node_count == theirs.node_count, number
        assert mine.nodes == theirs.nodes, number
        assert mine.dependences == theirs.dependences, number
        assert mine.data == theirs.data, number
        assert mine.is_final == theirs.is_final, number
    assert got.statistics == expected.statistics
    assert got.memory == expected.memory
    assert got.state == expected.state


@pytest.mark.parametrize("kernels", LAYOUTS)
def test_both_modes_leave_the_same_bytes_in_memory(kernels: str, tmp_path: Path) -> None:
    layout = LAYOUTS[kernels]()
    memories = {
        _play("shared object", mode, layout, "default", tmp_path).memory for mode in ModelMode
    }

    assert len(memories) == 1


@pytest.mark.parametrize("mode", list(ModelMode))
def test_the_program_answers_as_the_shared_object_does(mode: ModelMode, tmp_path: Path) -> None:
    layout = products()

    assert _play("program", mode, layout, "default", tmp_path) == _play(
        "shared object", mode, layout, "default", tmp_path
    )


def test_the_twin_describes_itself_as_the_python_model_does(tmp_path: Path) -> None:
    hello = HelloParameters(parameters={"pe_count": 16, "double_buffer": True})
    connections = [
        _connect(kind, hello, tmp_path) for kind in ("python", "shared object", "program")
    ]
    acceptances = [connection.acceptance for connection in connections]
    for connection in connections:
        connection.close()

    assert acceptances[1] == acceptances[0]
    assert acceptances[2] == acceptances[0]


@pytest.mark.parametrize(
    "parameters", [{"pe_counts": 8}, {"pe_count": 0}, {"pe_count": 1.5}, {"macs_per_pe": 12}]
)
def test_the_twin_refuses_wrong_parameters(parameters: dict[str, object], tmp_path: Path) -> None:
    for kind in ("shared object", "program"):
        with pytest.raises(HandshakeError, match="vector_mac"):
            _connect(kind, HelloParameters(parameters=parameters), tmp_path)


def test_a_command_that_breaks_the_contract_is_the_models_error(tmp_path: Path) -> None:
    shapes = {"input": (1, 64), "output": (1, 64)}
    layout = Layout().add("relu", shapes, {"load_input": 0, "store_output": 1})
    for kind in ("shared object", "program"):
        connection = _connect(kind, HelloParameters(mode=ModelMode.EXACT), tmp_path)
        connection.reset([DeviceWindow("all", layout.end_bytes, is_writable=True)])
        with pytest.raises(ModelError, match="not in its scratchpad"):
            connection.launch(0, 0, layout.commands[0])
