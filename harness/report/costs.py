"""What a configuration costs: latency, energy, or any numeric parameter of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.errors import SpecError
from harness.report.analysis.pareto import pareto_front
from harness.report.analysis.slices import numeric_axes
from harness.report.figures.panels import time_unit
from harness.report.figures.pareto_points import ParetoData, ParetoPoint
from harness.report.results.scalars import scalar_number, scalar_quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.report.analysis.study import Cell, Configuration, Study

    Cost = Callable[[Cell, Configuration], float | None]

LATENCY = "latency"
ENERGY = "energy"
LEAST_POINTS = 3
WORTH_RATIO = 1.02
"""Energies closer than this are no reason for a choice; --pareto energy,latency draws them."""
_ENERGY_UNITS = (("J", 1.0), ("mJ", 1e-3), ("uJ", 1e-6), ("nJ", 1e-9), ("pJ", 1e-12))


def pareto_data(study: Study, chosen: Sequence[str]) -> ParetoData | None:
    """Return the points of each workload and their front; None if there is nothing to weigh.

    Args:
        study: The runs.
        chosen: Two costs; empty takes latency against energy if the model states energy, else
            against the first numeric parameter. Energies that hardly differ do not count.

    Raises:
        SpecError: A chosen cost is unknown.
    """
    names = tuple(chosen) or _default_costs(study)
    if len(names) != 2:
        return None
    costs = [_cost(study, name) for name in names]
    panels = {}
    for workload in study.workloads:
        points = []
        for (name, configuration), cell in study.cells.items():
            pair = [cost(cell, configuration) for _, cost in costs]
            if name == workload and None not in pair:
                points.append((study.full_label(configuration), [each or 0.0 for each in pair]))
        if len(points) >= LEAST_POINTS:
            panels[workload] = _ranked(points)
    if not panels:
        return None
    return ParetoData(costs[0][0], costs[1][0], panels)


def _ranked(points: Sequence[tuple[str, Sequence[float]]]) -> tuple[ParetoPoint, ...]:
    front = pareto_front([(pair[0], pair[1]) for _, pair in points])
    order = list(dict.fromkeys(tuple(points[index][1]) for index in front))
    ranks = {index: 1 + order.index(tuple(points[index][1])) for index in front}
    return tuple(
        ParetoPoint(label, pair[0], pair[1], ranks.get(index, 0))
        for index, (label, pair) in enumerate(points)
    )


def _default_costs(study: Study) -> tuple[str, ...]:
    if len(study.configurations) < LEAST_POINTS:
        return ()
    if _energy_varies(study):
        return ENERGY, LATENCY
    numeric = numeric_axes(study)
    return (numeric[0], LATENCY) if numeric else ()


def _energy_varies(study: Study) -> bool:
    """Tell whether energy differs by more than a trifle for some workload."""
    for workload in study.workloads:
        own = [cell.energy_joules for (name, _), cell in study.cells.items() if name == workload]
        known = [each for each in own if each is not None]
        if known and len(known) == len(own) and max(known) > WORTH_RATIO * min(known):
            return True
    return False


def _cost(study: Study, name: str) -> tuple[str, Cost]:
    """Return a cost's label with its unit, and how to compute it."""
    if name == LATENCY:
        unit, scale = time_unit([cell.latency_ticks for cell in study.cells.values()])
        return f"latency ({unit})", lambda cell, _: cell.latency_ticks / scale
    if name == ENERGY:
        unit, factor = _energy_unit(study)
        return f"accelerators' energy ({unit})", lambda cell, _: _over(cell.energy_joules, factor)
    if name not in numeric_axes(study):
        known = ", ".join((LATENCY, ENERGY, *numeric_axes(study)))
        raise SpecError("--pareto: not a cost of these runs", expected=known, got=name)
    quantity = scalar_quantity(study.axes[name][0])
    unit = quantity[1] if quantity else ""
    label = f"{name} ({unit})" if unit else name
    return label, lambda _, configuration: scalar_number(study.value(configuration, name))


def _energy_unit(study: Study) -> tuple[str, float]:
    largest = max((cell.energy_joules or 0.0 for cell in study.cells.values()), default=0.0)
    return next((unit for unit in _ENERGY_UNITS if largest >= unit[1]), _ENERGY_UNITS[-1])


def _over(value: float | None, factor: float) -> float | None:
    return None if value is None else value / factor
