"""Roofline: log-log, MAC per byte against MAC per second."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.report.analysis.roofline import attainable
from harness.report.figures.look import EDGE, SERIES_COLOURS, SERIES_MARKERS
from harness.report.figures.panels import amount_text, rate_text, work_rate_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.report.analysis.roofline import Roof, RooflinePoint
    from harness.report.figures.drawing import Drawing
    from harness.report.figures.look import Look

MOST_NAMES = 10
"""Points that get their name beside them, if the name is short; all have it as a tip."""
LONGEST_NAME = 20


@dataclass(frozen=True, slots=True)
class RooflineData:
    """Limits, and points by group (a workload, or operators and the whole)."""

    roofs: tuple[Roof, ...]
    groups: Mapping[str, tuple[RooflinePoint, ...]]


def draw_roofline(drawing: Drawing, look: Look, data: RooflineData) -> None:
    """Draw the limits and the points."""
    drawing.figure.set_size_inches(look.width_in, 2.35 if look.is_narrow else 3.6)
    axes = drawing.figure.subplots()
    axes.set_xscale("log")
    axes.set_yscale("log")
    low, high = _range(data)
    points = [point for own in data.groups.values() for point in own]
    bottom = min(point.macs_per_second for point in points) / 3
    allowed = [attainable(high, point.limits) for point in points if point.limits]
    peak = max(*allowed, *(point.macs_per_second for point in points)) * 2.5
    axes.set_xlim(low, high)
    axes.set_ylim(bottom, peak)
    aspect = 0.62 if look.is_narrow else 0.48
    axes.set_box_aspect(aspect)
    slope = math.log(high / low) / math.log(peak / bottom) * aspect
    _draw_roofs(axes, data, (low, high), math.degrees(math.atan(slope)))
    for index, (group, own) in enumerate(data.groups.items()):
        for point in own:
            (dot,) = axes.plot(
                *([point.intensity], [point.macs_per_second]),
                marker=SERIES_MARKERS[index % len(SERIES_MARKERS)],
                color=SERIES_COLOURS[index % len(SERIES_COLOURS)],
                markeredgecolor="white",
                markeredgewidth=0.4,
                markersize=5.5,
                linestyle="none",
                label=group if point is own[0] else None,
                zorder=3,
            )
            drawing.tip(dot, _tip(point))
            if len(points) <= MOST_NAMES and len(point.name) <= LONGEST_NAME:
                axes.annotate(
                    point.name,
                    (point.intensity, point.macs_per_second),
                    xytext=(4, -2),
                    textcoords="offset points",
                    fontsize="x-small",
                    va="top",
                )
    axes.grid(which="major")
    axes.set_xlabel("operational intensity (MAC per byte through the accelerators' interfaces)")
    if look.is_narrow:
        axes.set_xlabel("operational intensity (MAC/byte)")
    axes.set_ylabel("throughput (MAC/s)")
    if len(data.groups) > 1:
        axes.legend(loc="lower right")


def _range(data: RooflineData) -> tuple[float, float]:
    """Return intensities from left of all points and ridges to right of them."""
    ridges = [
        peak.per_second / slope.per_second
        for peak in data.roofs
        for slope in data.roofs
        if peak.is_compute and not slope.is_compute
    ]
    at = [*ridges, *(point.intensity for own in data.groups.values() for point in own)]
    return min(at) / 6, max(at) * 3


def _draw_roofs(axes: Any, data: RooflineData, span: tuple[float, float], degrees: float) -> None:
    low, high = span
    compute = [roof for roof in data.roofs if roof.is_compute]
    peak = max((roof.per_second for roof in compute), default=float("inf"))
    slopes = sorted((r for r in data.roofs if not r.is_compute), key=lambda r: -r.per_second)
    for index, roof in enumerate(slopes):
        end = min(high, peak / roof.per_second)
        style = ("-", "--", "-.")[index % 3]
        axes.plot(
            [low, end],
            [low * roof.per_second, end * roof.per_second],
            color=EDGE,
            linewidth=1.0,
            linestyle=style,
        )
        axes.annotate(
            f"{roof.name}, {rate_text(roof.per_second)}",
            (low * 1.15, low * 1.15 * roof.per_second),
            xytext=(0, 4) if index == 0 else (4, -4),
            textcoords="offset points",
            rotation=degrees,
            rotation_mode="anchor",
            va="bottom" if index == 0 else "top",
            fontsize="x-small",
        )
    for roof in compute:
        start = max(low, roof.per_second / slopes[0].per_second) if slopes else low
        axes.plot([start, high], [roof.per_second] * 2, color=EDGE, linewidth=1.0)
        axes.annotate(
            f"{roof.name}, {work_rate_text(roof.per_second)}",
            (high, roof.per_second),
            xytext=(-3, 3),
            textcoords="offset points",
            ha="right",
            fontsize="x-small",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )


def _tip(point: RooflinePoint) -> str:
    limit = attainable(point.intensity, point.limits) if point.limits else 0.0
    share = (
        f", {point.macs_per_second / limit * 100:.1f} % of what the roofs allow" if limit else ""
    )
    return (
        f"{point.name}\n{amount_text(point.macs, point.moved_bytes)}"
        f" = {point.intensity:.3g} MAC/byte\n{work_rate_text(point.macs_per_second)}{share}"
    )
