"""The embedded SoC is held against gem5: on the same programs, point by point."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.base.errors import ExitCode, SpecError
from harness.run.directory import RESULT_JSON, RUN_JSON, STATS_TXT
from harness.run.manifest import Manifest
from harness.run.outputs import OutputValue
from harness.run.pipeline import FinishedRun, execute
from harness.run.result import RunResult
from harness.run.validation.soc import NOT_READ_BY_GEM5, validate_soc
from harness.run.validation.soc_backends import RealBackends
from harness.run.validation.soc_grid import Grid, Limits, read_grid
from harness.run.validation.soc_report import Comparison, Failure, Side, SocReport, kendall_tau
from harness.stats.breakdown import Breakdown
from harness.stats.phases import Phase, roll_up
from harness.stats.statistic import Statistic
from harness.stats.writer import format_dump
from harness.target import load_target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.run.request import RunRequest

GRID = """
workload = ["lenet5", "minerva"]
interface = ["dma", "acp"]
[limits]
mean = 0.1
"""


def breakdown(compute: int, os: int = 0) -> Breakdown:
    phases = {phase.label: 0 for phase in Phase} | {"compute": compute, "os": os}
    parts = roll_up({phase: phases[phase.label] for phase in Phase})
    return Breakdown(0, compute + os, phases, parts, (), ())


@dataclass
class FakeBackends:
    """Runs nothing: a latency for each point, written as a run leaves it."""

    latencies: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    """By "workload interface": ticks on the SoC, and on gem5 outside and inside the kernel."""
    failing: str = ""
    interrupt_after: int = 1000
    identity: str = "a"
    program: str = ""
    ran: list[str] = field(default_factory=list)

    def run(self, request: RunRequest) -> FinishedRun:
        spec, place = request.spec, Path(request.output or "")
        target = load_target(spec.target, spec.overrides)
        name = f"{spec.workload} {target.accelerator.interface}"
        if len(self.ran) == self.interrupt_after:
            return FinishedRun(RunResult("interrupted", False), place, ExitCode.INTERRUPTED)
        self.ran.append(f"{spec.backend} {name}")
        if name == self.failing and spec.backend == "gem5":
            raise SpecError("there is no gem5")
        soc, user, kernel = self.latencies.get(name, (100, 90, 10))
        is_soc = spec.backend == "soc"
        result = RunResult(
            "finished",
            is_success=True,
            backend=spec.backend,
            hashes={"program": (self.program if is_soc else "") or name},
            latencies=(1, 1),
            reported=1,
            breakdown=breakdown(soc) if is_soc else breakdown(user, kernel),
            outputs=(OutputValue("y", "float16", (1,), "ab" * 32, (1.0,)),),
        )
        manifest = Manifest(spec, target=target.to_dict(), graph="g", model={"name": "m"})
        place.mkdir(parents=True, exist_ok=True)
        (place / RUN_JSON).write_text(manifest.to_json())
        (place / RESULT_JSON).write_text(result.to_json())
        dumps = [Statistic("hostSeconds", 7.0, "Second"), Statistic("hostSeconds", 3.0, "Second")]
        (place / STATS_TXT).write_text("".join(format_dump([each]) for each in dumps))
        return FinishedRun(result, place, ExitCode.OK)

    def gem5_identity(self, _: RunRequest) -> Mapping[str, str]:
        if not self.identity:
            raise SpecError("there is no gem5")
        return {"gem5": self.identity}

    def model_identity(self, reference: str) -> str:
        return reference

    def engine_seconds(self, _: Path) -> tuple[float, ...]:
        return (9.0, 0.01)


def grid_of(directory: Path, text: str = GRID) -> Grid:
    path = directory / "grid.toml"
    path.write_text(text)
    return read_grid(path)


def validated(
    directory: Path, backends: FakeBackends, text: str = GRID
) -> tuple[SocReport, bool, list[str]]:
    lines: list[str] = []
    report, is_interrupted = validate_soc(
        grid_of(directory, text), directory / "out", backends, lines.extend
    )
    return report, is_interrupted, lines


def test_every_point_is_run_on_both_backends_and_compared(tmp_path: Path) -> None:
    backends = FakeBackends({"lenet5 acp": (220, 150, 50), "minerva dma": (50, 40, 10)})
    report, is_interrupted, lines = validated(tmp_path, backends)

    assert len(backends.ran) == 8
    assert not is_interrupted
    first, second = report.comparisons[:2]
    assert (first.name, first.error) == ("lenet5 interface=dma", 0.0)
    assert second.error == pytest.approx(0.1)
    assert second.phase_errors == {"compute": 70 / 200, "os": -50 / 200}
    assert sum(second.phase_errors.values()) == pytest.approx(second.error)
    assert second.gem5.host_seconds == 3.0
    assert second.speed == pytest.approx(300)
    assert report.worst_error == pytest.approx(0.1)
    assert report.mean_error == pytest.approx(0.025)
    assert report.is_within
    assert any("error +10.0%" in line for line in lines)
    text = "\n".join(report.lines())
    for words in ("within the limits", "lenet5: 2 points", "Kendall tau", "os", "300 or more"):
        assert words in text
    kept = json.loads((tmp_path / "out" / "validation.json").read_text())
    assert kept["points"][1]["error"] == pytest.approx(0.1)
    assert kept["is_within"]


def test_points_that_gem5_has_run_are_not_run_again(tmp_path: Path) -> None:
    validated(tmp_path, FakeBackends())
    again = FakeBackends()
    validated(tmp_path, again)

    assert [each for each in again.ran if each.startswith("gem5")] == []
    assert len(again.ran) == 4


@pytest.mark.parametrize(
    ("change", "is_run_again"),
    [
        ('"driver.wakeup" = "9 us"', False),
        ('"cpu.cycles_per_instruction" = 0.75', False),
        ('"dma.setup" = "80 ns"', True),
        ('"l2.size" = "1 MiB"', True),
    ],
)
def test_gem5_runs_again_if_the_target_that_it_reads_changes(
    tmp_path: Path, change: str, *, is_run_again: bool
) -> None:
    validated(tmp_path, FakeBackends())
    again = FakeBackends()
    validated(tmp_path, again, f"{GRID}[set]\n{change}\n")

    assert any(each.startswith("gem5") for each in again.ran) == is_run_again


def test_gem5_runs_again_if_gem5_the_guest_or_the_program_changes(tmp_path: Path) -> None:
    validated(tmp_path, FakeBackends())
    for other in (FakeBackends(identity="b"), FakeBackends(program="other")):
        validated(tmp_path, other)
        assert any(each.startswith("gem5") for each in other.ran)


def test_costs_that_gem5_does_not_read_are_fields_of_the_target() -> None:
    target = load_target("smaug").to_dict()
    for section, names in NOT_READ_BY_GEM5.items():
        assert set(names) <= set(target[section])


def test_an_unfinished_gem5_run_is_run_again(tmp_path: Path) -> None:
    validated(tmp_path, FakeBackends())
    for path in (tmp_path / "out" / "gem5").rglob(RESULT_JSON):
        path.unlink()
    again = FakeBackends()
    validated(tmp_path, again)

    assert len(again.ran) == 8


def test_a_point_that_fails_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    report, _, lines = validated(tmp_path, FakeBackends(failing="lenet5 acp"))

    assert report.failures == (Failure("lenet5 interface=acp", "there is no gem5"),)
    assert len(report.comparisons) == 3
    assert not report.is_within
    assert "lenet5 interface=acp: FAILED: there is no gem5" in lines
    assert "OUTSIDE the limits: points failed" in report.lines()


def test_without_gem5_nothing_is_run(tmp_path: Path) -> None:
    backends = FakeBackends(identity="")
    with pytest.raises(SpecError, match="no gem5"):
        validated(tmp_path, backends)

    assert backends.ran == []


def test_different_programs_are_not_compared(tmp_path: Path) -> None:
    report, _, _ = validated(tmp_path, FakeBackends(program="other"))

    assert {each.problem for each in report.failures} == {"the backends got different programs"}


def test_an_interruption_keeps_what_was_done(tmp_path: Path) -> None:
    report, is_interrupted, lines = validated(tmp_path, FakeBackends(interrupt_after=3))

    assert is_interrupted
    assert (len(report.comparisons), report.missing) == (1, 3)
    assert not report.is_within
    assert any(line.startswith("lenet5 interface=dma") for line in lines)
    assert "3 points not run" in report.lines()
    assert json.loads((tmp_path / "out" / "validation.json").read_text())["missing"] == 3


def compared(*latencies: tuple[int, int], limits: Limits | None = None) -> SocReport:
    comparisons = tuple(
        Comparison(str(i), "w", Side(soc, {"compute": soc}, 0.01), Side(gem5, {"os": gem5}, 2.0))
        for i, (soc, gem5) in enumerate(latencies)
    )
    return SocReport(comparisons, (), 0, limits or Limits())


@pytest.mark.parametrize(
    ("latencies", "limits", "missed"),
    [
        ([(109, 100), (219, 200)], Limits(), []),
        ([(112, 100), (224, 200)], Limits(), ["mean error"]),
        ([(130, 100), (200, 200), (300, 300)], Limits(mean=0.11), ["worst error"]),
        ([(101, 100), (100, 101)], Limits(), ["Kendall tau"]),
        ([(100, 100), (200, 200)], Limits(speed=201), ["host time"]),
        ([(90, 100)], Limits(), []),
    ],
)
def test_each_limit_can_be_missed(
    latencies: list[tuple[int, int]], limits: Limits, missed: list[str]
) -> None:
    report = compared(*latencies, limits=limits)
    verdict = report.lines()[-1]

    assert report.is_within == (not missed)
    for name in missed:
        assert name in verdict


def test_the_order_of_all_points_alike_is_1_and_reversed_is_minus_1() -> None:
    assert kendall_tau([1, 2, 3, 4], [10, 20, 30, 40]) == 1
    assert kendall_tau([1, 2, 3, 4], [4, 3, 2, 1]) == -1
    assert kendall_tau([1, 2, 3, 4], [1, 2, 4, 3]) == pytest.approx(4 / 6)
    assert kendall_tau([1, 1, 2], [1, 2, 3]) == pytest.approx(2 / math.sqrt(2 * 3))
    assert math.isnan(kendall_tau([1], [1]))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=9))
def test_tau_does_not_depend_on_the_order_of_the_points(pairs: list[tuple[int, int]]) -> None:
    def tau(points: list[tuple[int, int]]) -> float:
        return kendall_tau([a for a, _ in points], [b for _, b in points])

    assert tau(pairs) == pytest.approx(tau(sorted(pairs)), nan_ok=True)
    assert math.isnan(tau(pairs)) or -1 <= tau(pairs) <= 1 + 1e-12


def test_the_embedded_socs_engine_is_timed_without_model_and_python(tmp_path: Path) -> None:
    """Here both sides are the embedded SoC; so errors are 0 and outputs equal."""

    class Both(RealBackends):
        def run(self, request: RunRequest) -> FinishedRun:
            spec = replace(request.spec, backend="soc", simulation_mode="se", cpu="o3")
            finished = execute(replace(request, spec=spec), self._progress)
            stats = finished.directory / STATS_TXT
            line = "simSeconds"
            text = stats.read_text().replace(f"\n{line}", f"\nhostSeconds 8 # x (Second)\n{line}")
            stats.write_text(text)
            return finished

        def gem5_identity(self, _: RunRequest) -> Mapping[str, str]:
            return {}

    class Silent:
        def stage(self, _: str) -> None: ...
        def notice(self, _: str) -> None: ...
        def tick(self, _tick: int, _detail: str = "") -> None: ...

    grid = grid_of(tmp_path, 'workload = "minerva"\n')
    report, _ = validate_soc(grid, tmp_path / "out", Both(Silent()), lambda _: None)

    (only,) = report.comparisons
    assert only.error == 0
    assert only.gem5.host_seconds == 8
    assert 0 < only.soc.host_seconds < 1
