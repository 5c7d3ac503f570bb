"""Latency over one swept parameter: lines where all else is as in the baseline, dots elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.base.units import format_ticks
from harness.report.figures.look import PALE, series_style
from harness.report.figures.panels import MOST_PANELS, number_axis, panels, time_unit

if TYPE_CHECKING:
    from harness.report.analysis.slices import Line, Sensitivity
    from harness.report.figures.drawing import Drawing
    from harness.report.figures.look import Look

DOT_AREA = 6
HEADROOM = 1.08
LARGEST_MARKER = 6.5
"""The first line's; later ones are smaller, so that equal points show both."""


def draw_lines(drawing: Drawing, look: Look, data: Sensitivity) -> None:
    """Draw one panel per workload."""
    shown = [name for name, lines in data.panels.items() if lines][:MOST_PANELS]
    flat = panels(drawing.figure, look, len(shown), 2.1 if look.is_narrow else 2.3)
    labels: dict[str, Any] = {}
    for axes, workload in zip(flat, shown, strict=True):
        _draw_panel(drawing, axes, data, workload, labels)
    handles = [labels[label] for label in data.labels if label in labels]
    if data.series:
        drawing.figure.legend(
            handles=handles,
            loc="outside upper center",
            ncols=min(len(handles), 3 if look.is_narrow else 6),
            title=data.series,
        )


def _draw_panel(
    drawing: Drawing, axes: Any, data: Sensitivity, workload: str, labels: dict[str, Any]
) -> None:
    lines, others = data.panels[workload], data.others[workload]
    ticks = [t for line in lines for t in line.ticks] + [t for _, t in others]
    unit, scale = time_unit(ticks)
    if others:
        x, y = zip(*others, strict=True)
        axes.scatter(x, [each / scale for each in y], s=DOT_AREA, color=PALE, linewidths=0)
    for line in lines:
        index = data.labels.index(line.label)
        style = series_style(index)
        (drawn,) = axes.plot(
            line.positions,
            [t / scale for t in line.ticks],
            label=line.label,
            markersize=LARGEST_MARKER - index,
            **style,
        )
        labels.setdefault(line.label, drawn)
        _draw_spread(axes, line, scale, style["color"])
        points = ", ".join(
            f"{x:g}: {format_ticks(round(t))}"
            for x, t in zip(line.positions, line.ticks, strict=True)
        )
        drawing.tip(drawn, f"{workload} {line.label}\n{points}")
    number_axis(axes, data.values, data.positions, log=data.is_log)
    axes.set_ylim(0, max(ticks) / scale * HEADROOM)
    axes.grid()
    axes.set_title(workload, fontweight="bold")
    axes.set_xlabel(f"{data.axis} (log2)" if data.is_log else data.axis)
    axes.set_ylabel(f"latency ({unit})")


def _draw_spread(axes: Any, line: Line, scale: float, colour: str) -> None:
    """Draw from the least to the largest latency where seeds differ."""
    if all(low == high for low, high in line.spread):
        return
    for x, (low, high) in zip(line.positions, line.spread, strict=True):
        axes.plot([x, x], [low / scale, high / scale], color=colour, linewidth=0.8)
