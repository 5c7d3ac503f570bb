"""A compiled network, simulated as often as wanted, with the model in or out of process."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.bridge.in_process import connect_in_process
from harness.bridge.ipc import connect_ipc
from harness.bridge.messages import HelloParameters, ModelMode
from harness.compiler import compile_graph
from harness.run.inputs import resolve_inputs
from harness.run.reference import load_workload
from harness.soc.simulation import Simulation
from harness.target import load_target
from tests.bench.processes import children, cpu_seconds

if TYPE_CHECKING:
    from harness.bridge.connection import ModelConnection
    from harness.compiler.program import Program
    from harness.run.workload import Workload
    from harness.target import Target

MODEL = "vector_mac"


@dataclass(frozen=True)
class Phase:
    """One simulation phase: from Reset to the outputs; no start-up, no compiler, no reference.

    Attributes:
        wall_s: Its duration.
        simulator_cpu_s: CPU time of this process in it, the model's included if it lives here.
        model_cpu_s: CPU time of the model's process in it; 0 if it has none.
        exchanges: Turns taken with the model, Reset not counted.
        ticks: Simulated end.
    """

    wall_s: float
    simulator_cpu_s: float
    model_cpu_s: float
    exchanges: int
    ticks: int


class Prepared:
    """A network compiled for a target."""

    def __init__(self, workload: str | Workload, overrides: tuple[str, ...] = ()) -> None:
        loaded = load_workload(workload) if isinstance(workload, str) else workload
        self.target: Target = load_target("smaug", overrides)
        self.inputs = resolve_inputs(loaded, "0", 0)
        connection = connect_in_process(MODEL, HelloParameters())
        self.program: Program = compile_graph(
            loaded.graph, self.target, connection.description, policy="traffic"
        )
        connection.abort()

    @property
    def invocations(self) -> int:
        """Commands that one inference gives to the accelerator."""
        return len(self.program.commands)

    def simulation(self, connection: ModelConnection, mode: str) -> Simulation:
        """Return a fresh simulation, made as `harness run` makes it."""
        connection.foresee(self.program.commands)
        return Simulation(self.program, self.target, connection, inputs=self.inputs, mode=mode)

    def phase(self, transport: str, mode: str) -> Phase:
        """Simulate one inference with a new model."""
        hello = HelloParameters(mode=ModelMode[mode.upper()])
        with tempfile.TemporaryDirectory(prefix="harness-bench-") as folder:
            old = set(children(os.getpid()))
            if transport == "ipc":
                connection = connect_ipc(MODEL, hello, Path(folder))
            else:
                connection = connect_in_process(MODEL, hello)
            new = [pid for pid in children(os.getpid()) if pid not in old]
            try:
                return _timed(self.simulation(connection, mode), new)
            finally:
                connection.close()


def _timed(simulation: Any, pids: list[int]) -> Phase:
    model_before = sum(map(cpu_seconds, pids))
    own_before, begin = time.process_time(), time.perf_counter()
    result = simulation.run()
    wall_s = time.perf_counter() - begin
    own_s = time.process_time() - own_before
    model_s = sum(map(cpu_seconds, pids)) - model_before
    ticks = result.inferences[-1].end_tick
    return Phase(wall_s, own_s, model_s, result.exchanges, ticks)
