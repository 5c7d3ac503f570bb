"""The three means of architects, and which to use when.

Arithmetic for times, geometric for ratios to a baseline, harmonic for rates over equal work
(Fleming and Wallace, CACM 29(3), 1986; Smith, CACM 31(10), 1988).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def arithmetic_mean(values: Sequence[float]) -> float:
    """Return the mean of times; NaN of nothing."""
    return math.fsum(values) / len(values) if values else math.nan


def geometric_mean(values: Sequence[float]) -> float:
    """Return the mean of ratios; NaN of nothing or where a ratio is not positive."""
    if not values or min(values) <= 0:
        return math.nan
    return math.exp(math.fsum(math.log(value) for value in values) / len(values))


def harmonic_mean(values: Sequence[float]) -> float:
    """Return the mean of rates over equal work; NaN of nothing or where a rate is not positive."""
    if not values or min(values) <= 0:
        return math.nan
    return len(values) / math.fsum(1 / value for value in values)
