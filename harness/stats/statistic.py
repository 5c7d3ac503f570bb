"""One line of gem5's stats.txt: a name, a value, its unit and one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from harness.stats._scan import is_unit

__all__ = ["BASE_UNITS", "Statistic", "is_statistic_name", "is_unit"]

BASE_UNITS = (
    *("Cycle", "Tick", "Second", "Bit", "Byte", "Joule", "Volt", "Watt", "Celsius"),
    *("Count", "Ratio", "Unspecified"),
)
"""gem5's unit vocabulary (src/base/stats/units.hh); a rate is `(A/B)`, and may nest."""


def is_statistic_name(name: str) -> bool:
    """Tell whether a name parses back: not empty, and without blanks, "|" or a leading "#"."""
    return len(name.split()) == 1 and name == name.strip() and name[0] not in "#|-"


@dataclass(frozen=True, slots=True)
class Statistic:
    """One line of a dump.

    Attributes:
        name: Full dotted name; elements of vectors and distributions end in `::element`.
        value: The number; NaN and infinities are allowed.
        unit: gem5's unit; empty if a file that was read gives none.
        description: One sentence; empty for lines without any.
        fractions: Share of this bucket and of all up to it, for distributions; else empty.
    """

    name: str
    value: float
    unit: str = "Count"
    description: str = ""
    fractions: tuple[float, ...] = ()
