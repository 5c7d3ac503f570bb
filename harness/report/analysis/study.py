"""Runs as a grid: workloads by configurations, repeats over seeds merged, one baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.errors import SpecError
from harness.report.analysis.means import arithmetic_mean
from harness.report.results.record import SEED, WORKLOAD
from harness.report.results.scalars import sort_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.report.results.collection import Scalar
    from harness.report.results.record import RunRecord

    Configuration = tuple[Scalar, ...]

WHOLE = "simulated time"
"""The one piece of runs that know no phases."""
NO_VALUE = "-"
"""What a run shows for a parameter that it does not have."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One workload in one configuration: its successful runs, which differ in their seed only."""

    records: tuple[RunRecord, ...]

    @property
    def latency_ticks(self) -> float:
        """Arithmetic mean over the seeds."""
        return arithmetic_mean([each.latency_ticks or 0 for each in self.records])

    @property
    def spread_ticks(self) -> tuple[int, int]:
        """The least and the largest latency over the seeds."""
        latencies = [each.latency_ticks or 0 for each in self.records]
        return min(latencies), max(latencies)

    @property
    def energy_joules(self) -> float | None:
        """Arithmetic mean over the seeds; None if a run states none."""
        energies = [each.energy_joules for each in self.records]
        known = [each for each in energies if each is not None]
        return arithmetic_mean(known) if len(known) == len(energies) else None

    def phase_ticks(self) -> dict[str, float]:
        """Return the phases' arithmetic means over the seeds; runs without phases are one piece."""
        breakdowns = [each.result.breakdown for each in self.records if each.result]
        whole = [each.phases for each in breakdowns if each is not None]
        if len(whole) < len(self.records):
            return {WHOLE: self.latency_ticks}
        names = whole[0]
        return {name: arithmetic_mean([each[name] for each in whole]) for name in names}


@dataclass(frozen=True, slots=True)
class Study:
    """All runs with a latency, in a grid.

    Attributes:
        axes: What varies between configurations, with its values in order.
        workloads: In order of appearance.
        configurations: Values of the axes, in order of appearance.
        cells: The grid; failed and missing ones are not in it.
        baseline: The configuration that others are compared with.
    """

    axes: Mapping[str, tuple[Scalar, ...]]
    workloads: tuple[str, ...]
    configurations: tuple[Configuration, ...]
    cells: Mapping[tuple[str, Configuration], Cell]
    baseline: Configuration

    def label(self, configuration: Configuration) -> str:
        """Return a configuration's values, joined."""
        return ", ".join(map(str, configuration)) or "all runs"

    def full_label(self, configuration: Configuration) -> str:
        """Return a configuration's names and values."""
        pairs = zip(self.axes, configuration, strict=True)
        return ", ".join(f"{name}={value}" for name, value in pairs) or "all runs"

    def value(self, configuration: Configuration, axis: str) -> Scalar:
        """Return one value of a configuration."""
        return configuration[list(self.axes).index(axis)]

    def ratio(self, workload: str, configuration: Configuration) -> float | None:
        """Return latency over the baseline's, same workload; None if either is missing."""
        cell = self.cells.get((workload, configuration))
        base = self.cells.get((workload, self.baseline))
        if cell is None or base is None or not base.latency_ticks:
            return None
        return cell.latency_ticks / base.latency_ticks

    def is_slice(self, configuration: Configuration, *free: str) -> bool:
        """Tell whether a configuration equals the baseline in all but the free axes."""
        pairs = zip(self.axes, configuration, self.baseline, strict=True)
        return all(name in free or own == base for name, own, base in pairs)


def make_study(records: Sequence[RunRecord], baseline: Mapping[str, str]) -> Study | None:
    """Arrange runs by workload and configuration; return None if none has a latency.

    Args:
        records: All runs; failed ones still tell what was meant to vary.
        baseline: Values that the baseline has; the first configuration that has them is it.

    Raises:
        SpecError: No successful configuration has these values.
    """
    settings = [each.setting() for each in records]
    varying = _varying(settings)
    axes = [name for name in varying if name not in {WORKLOAD, SEED}]
    cells: dict[tuple[str, Configuration], list[RunRecord]] = {}
    for record, setting in zip(records, settings, strict=True):
        if record.latency_ticks is not None:
            configuration = tuple(setting.get(name, NO_VALUE) for name in axes)
            workload = str(setting.get(WORKLOAD, ""))
            cells.setdefault((workload, configuration), []).append(record)
    if not cells:
        return None
    configurations = list(dict.fromkeys(configuration for _, configuration in cells))
    values = {
        name: tuple(sorted(dict.fromkeys(c[i] for c in configurations), key=sort_key))
        for i, name in enumerate(axes)
    }
    return Study(
        values,
        tuple(dict.fromkeys(workload for workload, _ in cells)),
        tuple(configurations),
        {key: Cell(tuple(own)) for key, own in cells.items()},
        _find_baseline(values, configurations, baseline),
    )


def _varying(settings: Sequence[Mapping[str, Scalar]]) -> list[str]:
    """Return the names whose values differ, leaving out those that say the same as one before."""
    names = dict.fromkeys(name for setting in settings for name in setting)
    seen: set[tuple[str, ...]] = set()
    varying = []
    for name in names:
        values = tuple(str(setting.get(name, NO_VALUE)) for setting in settings)
        pattern = tuple(str(values.index(value)) for value in values)
        if len(set(values)) > 1 and (pattern not in seen or name == WORKLOAD):
            seen.add(pattern)
            varying.append(name)
    return varying


def _find_baseline(
    axes: Mapping[str, tuple[Scalar, ...]],
    configurations: Sequence[Configuration],
    wanted: Mapping[str, str],
) -> Configuration:
    unknown = [name for name in wanted if name not in axes]
    if unknown:
        raise SpecError(
            "--baseline names what does not vary among the runs",
            expected=", ".join(axes) or "nothing varies",
            got=", ".join(unknown),
        )
    places = {list(axes).index(name): value for name, value in wanted.items()}
    for configuration in configurations:
        if all(str(configuration[place]) == value for place, value in places.items()):
            return configuration
    listed = "; ".join(f"{name}: {', '.join(map(str, values))}" for name, values in axes.items())
    got = ", ".join(f"{name}={value}" for name, value in wanted.items())
    raise SpecError("no successful run has the values of --baseline", expected=listed, got=got)
