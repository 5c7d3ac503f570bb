"""Two costs of every configuration: the front in colour, dominated points grey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.report.figures.look import PALE, SERIES_COLOURS
from harness.report.figures.panels import MOST_PANELS, panels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.report.figures.drawing import Drawing
    from harness.report.figures.look import Look

MOST_NAMES = 8
"""Points of a front that get their number."""


@dataclass(frozen=True, slots=True)
class ParetoPoint:
    """One configuration; `rank` counts along the front from 1, equal points share it; 0: none."""

    label: str
    x: float
    y: float
    rank: int


@dataclass(frozen=True, slots=True)
class ParetoData:
    """Points by workload, and what the axes are."""

    x_label: str
    y_label: str
    panels: Mapping[str, tuple[ParetoPoint, ...]]


def draw_pareto(drawing: Drawing, look: Look, data: ParetoData) -> None:
    """Draw one panel per workload."""
    shown = list(data.panels)[:MOST_PANELS]
    flat = panels(drawing.figure, look, len(shown), 2.2 if look.is_narrow else 2.5)
    for axes, workload in zip(flat, shown, strict=True):
        _draw_panel(drawing, axes, data, workload)


def _draw_panel(drawing: Drawing, axes: Any, data: ParetoData, workload: str) -> None:
    points = data.panels[workload]
    front = sorted((p for p in points if p.rank), key=lambda point: point.rank)
    axes.step(
        [p.x for p in front],
        [p.y for p in front],
        where="post",
        color=SERIES_COLOURS[0],
        linewidth=0.9,
        zorder=1.5,
    )
    for point in points:
        colour = SERIES_COLOURS[0] if point.rank else PALE
        (dot,) = axes.plot(
            *([point.x], [point.y]),
            marker="o" if point.rank else "x",
            markersize=4.5 if point.rank else 3.5,
            color=colour,
            linestyle="none",
            zorder=2 if point.rank else 1.2,
        )
        verdict = f"front, number {point.rank}" if point.rank else "dominated"
        text = f"{data.x_label} {point.x:.6g}, {data.y_label} {point.y:.6g}"
        drawing.tip(dot, f"{workload}: {point.label}\n{text}\n{verdict}")
    named = {point.rank: point for point in front}
    for point in list(named.values())[:MOST_NAMES]:
        axes.annotate(
            str(point.rank),
            (point.x, point.y),
            xytext=(3, 3),
            textcoords="offset points",
            fontsize="small",
        )
    axes.margins(0.12)
    axes.grid()
    axes.set_title(workload, fontweight="bold")
    axes.set_xlabel(data.x_label)
    axes.set_ylabel(data.y_label)
