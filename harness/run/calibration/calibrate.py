"""Makes the micro runs on gem5 and fits the embedded SoC's fields to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from harness.base.array_file import read_array
from harness.base.errors import BackendError, StatsError
from harness.run.calibration.document import Origin, calibration_text
from harness.run.calibration.formulas import PARAMETERS, SUBMIT
from harness.run.calibration.measurement import Measured, read_samples, submissions, transfers
from harness.run.gem5_options import Gem5Options
from harness.run.request import RunRequest
from harness.run.spec import RunSpec
from harness.stats.phases import Phase
from harness.stats.timeline import TimelineKind
from harness.target import load_target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.run.calibration.formulas import Parameter, Value
    from harness.run.calibration.measurement import Submissions, Transfers
    from harness.run.pipeline import FinishedRun
    from harness.stats.timeline import Timeline

WORKLOAD = "workloads.micro:conv_wide"
"""Several commands that only move data and compute; no network that anything is judged by."""
INTERFACES = ("dma", "acp")
"""The first run also measures the guest; its descriptors and tiles are flushed."""
THREADS = 2
"""One worker to hand work to."""
ONE_AT_A_TIME = ("accelerators=1", "assignment=round_robin")
"""The formulas take commands that follow each other: a second accelerator would overlap them."""
REPORT = "m5out/report.json"
TIMELINE = "timeline.npy"


class Runner(Protocol):
    """What makes the runs."""

    def run(self, request: RunRequest) -> FinishedRun:
        """Run a workload to its end, or as far as it gets."""

    def origin(self, request: RunRequest) -> Mapping[str, str]:
        """Return gem5's version, its hash and the guest runtime's."""


@dataclass(frozen=True, slots=True)
class What:
    """What is calibrated: a CPU model of gem5, with or without an operating system."""

    cpu: str = "o3"
    mode: str = "fs"
    target: str = "smaug"
    overrides: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of a shipped calibration of this kind."""
        return f"{self.cpu}-{self.mode}"


def calibrate(what: What, output: Path, runner: Runner, binary: Path | None = None) -> str:
    """Measure, fit and return the calibration's text.

    Args:
        what: The CPU and the mode.
        output: Directory for the runs.
        runner: Makes them.
        binary: The gem5 binary; None to look for it.

    Raises:
        SpecError: gem5, or what runs on it, is not there.
        BackendError: A run failed.
        StatsError: A run did not leave what is measured.
    """
    probed = RunRequest(_spec(what, INTERFACES[0]), gem5=Gem5Options(binary=binary))
    origin = Origin(what.target, what.mode, what.cpu, workload=WORKLOAD, **runner.origin(probed))
    finished = []
    for interface in INTERFACES:
        options = Gem5Options(binary=binary, is_micro=interface == INTERFACES[0])
        request = RunRequest(
            _spec(what, interface), output=str(output / f"{what.name}-{interface}"), gem5=options
        )
        finished.append(_whole(runner.run(replace(request, force=True))))
    timelines = [_last(_timeline(each)) for each in finished]
    measured = Measured(
        target=load_target(what.target, what.overrides),
        samples=read_samples(finished[0].directory / REPORT),
        gem5=submissions(timelines[0]),
        soc=None,
        is_full_system=what.mode == "fs",
    )
    values = _fitted(PARAMETERS, measured)
    settings = [f"{each.key}={value}" for each, value in values]
    measured = replace(measured, soc=_soc(what, settings, output, runner))
    values += _fitted([SUBMIT], measured)
    curves: list[Transfers] = [each for timeline in timelines for each in transfers(timeline)]
    return calibration_text(origin, values, measured, curves)


def _fitted(parameters: Sequence[Parameter], measured: Measured) -> list[tuple[Parameter, Value]]:
    found = [(each, each.formula(measured)) for each in parameters]
    return [(each, value) for each, value in found if value is not None]


def _spec(what: What, interface: str) -> RunSpec:
    wait = "interrupt" if what.mode == "fs" else "polling"
    own = (*ONE_AT_A_TIME, f"interface={interface}", "coherent=false", f"wait={wait}")
    return RunSpec(
        WORKLOAD,
        target=what.target,
        overrides=(*what.overrides, *own),
        backend="gem5",
        simulation_mode=what.mode,
        cpu=what.cpu,
        threads=THREADS,
        repeat=2,
    )


def _soc(what: What, settings: Sequence[str], output: Path, runner: Runner) -> Submissions:
    """Run the micro workload on the embedded SoC, fitted so far, with nothing for `submit`."""
    spec = _spec(what, INTERFACES[0])
    overrides = (*spec.overrides, *settings, f"{SUBMIT.key}=0 ns")
    plain = RunSpec(WORKLOAD)
    spec = replace(
        spec,
        backend=plain.backend,
        simulation_mode=plain.simulation_mode,
        cpu=plain.cpu,
        overrides=overrides,
    )
    request = RunRequest(spec, output=str(output / f"{what.name}-soc"), force=True)
    return submissions(_last(_timeline(_whole(runner.run(request)))))


def _whole(finished: FinishedRun) -> FinishedRun:
    result = finished.result
    if not result.is_success:
        raise BackendError(
            f"a micro run failed: {result.exit_cause}: {result.message}",
            where=str(finished.directory),
        )
    return finished


def _timeline(finished: FinishedRun) -> Timeline:
    return read_array(finished.directory / TIMELINE, StatsError, "a timeline")


def _last(timeline: Timeline) -> Timeline:
    """Return the records of the last inference: caches, pages and branches are warm in it.

    An inference begins by loading its inputs, of which the workload has one.
    """
    is_load = (timeline["kind"] == TimelineKind.HOST) & (timeline["detail"] == Phase.LOAD)
    if not is_load.any():
        raise StatsError("the micro run's timeline has no inference")
    last: Timeline = timeline[timeline["begin"] >= timeline["begin"][is_load].max()]
    return last
