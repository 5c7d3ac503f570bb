"""Metrics of a gem5 run over its dumps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.report.figures.look import SERIES_COLOURS
from harness.report.figures.panels import panels, time_unit

if TYPE_CHECKING:
    from harness.report.analysis.dump_series import DumpSeries, Series
    from harness.report.figures.drawing import Drawing
    from harness.report.figures.look import Look

MOST_METRICS = 14
LARGE = 10_000
PHYSICAL = ("Second", "Joule", "Watt", "Byte/Second")
ABOUT_DUMPS = ("seconds", "ticks")
"""How long a dump is, which the steps' widths show."""


def draw_dumps(drawing: Drawing, look: Look, data: DumpSeries) -> None:
    """Draw one panel per metric: a step for each dump, as wide as the time that it is about."""
    shown = [each for each in data.series if each.name not in ABOUT_DUMPS][:MOST_METRICS]
    from matplotlib.ticker import EngFormatter  # noqa: PLC0415 - an extra

    flat = panels(drawing.figure, look, len(shown), 1.35, columns=1 if look.is_narrow else 2)
    ends = np.array([float("nan") if tick is None else tick for tick in data.final_ticks])
    spans = np.array([float("nan") if tick is None else tick for tick in data.ticks])
    unit, scale = time_unit(ends.tolist())
    for axes, each in zip(flat, shown, strict=True):
        for end, span, value in zip(ends / scale, spans / scale, each.values, strict=True):
            if value is not None and np.isfinite(end) and np.isfinite(value):
                begin = end - span if np.isfinite(span) else end
                axes.fill_between(
                    [begin, end], [value] * 2, color=SERIES_COLOURS[0], alpha=0.25, linewidth=0
                )
                axes.plot([begin, end], [value] * 2, color=SERIES_COLOURS[0], linewidth=1.4)
        axes.set_ylim(bottom=0)
        axes.locator_params(axis="y", nbins=4)
        if _is_prefixed(each):
            axes.yaxis.set_major_formatter(EngFormatter(sep=""))
        axes.set_title(each.name, fontweight="bold")
        axes.set_ylabel(each.unit or "(no unit)")
        axes.grid(axis="y")
    for axes in flat[-2:]:
        axes.set_xlabel(f"simulated time ({unit})")


def _is_prefixed(series: Series) -> bool:
    """Tell whether k, M and m read better than zeros: large numbers, and small physical ones."""
    largest = max(abs(value) for value in series.values if value is not None)
    return largest >= LARGE or (largest < 1 and series.unit in PHYSICAL)
