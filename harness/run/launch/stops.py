"""Why harness ends a run before it ends itself: limits, silence, and what became of the guest."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from harness.base.units import format_bytes

if TYPE_CHECKING:
    from harness.run.launch.output_growth import OutputState
    from harness.run.launch.process_tree import ProcessTree, TreeSample
    from harness.run.launch.spec import LaunchSpec

BUSY_SHARE = 0.01
"""A tree of processes that uses less of one CPU than this does nothing."""


class StopReason(Enum):
    """What made harness end gem5."""

    TIME_LIMIT = "time limit"
    MEMORY_LIMIT = "memory limit"
    NO_PROGRESS = "no progress"
    GUEST_PANIC = "guest panic"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Stop:
    """An end that harness decided.

    Attributes:
        reason: Its kind.
        text: A sentence for people.
        signal: Name of the signal that harness got, if that was the reason.
    """

    reason: StopReason
    text: str
    signal: str = ""


class Limits:
    """The limits of one run; times are seconds of any clock that only goes forward."""

    def __init__(self, spec: LaunchSpec, begin_s: float) -> None:
        self._spec = spec
        self._begin_s = begin_s
        self._output: OutputState | None = None
        self._tick = 0
        self._written_s = begin_s
        self._active_s = begin_s
        self._active_cpu_s = 0.0

    def check(
        self, now_s: float, sample: TreeSample, output: OutputState, tick: int
    ) -> Stop | None:
        """Return why the run is to end now, if it is."""
        self._note(now_s, sample, output, tick)
        spec = self._spec
        if spec.timeout_s and now_s - self._begin_s >= spec.timeout_s:
            text = f"the limit of host time, {spec.timeout_s:g} s, is reached"
            return Stop(StopReason.TIME_LIMIT, text)
        if spec.no_progress_s and now_s - self._active_s >= spec.no_progress_s:
            text = (
                f"nothing has happened for {spec.no_progress_s:g} s: no CPU time was used, no file"
                " has grown"
            )
            return Stop(StopReason.NO_PROGRESS, text)
        if spec.no_output_s and now_s - self._written_s >= spec.no_output_s:
            return Stop(StopReason.NO_PROGRESS, f"no file has grown for {spec.no_output_s:g} s")
        return None

    def check_memory(self, sample: TreeSample, tree: ProcessTree) -> Stop | None:
        """Return a stop if the processes use more memory than they may."""
        limit = self._spec.memory_bytes
        if not limit or sample.resident_bytes <= limit:
            return None
        used = sample.resident_bytes
        if sample.processes > 1:  # forks share pages, and a sum counts these twice
            used = tree.unshared_bytes() or used
        if used <= limit:
            return None
        text = f"gem5 uses {format_bytes(used)} of memory; the limit is {format_bytes(limit)}"
        return Stop(StopReason.MEMORY_LIMIT, text)

    def _note(self, now_s: float, sample: TreeSample, output: OutputState, tick: int) -> None:
        if output != self._output or tick != self._tick:
            self._output, self._tick = output, tick
            self._written_s = now_s
            self._be_active(now_s, sample)
        used_s = sample.cpu_s - self._active_cpu_s
        if used_s > BUSY_SHARE * max(now_s - self._active_s, 1.0):
            self._be_active(now_s, sample)

    def _be_active(self, now_s: float, sample: TreeSample) -> None:
        self._active_s, self._active_cpu_s = now_s, sample.cpu_s
