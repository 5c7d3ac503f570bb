"""One run by operator: time, stacked by phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.units import format_ticks
from harness.report.figures.look import EDGE, PHASE_STYLES
from harness.report.figures.panels import legend_columns, time_unit

if TYPE_CHECKING:
    from harness.report.figures.drawing import Drawing
    from harness.report.figures.look import Look
    from harness.stats.breakdown import Breakdown

MOST_OPERATORS = 40
NO_OPERATOR = "(none)"


def draw_operators(drawing: Drawing, look: Look, data: Breakdown) -> None:
    """Draw a bar per operator in program order, from the top; the longest if there are many."""
    longest = sorted(data.operators, key=lambda each: -each.ticks)[:MOST_OPERATORS]
    shown = [each for each in data.operators if each in longest]
    drawing.figure.set_size_inches(look.width_in, 0.9 + 0.22 * len(shown))
    axes = drawing.figure.subplots()
    unit, scale = time_unit([each.ticks for each in shown])
    used = set()
    for row, each in enumerate(shown):
        left = 0.0
        for phase, (colour, hatch) in PHASE_STYLES.items():
            ticks = each.phases.get(phase, 0)
            if ticks:
                (bar,) = axes.barh(
                    *(row, ticks / scale, 0.78, left),
                    color=colour,
                    hatch=hatch,
                    edgecolor=EDGE,
                    linewidth=0.3,
                    label=None if phase in used else phase,
                )
                used.add(phase)
                drawing.tip(bar, f"{each.name} ({each.op})\n{phase}: {format_ticks(ticks)}")
                left += ticks / scale
        share = each.ticks / data.ticks * 100 if data.ticks else 0.0
        axes.annotate(
            f"{share:.1f} %",
            (left, row),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize="x-small",
        )
    names = [each.name if each.index >= 0 else NO_OPERATOR for each in shown]
    axes.set_yticks(range(len(shown)), names)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.margins(x=0.08)
    axes.grid(axis="x")
    axes.set_xlabel(f"time ({unit})")
    drawing.figure.legend(loc="outside upper center", ncols=legend_columns(len(used), look))
