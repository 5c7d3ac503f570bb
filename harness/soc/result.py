"""What a simulation hands back, complete or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from harness.stats.statistic import Statistic

    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running simulation is.

    Attributes:
        tick: Simulated time.
        inference: Index of the inference, from 0.
        inferences: How many there will be.
        step: The dispatching thread's step, the loads of the inputs included.
        steps: How many steps an inference has.
        operator: Name of the step's operator; empty while inputs are loaded.
    """

    tick: int
    inference: int
    inferences: int
    step: int
    steps: int
    operator: str


@dataclass(frozen=True, slots=True)
class InferenceResult:
    """One measured window.

    Attributes:
        begin_tick: The dispatching thread starts to load the input.
        end_tick: The last step has ended, or the run broke off.
        is_complete: Whether the last step has ended.
        statistics: Counts of this window.
        timeline: Records of `TIMELINE_DTYPE`; track 0 tiles the window.
    """

    begin_tick: int
    end_tick: int
    is_complete: bool
    statistics: tuple[Statistic, ...]
    timeline: Array


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """All inferences of a run.

    Attributes:
        inferences: In order; the last one may be incomplete.
        outputs: The network's outputs after the last complete inference, without padding.
        exchanges: How often the model was asked.
        exit_cause: "done", "running", or what broke the run off.
    """

    inferences: tuple[InferenceResult, ...]
    outputs: tuple[Array, ...]
    exchanges: int
    exit_cause: str

    @property
    def last(self) -> InferenceResult:
        """The last inference: the warm one if there are several."""
        return self.inferences[-1]

    @property
    def statistics(self) -> tuple[Statistic, ...]:
        """Statistics of the last inference."""
        return self.last.statistics

    @property
    def timeline(self) -> Array:
        """Timeline of the last inference."""
        return self.last.timeline

    @property
    def begin_tick(self) -> int:
        """Begin of the last inference."""
        return self.last.begin_tick

    @property
    def end_tick(self) -> int:
        """End of the last inference."""
        return self.last.end_tick
