"""Runs cases in process or over ipc and checks what holds of every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from accel_models.vector_mac_cpp import binary_path, shared_object_path
from harness.base.errors import HandshakeError
from harness.bridge.in_process import connect_in_process
from harness.bridge.ipc import connect_ipc
from harness.bridge.shared_object import connect_shared_object
from harness.compiler import compile_graph
from harness.graph import execute_reference
from harness.run.model_session import hello_parameters
from harness.run.reference import load_workload
from harness.soc.simulate import Simulation
from harness.stats.phases import attribute
from harness.target import load_target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from harness.bridge.connection import ModelConnection
    from harness.compiler.program import Program
    from harness.graph import Graph
    from harness.soc.result import SimulationResult
    from harness.target import Target

    Array = np.ndarray[Any, np.dtype[Any]]

PYTHON = "accel_models.vector_mac:VectorMacEngine"
TOLERANCE = 2
"""Units in the last place of fp16: partial sums are rounded where channels are cut, and other
runtimes add up in another order."""

HOST_COUNTS = (".exchanges", ".nodes", "simEvents")
"""Statistics that say how the model was asked, which differs between modes by design."""


@dataclass(frozen=True)
class Case:
    """A network, inputs, and the outputs of the reference execution."""

    graph: Graph
    inputs: Sequence[Array]
    expected: Sequence[Array]


@dataclass(frozen=True)
class Run:
    """What a run left."""

    program: Program
    target: Target
    result: SimulationResult

    @property
    def ticks(self) -> int:
        """Latency of the last inference."""
        return self.result.end_tick - self.result.begin_tick

    @property
    def outputs(self) -> bytes:
        """Bytes of all outputs."""
        return b"".join(each.tobytes() for each in self.result.outputs)

    @property
    def values(self) -> Mapping[str, float]:
        """Statistics by name."""
        return {each.name: each.value for each in self.result.statistics}

    @property
    def evidence(self) -> tuple[int, bytes, bytes, tuple[Any, ...]]:
        """Everything that must not depend on how the model is reached."""
        statistics = tuple(
            each for each in self.result.statistics if not each.name.endswith(HOST_COUNTS)
        )
        return self.ticks, self.outputs, self.result.timeline.tobytes(), statistics


def make_case(graph: Graph, arrays: Mapping[str, Array] | None = None) -> Case:
    """Return a graph with its inputs, drawn from a fixed seed if there are none."""
    rng = np.random.default_rng(0)
    drawn = {
        each.name: rng.standard_normal(each.shape).astype(each.dtype.numpy) for each in graph.inputs
    }
    inputs = [(arrays or drawn)[each.name] for each in graph.inputs]
    expected = execute_reference(graph, inputs)
    return Case(graph, inputs, [expected[each.name] for each in graph.outputs])


def units_in_last_place(left: Array, right: Array) -> int:
    """Return the largest distance of two arrays, counted in representable numbers."""
    integer = np.dtype(f"i{left.dtype.itemsize}")
    least = 1 << (8 * left.dtype.itemsize - 1)

    def ordered(array: Array) -> Any:
        bits = np.ascontiguousarray(array).view(integer).astype(np.int64)
        return np.where(bits < 0, -(bits + least), bits)

    return int(np.abs(ordered(left) - ordered(right)).max(initial=0))


def check_run(run: Run) -> None:
    """Check what holds of every run: phases add up, timed reads saw the snapshot."""
    result = run.result
    ticks = attribute(result.timeline, result.begin_tick, result.end_tick).ticks_by_phase()
    assert sum(ticks.values()) == run.ticks
    assert sum(v for n, v in run.values.items() if n.endswith(".readMismatches")) == 0


@pytest.fixture(scope="session")
def units_apart() -> Callable[[Array, Array], int]:
    """Return f(array, array) -> their distance in units in the last place."""
    return units_in_last_place


@pytest.fixture(scope="session")
def check_values() -> Callable[[Run, Case], None]:
    """Return f(run, case), which compares outputs with the reference execution."""

    def check(run: Run, case: Case) -> None:
        for got, expected in zip(run.result.outputs, case.expected, strict=True):
            assert got.dtype == expected.dtype
            assert got.shape == expected.shape
            assert units_in_last_place(got, expected) <= TOLERANCE

    return check


@pytest.fixture(scope="session")
def needs_twin() -> None:
    """Skip where the C++ end of the bridge is not built."""
    try:
        binary_path()
        shared_object_path()
    except HandshakeError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def case_of() -> Callable[[Graph], Case]:
    """Return f(graph) -> Case with inputs from a fixed seed."""
    return make_case


@pytest.fixture(scope="session")
def load_case() -> Callable[[str], Case]:
    """Return f(workload reference) -> Case."""
    cases: dict[str, Case] = {}

    def load(reference: str) -> Case:
        if reference not in cases:
            workload = load_workload(reference)
            cases[reference] = make_case(workload.graph, workload.input_arrays(0) or None)
        return cases[reference]

    return load


@pytest.fixture
def run_case(tmp_path: Path) -> Callable[..., Run]:
    """Return f(case, ...) -> Run, checked."""

    def connect(target: Target, mode: str, model: str) -> ModelConnection:
        hello = hello_parameters(target, mode, 0)
        if model == "python":
            return connect_in_process(PYTHON, hello)
        if model == "shared object":
            return connect_shared_object(shared_object_path(), hello)
        reference = [str(binary_path())] if model == "program" else PYTHON
        return connect_ipc(reference, hello, tmp_path)

    def run(
        case: Case,
        sets: Sequence[str] = (),
        *,
        policy: str = "traffic",
        mode: str = "kernel",
        model: str = "python",
        edit: Callable[[Program], Program] | None = None,
        **options: Any,
    ) -> Run:
        target = load_target("smaug", sets)
        connection = connect(target, mode, model)
        try:
            program = compile_graph(case.graph, target, connection.description, policy=policy)
            program = edit(program) if edit else program
            inputs = list(case.inputs)
            simulation = Simulation(
                program, target, connection, inputs=inputs, mode=mode, **options
            )
            finished = Run(program, target, simulation.run())
            connection.close()
        except BaseException:
            connection.abort()
            raise
        check_run(finished)
        return finished

    return run
