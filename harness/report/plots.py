"""Chooses the figures of a report: those that the runs have numbers for, with their captions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from harness.base.errors import SpecError
from harness.report.analysis.dump_series import dump_series
from harness.report.analysis.normalised import normalise
from harness.report.analysis.occupancy import occupancy
from harness.report.analysis.roofline import operator_points, roofs, run_point
from harness.report.analysis.slices import heat_map, sensitivities
from harness.report.costs import pareto_data
from harness.report.figures.breakdown_bars import draw_bars
from harness.report.figures.drawing import Plot
from harness.report.figures.dump_lines import draw_dumps
from harness.report.figures.heat_map import draw_heat_map
from harness.report.figures.operator_bars import MOST_OPERATORS, draw_operators
from harness.report.figures.pareto_points import draw_pareto
from harness.report.figures.roofline_chart import RooflineData, draw_roofline
from harness.report.figures.sensitivity_lines import draw_lines
from harness.report.figures.time_overview import draw_overview

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.report.analysis.roofline import Roof, RooflinePoint
    from harness.report.analysis.slices import Sensitivity
    from harness.report.analysis.study import Study
    from harness.report.results.record import RunRecord


@dataclass(frozen=True, slots=True)
class PlotOptions:
    """What a user chooses about figures.

    Attributes:
        baseline: Values of the configuration that others are compared with.
        pareto: Names of the two costs; empty chooses.
    """

    baseline: Mapping[str, str] = field(default_factory=dict)
    pareto: tuple[str, ...] = ()


def read_plot_options(baseline: str, pareto: str) -> PlotOptions:
    """Read the options as people type them: "interface=dma,accelerators=1" and "energy,latency".

    Raises:
        SpecError: One has another form.
    """
    pairs = [text.partition("=") for text in baseline.split(",") if text.strip()]
    if any(not (name and equals) for name, equals, _ in pairs):
        raise SpecError("--baseline: not a choice", expected="NAME=VALUE,...", got=baseline)
    costs = tuple(text.strip() for text in pareto.split(",") if text.strip())
    if len(costs) not in {0, 2}:
        raise SpecError("--pareto: two costs, please", expected="X,Y", got=pareto)
    return PlotOptions({name.strip(): value.strip() for name, _, value in pairs}, costs)


def choose_plots(
    records: Sequence[RunRecord], study: Study | None, options: PlotOptions
) -> list[Plot]:
    """Return the figures in the order of a report."""
    plots = _dumps(records)
    if study is None:
        return plots
    measured = [record for record in records if record.latency_ticks is not None]
    if len(measured) == 1:
        one = measured[0]
        return [*_operators(one), *_overview(one), *_roofline(records, study), *plots]
    return [*_study_plots(records, study, options), *plots]


def _study_plots(
    records: Sequence[RunRecord], study: Study, options: PlotOptions
) -> Iterator[Plot]:
    yield from _bars(study)
    for data in sensitivities(study):
        yield _lines(study, data)
    grid = heat_map(study)
    if grid is not None:
        yield Plot(
            "heat-map",
            f"Latency over {grid.columns} and {grid.rows}",
            f"{_rest(study)} Each panel has its own scale; n/a: no successful run.",
            partial(draw_heat_map, data=grid),
        )
    yield from _pareto(study, options)
    yield from _roofline(records, study)


def _bars(study: Study) -> Iterator[Plot]:
    bars = normalise(study)
    if not bars.stacks:
        return
    label = study.full_label(study.baseline)
    base = f"1.0 is the latency of the same workload in the baseline ({label})"
    mean = (
        f" geomean: geometric mean of these ratios over {', '.join(bars.mean_workloads)}."
        if bars.means
        else ""
    )
    notes = f" Note: {'; '.join(bars.notes)}." if bars.notes else ""
    yield Plot(
        "breakdown",
        "Where the time goes",
        f"Latency by phase; {base}. Repeats over seeds are merged by their arithmetic mean."
        f"{mean}{notes}",
        partial(draw_bars, bars=bars, study=study),
    )


def _lines(study: Study, data: Sensitivity) -> Plot:
    lines = f"One line per {data.series}. " if data.series else ""
    seeds = "Vertical strokes: least to largest over seeds. " if _has_seeds(study) else ""
    dots = "Grey dots: all other runs. " if any(data.others.values()) else ""
    free = ", ".join(name for name in (data.axis, data.series) if name)
    return Plot(
        f"sensitivity-{_slug(data.axis)}",
        f"Sensitivity to {data.axis}",
        f"{lines}{_rest(study, free)} {dots}{seeds}".strip(),
        partial(draw_lines, data=data),
    )


def _pareto(study: Study, options: PlotOptions) -> Iterator[Plot]:
    data = pareto_data(study, options.pareto)
    if data is None:
        return
    yield Plot(
        "pareto",
        f"Pareto front: {data.y_label} and {data.x_label}",
        "Less is better on both axes. Blue: no other configuration is as good in both and better"
        " in one; numbers as in the table of the front. Grey crosses: dominated.",
        partial(draw_pareto, data=data),
    )


def _roofline(records: Sequence[RunRecord], study: Study) -> Iterator[Plot]:
    measured = [record for record in records if record.latency_ticks is not None]
    limits = _distinct_roofs(measured)
    if not limits:
        return
    if len(measured) == 1:
        base = measured[0]
        whole = run_point(base, "inference")
        groups = {
            "operators": tuple(operator_points(base)),
            "whole inference": (whole,) if whole else (),
        }
        about = "its operators and the whole inference"
    else:
        groups = {workload: tuple(_run_points(study, workload)) for workload in study.workloads}
        about = "whole inferences, one point per run"
    groups = {name: points for name, points in groups.items() if points}
    if not groups:
        return
    sources = "; ".join(f"{roof.name}: {roof.source}" for roof in limits)
    scope = "" if len(measured) == 1 else " Each run is held against the roofs of its own target."
    yield Plot(
        "roofline",
        "Roofline",
        f"Points: {about}; MACs and ticks from result.json, bytes through the accelerators'"
        f" interfaces from {'timeline.npy and ' if len(measured) == 1 else ''}result.json."
        f"{scope} Roofs: {sources}.",
        partial(draw_roofline, data=RooflineData(limits, groups)),
    )


def _distinct_roofs(records: Sequence[RunRecord]) -> tuple[Roof, ...]:
    """Return the roofs of all runs, each once, the lowest first."""
    found = {(roof.name, roof.per_second): roof for record in records for roof in roofs(record)}
    return tuple(sorted(found.values(), key=lambda roof: (roof.is_compute, roof.per_second)))


def _run_points(study: Study, workload: str) -> Iterator[RooflinePoint]:
    for (name, configuration), cell in study.cells.items():
        if name == workload:
            label = f"{workload}: {study.full_label(configuration)}"
            for record in cell.records:
                point = run_point(record, label)
                if point is not None:
                    yield point


def _dumps(records: Sequence[RunRecord]) -> list[Plot]:
    """Return the metrics over the dumps of the one run that `harness run` did not make."""
    if len(records) != 1 or records[0].result is not None:
        return []
    stats = records[0].stats
    if stats is None or records[0].dumped_ticks is None:
        return []
    data = dump_series(stats)
    if not data.series or len(data) < 2:
        return []
    return [
        Plot(
            "dumps",
            "Metrics over the dumps",
            f"{len(data)} dumps of {stats.name}. Each step is one dump, as wide as its simTicks:"
            " the time since the reset of the statistics before it.",
            partial(draw_dumps, data=data),
        )
    ]


def _operators(record: RunRecord) -> list[Plot]:
    breakdown = record.result.breakdown if record.result else None
    if breakdown is None or not breakdown.operators:
        return []
    count = len(breakdown.operators)
    cut = f" The {MOST_OPERATORS} longest of {count}." if count > MOST_OPERATORS else ""
    return [
        Plot(
            "operators",
            "Where the time goes, by operator",
            f"Program order, stacked by phase; percentages are of the inference.{cut}",
            partial(draw_operators, data=breakdown),
        )
    ]


def _overview(record: RunRecord) -> list[Plot]:
    data = occupancy(record)
    if data is None:
        return []
    return [
        Plot(
            "overview",
            "The inference over time",
            f"timeline.npy in {len(data.edges) - 1} equal slices. Top: what each slice was spent"
            " on. Middle: how much of each slice every unit was busy. Bottom: bandwidth of each"
            " interface over all accelerators. Dashed lines: an operator begins.",
            partial(draw_overview, data=data),
        )
    ]


def _has_seeds(study: Study) -> bool:
    return any(len(cell.records) > 1 for cell in study.cells.values())


def _rest(study: Study, free: str = "") -> str:
    if len(study.axes) <= len(free.split(", ")):
        return ""
    return f"Other parameters as in the baseline ({study.full_label(study.baseline)})."


def _slug(text: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in text).strip("-")
