"""Statistics and metrics of several dumps or runs in one frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from harness.base.errors import StatsError
from harness.stats.frame import Absent, Filled, Frame, align
from harness.stats.metrics.evaluation import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.stats.dump import Dump
    from harness.stats.metrics.declarations import Metric
    from harness.stats.metrics.evaluation import MetricValue


def tabulate(
    dumps: Sequence[tuple[str, Dump]],
    patterns: Sequence[str],
    metric_names: Sequence[str],
    metrics: Mapping[str, Metric],
    absent: Absent = Absent.NAN,
) -> Frame:
    """Return a row for each dump, metrics first, then statistics.

    A metric that a dump lacks is NaN whatever the policy, unless that is ERROR: what cannot be
    computed is not zero.

    Raises:
        StatsError: Nothing matches, a metric is unknown, or something is absent under ERROR.
    """
    frames = []
    if metric_names:
        frames.append(_metric_frame(dumps, metric_names, metrics, absent))
    if patterns:
        frames.append(align(dumps, absent, patterns))
    if not frames:
        raise StatsError(
            "neither statistics nor metrics were asked for",
            way_out="name statistics with --stat PATTERN, metrics with --metric NAME",
        )
    return Frame(
        frames[0].rows,
        tuple(name for frame in frames for name in frame.columns),
        tuple(unit for frame in frames for unit in frame.units),
        np.concatenate([frame.values for frame in frames], axis=1),
        tuple(cell for frame in frames for cell in frame.filled),
    )


def _unit(values: Sequence[MetricValue]) -> str:
    """Return a metric's unit: of the first row that has it."""
    return next((value.unit for value in values if value.is_there), values[0].unit)


def _metric_frame(
    dumps: Sequence[tuple[str, Dump]],
    names: Sequence[str],
    metrics: Mapping[str, Metric],
    absent: Absent,
) -> Frame:
    found = [evaluate(dump, names, metrics) for _, dump in dumps]
    filled = tuple(
        Filled(label, value.metric.name, math.nan)
        for (label, _), values in zip(dumps, found, strict=True)
        for value in values
        if not value.is_there
    )
    if filled and absent is Absent.ERROR:
        first = filled[0]
        raise StatsError(f'"{first.row}" lacks what the metric {first.column} needs')
    return Frame(
        tuple(label for label, _ in dumps),
        tuple(names),
        tuple(_unit(column) for column in zip(*found, strict=True)),
        np.array([[value.value for value in values] for values in found]),
        filled,
    )
