"""A frame of statistics as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.errors import StatsError
from harness.base.optional_package import require_package

if TYPE_CHECKING:
    from pathlib import Path

    from harness.stats.frame import Frame

_ENDINGS = (".svg", ".pdf", ".png")
_WIDTH_IN = 7.0
_PANEL_HEIGHT_IN = 1.9
_MAX_PANELS = 12
_REPRODUCIBLE = {"svg.hashsalt": "harness", "pdf.fonttype": 42, "font.size": 8}


def plot_frame(frame: Frame, output: Path, *, is_series: bool) -> None:
    """Draw one panel a column: rows as a line (dumps) or as bars (runs).

    Raises:
        StatsError: The ending is no picture's, or there are too many columns.
        SpecError: matplotlib is not installed.
    """
    if output.suffix not in _ENDINGS:
        raise StatsError(
            "the ending says the format", expected=", ".join(_ENDINGS), got=output.name
        )
    if len(frame.columns) > _MAX_PANELS:
        raise StatsError(
            "too many statistics for one picture",
            expected=f"at most {_MAX_PANELS}",
            got=str(len(frame.columns)),
        )
    matplotlib = require_package("matplotlib", "plots")
    figures = require_package("matplotlib.figure", "plots")
    with matplotlib.rc_context(_REPRODUCIBLE):
        figure = figures.Figure(
            figsize=(_WIDTH_IN, _PANEL_HEIGHT_IN * len(frame.columns)), layout="constrained"
        )
        axes = figure.subplots(len(frame.columns), 1, squeeze=False, sharex=True)[:, 0]
        for index, axis in enumerate(axes):
            _draw(axis, frame, index, is_series=is_series)
        axes[-1].set_xlabel("dump" if is_series else "")
        try:
            figure.savefig(output, metadata=_undated(output), dpi=150)
        except OSError as error:
            raise StatsError(f"cannot write: {error.strerror}", where=str(output)) from error


def _draw(axis: Any, frame: Frame, index: int, *, is_series: bool) -> None:
    values = frame.values[:, index]
    places = np.arange(len(frame.rows))
    if is_series:
        axis.plot([int(row) for row in frame.rows], values, marker=".", linewidth=1)
    else:
        axis.bar(places, values, width=0.6)
        axis.set_xticks(places, frame.rows, rotation=20, ha="right")
    axis.set_title(frame.columns[index], fontsize=8, loc="left")
    axis.set_ylabel(frame.units[index])
    axis.grid(axis="y", linewidth=0.3)


def _undated(output: Path) -> dict[str, None]:
    """Return metadata without the date, so that the same values give the same bytes."""
    return {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(output.suffix, {})
