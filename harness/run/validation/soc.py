"""Holds the embedded SoC against gem5: a grid of points is run on both, on the same programs.

gem5's runs take long, so that each is kept under the hash of all that decides it, and taken from
there the next time. The embedded SoC's runs take seconds and are always made anew.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from harness.base.errors import ExitCode, HarnessError, StatsError
from harness.run.directory import STATS_TXT, disk_error
from harness.run.gem5_options import Gem5Options
from harness.run.manifest import read_manifest
from harness.run.request import RunRequest
from harness.run.result import read_result
from harness.run.validation.soc_report import Comparison, Failure, Side, SocReport
from harness.stats.reader import read_stats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from harness.run.manifest import Manifest
    from harness.run.pipeline import FinishedRun
    from harness.run.result import RunResult
    from harness.run.spec import RunSpec
    from harness.run.validation.soc_grid import Grid, Point

REPORT = "validation.json"
HOST_SECONDS = "hostSeconds"

NOT_READ_BY_GEM5: Mapping[str, tuple[str, ...]] = {
    "cpu": (
        *("cycles_per_instruction", "maximum_outstanding_stores", "store_line_cycles"),
        *("uncached_write_ticks", "uncached_read_ticks"),
        *("step_dispatch_ticks", "thread_handoff_ticks"),
    ),
    "driver": (
        *("submit_ticks", "doorbell_ticks", "interrupt_latency_ticks", "interrupt_handler_ticks"),
        *("wakeup_ticks", "poll_interval_ticks", "flush_line_cycles", "flush_maximum_outstanding"),
        "fence_ticks",
    ),
}
"""The target's costs of software that gem5 executes. They reach its runs through the program only:
the compiler weighs them."""


class Backends(Protocol):
    """What runs the points."""

    def run(self, request: RunRequest) -> FinishedRun:
        """Run a workload to its end, or as far as it gets."""

    def gem5_identity(self, request: RunRequest) -> Mapping[str, str]:
        """Return hashes of gem5 and what runs on it."""

    def model_identity(self, reference: str) -> str:
        """Return a hash of a model's sources."""

    def engine_seconds(self, run: Path) -> tuple[float, ...]:
        """Return the CPU seconds of the embedded SoC's engine for each inference of a run."""


@dataclass
class _Progress:
    """What has been found so far."""

    comparisons: list[Comparison] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def validate_soc(
    grid: Grid,
    output: Path,
    backends: Backends,
    on_point: Callable[[list[str]], object],
    gem5: Gem5Options | None = None,
) -> tuple[SocReport, bool]:
    """Run a grid on both backends and compare.

    Args:
        grid: The points and the limits.
        output: Directory for the runs and the report.
        backends: Runs the points.
        on_point: Gets each point's lines as soon as it is compared.
        gem5: What concerns gem5 itself.

    Returns:
        The report, and whether the user interrupted: then it is about the points done until then.

    Raises:
        SpecError: gem5, or what runs on it, is not there.
        BackendError: The report cannot be written.
    """
    options = gem5 or Gem5Options()
    identities = _identities(grid, backends, options)
    found = _Progress()
    is_interrupted = False
    for point in grid.points:
        try:
            outcome = _compare(point, output, backends, (options, identities[_kind(point)]))
        except KeyboardInterrupt:
            is_interrupted = True
            break
        except HarnessError as error:
            outcome = Failure(point.name, str(error))
        if isinstance(outcome, Comparison):
            found.comparisons.append(outcome)
        else:
            found.failures.append(outcome)
        on_point(outcome.lines())
        _write(output / REPORT, _report(grid, found).to_json())
    report = _report(grid, found)
    _write(output / REPORT, report.to_json())
    return report, is_interrupted


def _report(grid: Grid, found: _Progress) -> SocReport:
    missing = len(grid.points) - len(found.comparisons) - len(found.failures)
    return SocReport(tuple(found.comparisons), tuple(found.failures), missing, grid.limits)


def _kind(point: Point) -> tuple[str, str]:
    return point.gem5.simulation_mode, point.gem5.cpu


def _identities(
    grid: Grid, backends: Backends, options: Gem5Options
) -> dict[tuple[str, str], Mapping[str, str]]:
    """Return the identity of gem5 for each kind of point, before the first is run."""
    samples = {_kind(point): point.gem5 for point in grid.points}
    return {
        kind: backends.gem5_identity(RunRequest(spec, gem5=options))
        for kind, spec in samples.items()
    }


def _compare(
    point: Point, output: Path, backends: Backends, gem5_side: tuple[Gem5Options, Mapping[str, str]]
) -> Comparison | Failure:
    options, identity = gem5_side
    folder = output / "soc" / point.folder
    soc = _run(backends, point.spec, folder, Gem5Options())
    if not soc.is_success:
        return Failure(point.name, f"soc: {soc.exit_cause}: {soc.message}")
    manifest, _ = read_manifest(folder)
    model = point.spec.accelerator or manifest.target["accelerator"]["model"]
    identity = {**identity, "model": backends.model_identity(model)}
    key = _gem5_key(point.gem5, manifest, soc, identity)
    place = output / "gem5" / f"{point.folder},{key[:16]}"
    gem5 = _finished(place) or _run(backends, point.gem5, place, options)
    if not gem5.is_success:
        return Failure(point.name, f"gem5: {gem5.exit_cause}: {gem5.message}")
    if soc.hashes.get("program") != gem5.hashes.get("program"):
        return Failure(point.name, "the backends got different programs")
    if [each.sha256 for each in soc.outputs] != [each.sha256 for each in gem5.outputs]:
        return Failure(point.name, "the backends computed different outputs")
    engine_s = backends.engine_seconds(folder)[soc.reported]
    host_s = read_stats(place / STATS_TXT)[gem5.reported].get(HOST_SECONDS)
    return Comparison(
        point.name, point.spec.workload, _side(soc, engine_s), _side(gem5, float(host_s))
    )


def _run(backends: Backends, spec: RunSpec, place: Path, options: Gem5Options) -> RunResult:
    is_there = place.is_dir() and any(place.iterdir())
    finished = backends.run(RunRequest(spec, output=str(place), force=is_there, gem5=options))
    if finished.exit_code == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return finished.result


def _finished(place: Path) -> RunResult | None:
    """Return the result of a run that was made before and succeeded."""
    if not place.is_dir():
        return None
    try:
        result = read_result(place)
    except HarnessError:
        return None  # killed before its end
    return result if result.is_success else None


def _gem5_key(
    spec: RunSpec, manifest: Manifest, soc: RunResult, identity: Mapping[str, str]
) -> str:
    """Return the hash of all that decides gem5's run of a point."""
    target: dict[str, Any] = json.loads(json.dumps(manifest.target))
    for section, names in NOT_READ_BY_GEM5.items():
        for name in names:
            target[section].pop(name)
    for name in ("name", "description"):
        target.pop(name)
    own = spec.to_dict()
    for name in ("target", "overrides", "deadline_s", "timeout_s", "check", "transport"):
        own.pop(name)  # resolved above, or without effect on a result
    names = ("graph", "weights", "program", "program_data")
    data = {
        "spec": own,
        "target": target,
        "model": manifest.model,
        "inputs": [each.sha256 for each in manifest.inputs],
        "files": {name: soc.hashes.get(name, "") for name in names},
        "identity": dict(identity),
    }
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _side(result: RunResult, host_seconds: float) -> Side:
    if result.breakdown is None:
        raise StatsError("the run has no breakdown")
    return Side(result.breakdown.ticks, dict(result.breakdown.phases), host_seconds)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_text(text)
        temporary.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
