"""Latency over two parameters as shades with their numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from harness.report.figures.panels import MOST_PANELS, panels, time_unit

if TYPE_CHECKING:
    from harness.report.analysis.slices import HeatMap
    from harness.report.figures.drawing import Drawing
    from harness.report.figures.look import Look

SHADES = "cividis_r"
"""Even in lightness, so that a grey print keeps the order; dark means slow."""
MOST_NUMBERS = 10
"""Rows or columns beyond which cells are too small for numbers."""


def draw_heat_map(drawing: Drawing, look: Look, data: HeatMap) -> None:
    """Draw one panel per workload, each with a scale of its own."""
    shown = list(data.ticks)[:MOST_PANELS]
    height = 1.2 + 0.28 * len(data.row_values)
    flat = panels(drawing.figure, look, len(shown), height)
    for index, (axes, workload) in enumerate(zip(flat, shown, strict=True)):
        _draw_panel(drawing, axes, data, workload, is_first=index == 0)


def _draw_panel(
    drawing: Drawing, axes: Any, data: HeatMap, workload: str, *, is_first: bool
) -> None:
    grid = data.ticks[workload]
    known = [ticks for row in grid for ticks in row if math.isfinite(ticks)]
    unit, scale = time_unit(known)
    values = [[ticks / scale for ticks in row] for row in grid]
    drawn = axes.pcolormesh(values, cmap=SHADES, edgecolors="white", linewidth=0.8)
    middle = (min(known, default=0) + max(known, default=0)) / 2 / scale
    is_numbered = max(len(grid), len(grid[0])) <= MOST_NUMBERS
    for y, row in enumerate(values):
        for x, value in enumerate(row):
            if is_numbered:
                axes.text(
                    *(x + 0.5, y + 0.5, _number(value)),
                    ha="center",
                    va="center",
                    fontsize="x-small",
                    color="white" if value > middle else "black",
                )
    axes.set_xticks([x + 0.5 for x in range(len(grid[0]))], list(map(str, data.column_values)))
    axes.set_yticks([y + 0.5 for y in range(len(grid))], list(map(str, data.row_values)))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(data.columns)
    if is_first:
        axes.set_ylabel(data.rows)
    if is_numbered:
        axes.set_title(f"{workload} ({unit})", fontweight="bold")
        return
    axes.set_title(workload, fontweight="bold")
    bar = drawing.figure.colorbar(drawn, ax=axes, shrink=0.9, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_label(f"latency ({unit})")


def _number(value: float) -> str:
    """Return three digits, trailing zeros included."""
    return f"{value:#.3g}".rstrip(".") if math.isfinite(value) else "n/a"
