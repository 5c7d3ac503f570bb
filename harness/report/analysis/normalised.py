"""Stacked breakdowns relative to a baseline, with the geometric mean of the totals."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from harness.report.analysis.means import geometric_mean
from harness.report.analysis.study import WHOLE
from harness.stats.phases import ROLL_UP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.report.analysis.study import Configuration, Study

MOST_CONFIGURATIONS = 12
"""More bars in a group cannot be read on a page."""

STACK_ORDER = (WHOLE, *(phase.label for phases in ROLL_UP.values() for phase in phases))
"""From the bottom: accelerator, data movement, CPU software."""


@dataclass(frozen=True, slots=True)
class NormalisedBars:
    """Bars by workload and configuration, 1.0 = the baseline's latency of the same workload.

    Attributes:
        workloads: Groups that have a baseline.
        configurations: The bars of each group; the baseline is the first.
        stacks: Phase shares of each bar; they add up to its height. Missing bars are left out.
        means: Geometric mean of each configuration over `mean_workloads`.
        mean_workloads: Workloads in which every shown configuration succeeded.
        notes: What was left out, and why; people must see it.
    """

    workloads: tuple[str, ...]
    configurations: tuple[Configuration, ...]
    stacks: Mapping[tuple[str, Configuration], Mapping[str, float]]
    means: Mapping[Configuration, float]
    mean_workloads: tuple[str, ...]
    notes: tuple[str, ...]

    def phases(self) -> list[str]:
        """Return the phases that any bar has, from the bottom of the stack."""
        present = {name for stack in self.stacks.values() for name, part in stack.items() if part}
        return [name for name in STACK_ORDER if name in present]


def normalise(study: Study) -> NormalisedBars:
    """Return the breakdown of each workload in the configurations that are worth a bar."""
    chosen, notes = _choose(study)
    workloads = [each for each in study.workloads if (each, study.baseline) in study.cells]
    notes += [
        f"{each} is left out: no run of it in the baseline succeeded"
        for each in study.workloads
        if each not in workloads
    ]
    chosen = [each for each in chosen if any((w, each) in study.cells for w in workloads)]
    stacks = {}
    missing = []
    for workload in workloads:
        base = study.cells[workload, study.baseline].latency_ticks
        for configuration in chosen:
            cell = study.cells.get((workload, configuration))
            if cell is None:
                missing.append((workload, configuration))
            else:
                ticks = cell.phase_ticks()
                stacks[workload, configuration] = {n: t / base for n, t in ticks.items()}
    notes += [f"no successful run: {w}, {study.full_label(c)}" for w, c in missing]
    complete = [w for w in workloads if all((w, c) in stacks for c in chosen)]
    if missing and len(workloads) > 1:
        notes.append(
            f"the geometric mean is over {', '.join(complete)}: complete workloads only"
            if len(complete) > 1
            else "no geometric mean: fewer than two workloads succeeded in all these configurations"
        )
    ratios = {c: [study.ratio(w, c) or 0.0 for w in complete] for c in chosen}
    means = {c: geometric_mean(own) for c, own in ratios.items() if len(complete) > 1}
    return NormalisedBars(
        tuple(workloads), tuple(chosen), stacks, means, tuple(complete), tuple(notes)
    )


def _choose(study: Study) -> tuple[list[Configuration], list[str]]:
    """Choose bars: all if few; else the baseline, its neighbours on one axis, and the fastest."""
    others = [each for each in study.configurations if each != study.baseline]
    if len(others) < MOST_CONFIGURATIONS:
        return [study.baseline, *others], []
    fastest = fastest_configuration(study)
    chosen = {fastest, *_neighbours(study)[: MOST_CONFIGURATIONS - 2]}
    shown = [study.baseline, *(each for each in _by_difference(study) if each in chosen)]
    note = (
        f"{len(shown)} of {len(study.configurations)} configurations are drawn: the baseline, those"
        " that differ from it in one parameter, and the fastest; the table has all"
    )
    return shown, [note]


def fastest_configuration(study: Study) -> Configuration:
    """Return the configuration with the least mean ratio, the first of equal ones."""
    return min(study.configurations, key=lambda each: mean_ratio(study, each))


def _neighbours(study: Study) -> list[Configuration]:
    """Return what differs from the baseline in one parameter, taking turns among parameters."""
    turns = [
        [each for each in study.configurations if study.is_slice(each, axis)] for axis in study.axes
    ]
    found = [each for turn in zip_longest(*turns) for each in turn if each is not None]
    return [each for each in dict.fromkeys(found) if each != study.baseline]


def _by_difference(study: Study) -> list[Configuration]:
    """Return the configurations by which parameter differs first, then by its values in order."""

    def key(configuration: Configuration) -> tuple[tuple[int, int], ...]:
        return tuple(
            (int(own != base), values.index(own))
            for values, own, base in zip(
                study.axes.values(), configuration, study.baseline, strict=True
            )
        )

    return sorted(study.configurations, key=key)


def mean_ratio(study: Study, configuration: Configuration) -> float:
    """Return the geometric mean of a configuration's ratios; infinite if a workload is missing."""
    ratios = [study.ratio(workload, configuration) for workload in study.workloads]
    known = [ratio for ratio in ratios if ratio is not None]
    return geometric_mean(known) if known and len(known) == len(ratios) else float("inf")
