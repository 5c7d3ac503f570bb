"""How much host time the embedded SoC's engine takes: its own, without model and Python."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from harness.base.array_file import read_array
from harness.base.errors import SpecError
from harness.bridge.in_process import connect_in_process
from harness.bridge.ipc import connect_ipc
from harness.bridge.load import is_program
from harness.bridge.shared_object import connect_shared_object, is_shared_object
from harness.compiler.program_file import load_program
from harness.run.manifest import read_manifest
from harness.run.model_session import hello_parameters
from harness.soc.simulation import Simulation
from harness.target import Target

if TYPE_CHECKING:
    from harness.bridge.connection import ModelConnection


_SAMPLES = 3
"""Of a fraction of a second each; single ones differ by some per cent on a busy machine."""


class TimedEngine:
    """An engine with a clock around `run`, one sum per inference."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.seconds: list[float] = []

    def begin_inference(self) -> None:
        """Begin an inference, and its sum."""
        self.seconds.append(0.0)
        self._engine.begin_inference()

    def run(self, limit: int, slice_ticks: int) -> int:
        """Run the engine up to its next stop."""
        begin = time.thread_time()
        cause: int = self._engine.run(limit, slice_ticks)
        self.seconds[-1] += time.thread_time() - begin
        return cause

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def engine_seconds(run: Path) -> tuple[float, ...]:
    """Simulate a finished run of the embedded SoC again, some times; return the engine's CPU time.

    Args:
        run: The run's directory.

    Returns:
        The median of the CPU seconds of the engine alone, for each inference.

    Raises:
        HarnessError: The run cannot be repeated.
    """
    samples = [_sample(run) for _ in range(_SAMPLES)]
    return tuple(median(each) for each in zip(*samples, strict=True))


def _sample(run: Path) -> list[float]:
    manifest, directory = read_manifest(run)
    spec, target = manifest.spec, Target.from_dict(manifest.target)
    inputs = [read_array(directory / each.file, SpecError, "an input") for each in manifest.inputs]
    with ExitStack() as stack:
        connection = _connect(spec.accelerator or target.accelerator.model, target, spec, stack)
        stack.callback(connection.abort)
        simulation = Simulation(
            load_program(directory),
            target,
            connection,
            inputs=inputs,
            threads=spec.threads,
            mode=spec.mode,
            repeat=spec.repeat,
        )
        engine = TimedEngine(simulation.engine)
        simulation.engine = engine
        simulation.run()
    return engine.seconds


def _connect(reference: str, target: Target, spec: Any, stack: ExitStack) -> ModelConnection:
    hello = hello_parameters(target, spec.mode, spec.seed)
    if is_shared_object(reference):
        return connect_shared_object(reference, hello)
    if is_program(reference):
        folder = Path(stack.enter_context(TemporaryDirectory()))
        return connect_ipc(reference, hello, folder)
    return connect_in_process(reference, hello)
