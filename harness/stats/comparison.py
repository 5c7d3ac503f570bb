"""Line by line, what differs between two dumps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.stats.dump import Dump


@dataclass(frozen=True, slots=True)
class Difference:
    """One name in two dumps; None where a dump has no such line."""

    name: str
    first: float | None
    second: float | None

    @property
    def is_equal(self) -> bool:
        """Whether both have the same value; NaN equals NaN."""
        if self.first is None or self.second is None:
            return self.first is self.second
        both_nan = math.isnan(self.first) and math.isnan(self.second)
        return both_nan or self.first == self.second

    @property
    def ratio(self) -> float:
        """Second over first; NaN where that has no meaning."""
        if not self.first or self.second is None:
            return math.nan
        return self.second / self.first

    @property
    def absolute(self) -> float:
        """Second minus first; NaN where that has no meaning."""
        if self.first is None or self.second is None:
            return math.nan
        return self.second - self.first

    def is_beyond(self, threshold: float) -> bool:
        """Tell whether the two differ by more than a fraction of the larger one.

        A name that one side lacks, and NaN against a number, are always beyond.
        """
        if self.is_equal:
            return False
        if self.first is None or self.second is None:
            return True
        size = max(abs(self.first), abs(self.second))
        if not math.isfinite(size) or math.isnan(self.absolute):
            return True
        return abs(self.absolute) > threshold * size


def compare_dumps(first: Dump, second: Dump, *patterns: str) -> list[Difference]:
    """Return all lines of either dump whose name matches, in the first's order.

    Args:
        first: One dump.
        second: The other one.
        patterns: As for `NameFilter`; none: all.
    """
    chosen = [dump.match(*patterns or ("*",)) for dump in (first, second)]
    names = dict.fromkeys(name for values in chosen for name in values)
    return [Difference(name, chosen[0].get(name), chosen[1].get(name)) for name in names]
