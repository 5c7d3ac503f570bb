"""Seeded samples of a space: random, or Latin hypercube. The same seed draws the same points.

Of a random sample, the first points stay the same when more are asked for, so an extended sweep
keeps what it has done. A Latin hypercube divides every axis into as many strata as there are points
and uses each once; another number of points is another hypercube.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError
from harness.sweep.description.space import Space, checked_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.sweep.description.space import Scalar, Values

METHODS = ("random", "latin_hypercube")
_KEYS = ("low", "high", "log", "integer", "format")
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Range:
    """An axis between two numbers.

    Attributes:
        low: The least value.
        high: The largest value; whole numbers reach it.
        log: Even in the logarithm.
        integer: Whole numbers only.
        format: Text around the number, such as "{:g} GHz"; empty keeps the number.
    """

    low: float
    high: float
    log: bool = False
    integer: bool = False
    format: str = ""

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise SpecError("a range's low is not below its high", got=f"{self.low}, {self.high}")
        if self.log and self.low <= 0:
            raise SpecError("a logarithmic range begins above 0", got=str(self.low))

    def at(self, share: float) -> Scalar:
        """Return the value at a share, from 0 up to but not including 1, of the way."""
        low, high = self.low, self.high
        if self.integer:
            return self._shown(self._whole(share))
        value = low * (high / low) ** share if self.log else low + (high - low) * share
        return self._shown(float(f"{value:.{_DIGITS}g}"))

    def _whole(self, share: float) -> int:
        low, high = self.low, self.high + 1
        value = low * (high / low) ** share if self.log else low + (high - low) * share
        return min(math.floor(value), int(self.high))

    def _shown(self, value: float) -> Scalar:
        if not self.format:
            return value
        try:
            return self.format.format(value)
        except (ValueError, IndexError, KeyError) as error:
            raise SpecError("not a format of one number", got=repr(self.format)) from error


def sample(
    axes: Mapping[str, Sequence[Scalar] | Range],
    *,
    count: int,
    seed: int = 0,
    method: str = "random",
) -> Space:
    """Draw points.

    Args:
        axes: Lists to choose from, or ranges.
        count: How many points.
        seed: The same seed draws the same points.
        method: "random" or "latin_hypercube".

    Raises:
        SpecError: The method is unknown, or there is nothing to draw.
    """
    if method not in METHODS:
        raise SpecError(f"no method {method!r}", expected=" or ".join(METHODS))
    if type(count) is not int or count < 1:
        raise SpecError("a sample needs a count of 1 or more", got=repr(count))
    if not axes:
        raise SpecError("a sample needs axes")
    lists = {
        name: axis if isinstance(axis, Range) else checked_list(name, axis)
        for name, axis in axes.items()
    }
    shares = (
        _random(len(lists), count, seed) if method == "random" else _latin(len(lists), count, seed)
    )
    return Space(tuple(_point(lists, row) for row in shares))


def _random(axes: int, count: int, seed: int) -> list[list[float]]:
    dice = random.Random(seed)  # noqa: S311 - no secret
    return [[dice.random() for _ in range(axes)] for _ in range(count)]


def _latin(axes: int, count: int, seed: int) -> list[list[float]]:
    dice = random.Random(seed)  # noqa: S311 - no secret
    columns = []
    for _ in range(axes):
        strata = list(range(count))
        for last in range(count - 1, 0, -1):  # only random() is promised to stay as it is
            other = int(dice.random() * (last + 1))
            strata[last], strata[other] = strata[other], strata[last]
        columns.append([(stratum + dice.random()) / count for stratum in strata])
    return [list(row) for row in zip(*columns, strict=True)]


def _point(lists: Mapping[str, list[Scalar] | Range], shares: Sequence[float]) -> Values:
    return {
        name: axis.at(share) if isinstance(axis, Range) else axis[int(share * len(axis))]
        for (name, axis), share in zip(lists.items(), shares, strict=True)
    }


def read_axis(name: str, value: Any) -> Sequence[Scalar] | Range:
    """Read an axis of [sample]: a list, or `{low = 1, high = 4, log = true, format = "{} GHz"}`.

    Raises:
        SpecError: A key is unknown or missing.
    """
    if not isinstance(value, dict):
        return checked_list(name, value)
    odd = [key for key in value if key not in _KEYS]
    if odd or not {"low", "high"} <= set(value):
        raise SpecError(f"{name} is no range", expected=", ".join(_KEYS), got=repr(value))
    for key in ("low", "high"):
        if isinstance(value[key], bool) or not isinstance(value[key], int | float):
            raise SpecError(f"{name}.{key} is no number", got=repr(value[key]))
    return Range(**value)
