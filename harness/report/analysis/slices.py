"""Cuts through a sweep: lines over one parameter, grids over two, the rest as in the baseline."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.report.results.scalars import scalar_number, scalar_quantity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.report.analysis.study import Configuration, Study
    from harness.report.results.collection import Scalar

MOST_LINES = 6
"""More lines in a panel cannot be told apart."""
LOG_RANGE = 4
"""A numeric axis whose last value is at least this many times its first is drawn in log2."""


@dataclass(frozen=True, slots=True)
class Line:
    """One workload: latencies (with their least and largest over seeds) at values of an axis."""

    label: str
    positions: tuple[float, ...]
    ticks: tuple[float, ...]
    spread: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How latency depends on one parameter.

    Attributes:
        axis: The parameter.
        values: Its values as the sweep spells them, in order, and where they stand.
        positions: The values as numbers.
        is_log: Whether the axis should be drawn in log2.
        series: The axis that distinguishes lines; empty if there is none.
        labels: Its values, in order: a line looks the same in every panel.
        panels: Lines by workload.
        others: All other runs by workload, to be shown behind the lines.
    """

    axis: str
    values: tuple[Scalar, ...]
    positions: tuple[float, ...]
    is_log: bool
    series: str
    labels: tuple[str, ...]
    panels: Mapping[str, tuple[Line, ...]]
    others: Mapping[str, tuple[tuple[float, float], ...]]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Latency over two parameters, one grid per workload; missing cells are NaN."""

    columns: str
    rows: str
    column_values: tuple[Scalar, ...]
    row_values: tuple[Scalar, ...]
    ticks: Mapping[str, tuple[tuple[float, ...], ...]]


def numeric_axes(study: Study) -> list[str]:
    """Return the axes whose values are all numbers of one unit."""
    found = []
    for name, values in study.axes.items():
        quantities = [scalar_quantity(value) for value in values]
        if None not in quantities and len({each[1] for each in quantities if each}) == 1:
            found.append(name)
    return found


def sensitivities(study: Study) -> list[Sensitivity]:
    """Return one study per numeric axis along which some line has two points or more."""
    found = [_sensitivity(study, name) for name in numeric_axes(study)]
    return [each for each in found if _has_lines(each)]


def _has_lines(data: Sensitivity) -> bool:
    return any(len(line.positions) > 1 for lines in data.panels.values() for line in lines)


def _sensitivity(study: Study, axis: str) -> Sensitivity:
    values = study.axes[axis]
    positions = tuple(scalar_number(value) or 0.0 for value in values)
    series = _series_axis(study, axis)
    panels, others = {}, {}
    for workload in study.workloads:
        panels[workload] = tuple(_lines(study, workload, axis, series))
        others[workload] = tuple(
            (scalar_number(study.value(configuration, axis)) or 0.0, cell.latency_ticks)
            for (name, configuration), cell in study.cells.items()
            if name == workload and not study.is_slice(configuration, axis, series)
        )
    is_log = positions[0] > 0 and positions[-1] / positions[0] >= LOG_RANGE
    labels = tuple(map(str, study.axes[series])) if series else ("",)
    return Sensitivity(axis, values, positions, is_log, series, labels, panels, others)


def _series_axis(study: Study, axis: str) -> str:
    """Choose what distinguishes lines: words before numbers, few values before many."""
    numeric = set(numeric_axes(study))
    candidates = [
        (name in numeric, len(values), place, name)
        for place, (name, values) in enumerate(study.axes.items())
        if name != axis and len(values) <= MOST_LINES
    ]
    return min(candidates)[3] if candidates else ""


def _lines(study: Study, workload: str, axis: str, series: str) -> Sequence[Line]:
    by_label: dict[str, list[tuple[float, Configuration]]] = {}
    labels = study.axes[series] if series else ("",)
    for label in labels:
        for configuration in study.configurations:
            own = str(study.value(configuration, series)) if series else ""
            is_there = (workload, configuration) in study.cells
            if is_there and own == str(label) and study.is_slice(configuration, axis, series):
                position = scalar_number(study.value(configuration, axis)) or 0.0
                by_label.setdefault(str(label), []).append((position, configuration))
    lines = []
    for label, points in by_label.items():
        points.sort(key=lambda point: point[0])
        cells = [study.cells[workload, configuration] for _, configuration in points]
        lines.append(
            Line(
                label,
                tuple(position for position, _ in points),
                tuple(cell.latency_ticks for cell in cells),
                tuple(cell.spread_ticks for cell in cells),
            )
        )
    return lines


def heat_map(study: Study) -> HeatMap | None:
    """Return the grid over the two axes with most values, numbers first; None if there are not two.

    A grid with fewer than six cells, or with more gaps than cells, says no more than a table does.
    """
    numeric = numeric_axes(study)
    order = sorted(study.axes, key=lambda name: (name not in numeric, -len(study.axes[name])))
    if len(order) < 2:
        return None
    columns, rows = order[:2]
    if len(study.axes[columns]) * len(study.axes[rows]) < 6:
        return None
    grids = {}
    for workload in study.workloads:
        cells = {
            (study.value(c, rows), study.value(c, columns)): cell.latency_ticks
            for (name, c), cell in study.cells.items()
            if name == workload and study.is_slice(c, columns, rows)
        }
        grids[workload] = tuple(
            tuple(cells.get((row, column), math.nan) for column in study.axes[columns])
            for row in study.axes[rows]
        )
    known = {
        workload: sum(not math.isnan(ticks) for row in grid for ticks in row)
        for workload, grid in grids.items()
    }
    size = len(study.axes[columns]) * len(study.axes[rows])
    grids = {workload: grid for workload, grid in grids.items() if known[workload] * 2 >= size}
    if not grids:
        return None
    return HeatMap(columns, rows, study.axes[columns], study.axes[rows], grids)
