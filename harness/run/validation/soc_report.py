"""What the embedded SoC and gem5 say of the same points: errors, order, host time."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from harness.base.units import format_ticks
from harness.stats.phases import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.run.validation.soc_grid import Limits


@dataclass(frozen=True, slots=True)
class Side:
    """One backend's run of a point.

    Attributes:
        latency_ticks: Of the compared inference.
        phases: Ticks of it by phase.
        host_seconds: Host time over the same window: the engine's CPU time, or gem5's hostSeconds.
    """

    latency_ticks: int
    phases: Mapping[str, int]
    host_seconds: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One point on both backends."""

    name: str
    workload: str
    soc: Side
    gem5: Side

    @property
    def error(self) -> float:
        """Signed error of the embedded SoC's latency as a fraction of gem5's."""
        return self.soc.latency_ticks / self.gem5.latency_ticks - 1

    @property
    def phase_errors(self) -> dict[str, float]:
        """Signed differences of the phases as fractions of gem5's latency; their sum is `error`."""
        labels = [phase.label for phase in Phase]
        return {
            label: (self.soc.phases.get(label, 0) - self.gem5.phases.get(label, 0))
            / self.gem5.latency_ticks
            for label in labels
            if self.soc.phases.get(label, 0) or self.gem5.phases.get(label, 0)
        }

    @property
    def speed(self) -> float:
        """gem5's host seconds over the engine's."""
        seconds = self.soc.host_seconds
        return self.gem5.host_seconds / seconds if seconds else math.nan

    def lines(self) -> list[str]:
        """Return the point as text: both latencies and the error, in total and by phase."""
        phases = "  ".join(
            f"{label} {error:+.1%}"
            for label, error in sorted(self.phase_errors.items(), key=lambda each: -abs(each[1]))
        )
        return [
            f"{self.name}: soc {format_ticks(self.soc.latency_ticks)}, "
            f"gem5 {format_ticks(self.gem5.latency_ticks)}, error {self.error:+.1%}; host "
            f"{self.soc.host_seconds:.3g} s and {self.gem5.host_seconds:.4g} s ({self.speed:.0f}x)",
            f"    {phases}",
        ]


@dataclass(frozen=True, slots=True)
class Failure:
    """A point that could not be compared."""

    name: str
    problem: str

    def lines(self) -> list[str]:
        """Return the point as text."""
        return [f"{self.name}: FAILED: {self.problem.splitlines()[0]}"]


@dataclass(frozen=True, slots=True)
class SocReport:
    """A grid, or the part of it that was run."""

    comparisons: tuple[Comparison, ...]
    failures: tuple[Failure, ...]
    missing: int
    limits: Limits

    @property
    def mean_error(self) -> float:
        """Mean of the latencies' errors without their signs."""
        return _mean([abs(each.error) for each in self.comparisons])

    @property
    def worst_error(self) -> float:
        """Largest of the latencies' errors without their signs."""
        return max((abs(each.error) for each in self.comparisons), default=math.nan)

    @property
    def tau(self) -> float:
        """Kendall's tau of the latencies of all points."""
        return _tau(self.comparisons)

    @property
    def slowest(self) -> float:
        """The least of the factors by which the engine is faster than gem5."""
        return min((each.speed for each in self.comparisons), default=math.nan)

    @property
    def is_within(self) -> bool:
        """Whether all points were compared and stay within the limits."""
        return not self.failures and not self.missing and not self._missed()

    def lines(self) -> list[str]:
        """Return the summary as text: phases, order, host time, verdict."""
        text = ["", *self._phase_lines()] if self.comparisons else []
        workloads = dict.fromkeys(each.workload for each in self.comparisons)
        for workload in workloads:
            own = [each for each in self.comparisons if each.workload == workload]
            text.append(
                f"{workload}: {len(own)} points, mean error "
                f"{_mean([abs(each.error) for each in own]):.1%}, Kendall tau {_tau(own):.3f}"
            )
        if self.comparisons:
            limits = self.limits
            text += [
                f"mean error {self.mean_error:.1%} (limit {limits.mean:.0%}), "
                f"worst {self.worst_error:.1%} (limit {limits.worst:.0%})",
                f"Kendall tau {self.tau:.3f} (limit {limits.tau:g})",
                f"gem5's host seconds over the engine's: {self.slowest:.0f} or more "
                f"(limit {limits.speed:g})",
            ]
        if self.missing:
            text.append(f"{self.missing} points not run")
        missed = [*self._missed(), *(["points failed"] if self.failures else [])]
        verdict = "within the limits" if self.is_within else "OUTSIDE the limits"
        return [*text, f"{verdict}: {', '.join(missed)}" if missed else verdict]

    def to_json(self) -> str:
        """Return all numbers."""
        data = {
            "points": [
                {**asdict(each), "error": each.error, "phase_errors": each.phase_errors}
                for each in self.comparisons
            ],
            "failures": [asdict(each) for each in self.failures],
            "missing": self.missing,
            "limits": asdict(self.limits),
            "mean_error": _finite(self.mean_error),
            "worst_error": _finite(self.worst_error),
            "tau": _finite(self.tau),
            "slowest": _finite(self.slowest),
            "is_within": self.is_within,
        }
        return json.dumps(data, indent=1) + "\n"

    def _missed(self) -> list[str]:
        """Return the limits that are not kept; one point has no order to be right or wrong."""
        if not self.comparisons:
            return []
        kept = {
            "mean error": self.mean_error <= self.limits.mean,
            "worst error": self.worst_error <= self.limits.worst,
            "Kendall tau": math.isnan(self.tau) or self.tau >= self.limits.tau,
            "host time": math.isnan(self.slowest) or self.slowest >= self.limits.speed,
        }
        return [name for name, is_kept in kept.items() if not is_kept]

    def _phase_lines(self) -> list[str]:
        errors = [each.phase_errors for each in self.comparisons]
        labels = [p.label for p in Phase if any(p.label in each for each in errors)]
        rows = [f"{'phase':<12}{'mean':>9}{'mean |e|':>10}{'worst':>9}   of gem5's latency"]
        for label in labels:
            own = [each.get(label, 0.0) for each in errors]
            worst = max(own, key=abs)
            size = _mean([abs(error) for error in own])
            rows.append(f"{label:<12}{_mean(own):>+9.1%}{size:>10.1%}{worst:>+9.1%}")
        return rows


def kendall_tau(first: Sequence[float], second: Sequence[float]) -> float:
    """Return Kendall's tau-b: how far two lists order the same things alike, from -1 to 1.

    Source: M. G. Kendall, The treatment of ties in ranking problems, Biometrika 33 (1945).
    """
    order, ties_of_first, ties_of_second, pairs = 0, 0, 0, 0
    for (a, b), (c, d) in itertools.combinations(zip(first, second, strict=True), 2):
        pairs += 1
        ties_of_first += a == c
        ties_of_second += b == d
        order += ((a > c) - (a < c)) * ((b > d) - (b < d))
    scale = math.sqrt((pairs - ties_of_first) * (pairs - ties_of_second))
    return order / scale if scale else math.nan


def _tau(comparisons: Sequence[Comparison]) -> float:
    return kendall_tau(
        [each.soc.latency_ticks for each in comparisons],
        [each.gem5.latency_ticks for each in comparisons],
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
