"""Line by line, what differs between two dumps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.stats.reader import Dump


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


def compare_dumps(first: Dump, second: Dump, pattern: str = "*") -> list[Difference]:
    """Return all lines of either dump whose name matches, in the first's order."""
    names = {line.name: None for dump in (first, second) for line in dump.matching(pattern)}
    return [Difference(name, _value(first, name), _value(second, name)) for name in names]


def _value(dump: Dump, name: str) -> float | None:
    line = dump.lines.get(name)
    return None if line is None else line.value
