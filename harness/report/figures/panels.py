"""Small multiples: one panel per workload, and axes that people can read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from harness.base.units import format_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.report.figures.look import Look
    from harness.report.results.collection import Scalar

MOST_PANELS = 6
_TIME_UNITS = (("s", 1e12), ("ms", 1e9), ("us", 1e6), ("ns", 1e3), ("ps", 1.0))


def panels(figure: Any, look: Look, count: int, height_in: float, *, columns: int = 0) -> list[Any]:
    """Return `count` axes side by side, two or three in a row."""
    across = columns or min(count, 2 if look.is_narrow else 3)
    down = -(-count // across)
    figure.set_size_inches(look.width_in, height_in * down)
    grid = figure.subplots(down, across, squeeze=False)
    flat = [axes for row in grid for axes in row]
    for axes in flat[count:]:
        axes.set_visible(False)
    return flat[:count]


def legend_columns(entries: int, look: Look) -> int:
    """Return how many columns spread a legend evenly over as few rows as fit."""
    most = 4 if look.is_narrow else 8
    rows = -(-entries // most)
    return -(-entries // rows)


def time_unit(ticks: Sequence[float]) -> tuple[str, float]:
    """Return the largest unit in which the largest time is at least 1, and its ticks."""
    largest = max((each for each in ticks if math.isfinite(each)), default=1.0)
    return next((unit for unit in _TIME_UNITS if largest >= unit[1]), _TIME_UNITS[-1])


def number_axis(
    axes: Any, values: Sequence[Scalar], positions: Sequence[float], *, log: bool
) -> None:
    """Mark the values of a sweep on the x axis as the sweep spells them."""
    if log:
        axes.set_xscale("log", base=2)
    axes.set_xticks(list(positions), [str(value) for value in values])
    axes.minorticks_off()
    longest = max(len(str(value)) for value in values)
    if longest * len(values) > 24:
        axes.tick_params(axis="x", rotation=45)


def rate_text(bytes_per_second: float) -> str:
    """Return "12.8 GB/s"."""
    for unit, scale in (("TB/s", 1e12), ("GB/s", 1e9), ("MB/s", 1e6), ("kB/s", 1e3)):
        if bytes_per_second >= scale:
            return f"{bytes_per_second / scale:.4g} {unit}"
    return f"{bytes_per_second:.4g} B/s"


def work_rate_text(macs_per_second: float) -> str:
    """Return "256 GMAC/s"."""
    for unit, scale in (("TMAC/s", 1e12), ("GMAC/s", 1e9), ("MMAC/s", 1e6), ("kMAC/s", 1e3)):
        if macs_per_second >= scale:
            return f"{macs_per_second / scale:.4g} {unit}"
    return f"{macs_per_second:.4g} MAC/s"


def amount_text(macs: float, moved_bytes: float) -> str:
    """Return "5,308,416 MAC, 1.2 MiB"."""
    return f"{macs:,.0f} MAC, {format_bytes(int(moved_bytes))}"
