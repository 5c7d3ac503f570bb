"""One inference over time: phases of each slice, units' use, bandwidth by interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.report.figures.look import EDGE, INK, PHASE_STYLES, SERIES_COLOURS
from harness.report.figures.panels import legend_columns, time_unit

if TYPE_CHECKING:
    from harness.report.analysis.occupancy import Occupancy
    from harness.report.figures.drawing import Drawing
    from harness.report.figures.look import Look

MOST_UNITS = 12
"""Rows of units; those that are busy for longest."""
SMALLEST_NAMED = 0.06
"""An operator gets its name if it takes at least this share of the time."""


def draw_overview(drawing: Drawing, look: Look, data: Occupancy) -> None:
    """Draw phases on top, then one row per unit, then bandwidths."""
    units = _busiest(data)
    rows = 1 + len(units) + len(data.bandwidths)
    heights = [3.0, *[1.0] * len(units), *[1.4] * len(data.bandwidths)]
    drawing.figure.set_size_inches(look.width_in, 0.6 + 0.36 * sum(heights))
    flat = drawing.figure.subplots(rows, 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    unit, scale = time_unit([data.edges[-1]])
    edges = data.edges / scale
    _draw_phases(flat[0], edges, data)
    columns = legend_columns(len(data.phases), look)
    drawing.figure.legend(loc="outside upper center", ncols=columns)
    _name_operators(flat[0], data, scale)
    for axes, name in zip(flat[1:], units, strict=False):
        _fill(axes, edges, data.units[name] * 100, color=SERIES_COLOURS[0])
        mean = float(data.units[name].mean()) * 100
        _row(axes, f"{name}\n{mean:.1f} % busy", 100)
    for index, (axes, name) in enumerate(zip(flat[1 + len(units) :], data.bandwidths, strict=True)):
        values = data.bandwidths[name] / 1e9
        _fill(axes, edges, values, color=SERIES_COLOURS[1 + index])
        top = float(values.max())
        _row(axes, f"{name}\n(GB/s)", top)
        axes.set_yticks([0, top], ["0", f"{top:.3g}"])
    flat[-1].set_xlim(0, edges[-1])
    flat[-1].set_xlabel(f"time of the inference ({unit})")
    drawing.figure.align_ylabels(list(flat))


def _draw_phases(axes: Any, edges: Any, data: Occupancy) -> None:
    base = np.zeros(len(edges) - 1)
    for phase, (colour, hatch) in PHASE_STYLES.items():
        if phase in data.phases:
            top = base + data.phases[phase]
            _fill(
                *(axes, edges, top * 100, base * 100),
                facecolor=colour,
                edgecolor=EDGE,
                hatch=hatch,
                linewidth=0.0,
                label=phase,
            )
            base = top
    axes.set_ylim(0, 100)
    axes.set_ylabel("phase (%)")


def _fill(axes: Any, edges: Any, values: Any, base: Any = None, **style: Any) -> None:
    """Fill between a base and values that are constant in each slice; equal neighbours are one."""
    low = np.zeros(len(values)) if base is None else base
    is_new = np.concatenate([[True], (np.diff(values) != 0) | (np.diff(low) != 0)])
    steps = np.concatenate([edges[:-1][is_new], edges[-1:]])
    axes.stairs(values[is_new], steps, baseline=low[is_new], fill=True, **style)


def _name_operators(axes: Any, data: Occupancy, scale: float) -> None:
    whole = data.edges[-1]
    for name, begin, end in data.operators:
        axes.axvline(begin / scale, color=INK, linewidth=0.5, linestyle=(0, (2, 2)))
        if (end - begin) / whole >= SMALLEST_NAMED:
            axes.annotate(
                name,
                ((begin + end) / 2 / scale, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                fontsize="x-small",
            )


def _busiest(data: Occupancy) -> list[str]:
    used = [name for name, values in data.units.items() if values.any()]
    chosen = sorted(used, key=lambda name: -float(data.units[name].sum()))[:MOST_UNITS]
    return [name for name in used if name in chosen]


def _row(axes: Any, label: str, top: float) -> None:
    axes.set_ylim(0, top or 1)
    axes.set_yticks([])
    axes.set_ylabel(label, rotation=0, ha="right", va="center", fontsize="x-small")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="x", length=0)
