"""Runs a prepared run on the embedded SoC and hands over what was measured, also of a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.run.measurement import Inference, Measurement
from harness.run.result import FINISHED
from harness.soc.simulation import Simulation

if TYPE_CHECKING:
    from harness.bridge.messages import ModelStatistic
    from harness.run.prepared import PreparedRun, Progress
    from harness.soc.result import Progress as SocProgress
    from harness.soc.result import SimulationResult

DONE = "done"
"""The engine's word for a simulation that came to its end."""


class RunningSimulation:
    """A simulation whose measurement is there at any time, whatever ended it."""

    def __init__(self, run: PreparedRun, progress: Progress) -> None:
        spec = run.request.spec
        self._connection = run.connection
        self._model_statistics: tuple[ModelStatistic, ...] = ()
        self._progress = progress
        self._commands, self._repeat = run.program.commands, spec.repeat
        self._simulation = Simulation(
            run.program,
            run.target,
            run.connection,
            inputs=run.case.inputs,
            threads=spec.threads,
            mode=spec.mode,
            repeat=spec.repeat,
            maximum_ticks=spec.maximum_ticks or None,
            on_progress=self._report,
        )

    def run(self) -> Measurement:
        """Simulate all inferences, then end the session with the model in good order.

        Raises:
            HarnessError: As `Simulation.run`; `measurement` tells what was measured until then.
        """
        self._connection.foresee(self._commands * self._repeat)
        self._simulation.run()
        self._model_statistics = tuple(self._connection.close())
        return self.measurement()

    def measurement(self) -> Measurement:
        """Return what was measured so far."""
        return _measurement(
            self._simulation.result(), self._connection.exchanges, self._model_statistics
        )

    def _report(self, progress: SocProgress) -> None:
        inference = f"inference {progress.inference + 1} of {progress.inferences}, "
        step = f"step {progress.step} of {progress.steps}"
        where = f" ({progress.operator})" if progress.operator else ""
        self._progress.tick(
            progress.tick, f"{inference if progress.inferences > 1 else ''}{step}{where}"
        )


def _measurement(
    result: SimulationResult, exchanges: int, statistics: tuple[ModelStatistic, ...]
) -> Measurement:
    inferences = tuple(
        Inference(each.begin_tick, each.end_tick, each.timeline, each.statistics)
        for each in result.inferences
    )
    cause = FINISHED if result.exit_cause == DONE else result.exit_cause
    return Measurement(cause, inferences, result.outputs, exchanges, statistics)
