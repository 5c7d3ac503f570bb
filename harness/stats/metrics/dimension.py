"""The algebra of gem5's units: what a quotient of two statistics is measured in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.errors import StatsError
from harness.stats.statistic import BASE_UNITS, is_unit

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIMENSIONLESS = "Ratio"
_UNSPECIFIED = "Unspecified"
_DERIVED: Mapping[str, tuple[tuple[str, int], ...]] = {
    _DIMENSIONLESS: (),
    "Watt": (("Joule", 1), ("Second", -1)),
}


@dataclass(frozen=True, slots=True)
class Dimension:
    """Powers of gem5's base units; `powers` is None if nobody said the unit.

    A Watt is a Joule a Second; Bit and Byte, Tick and Second, Cycle and Count stay apart.
    """

    powers: tuple[tuple[str, int], ...] | None

    @property
    def is_known(self) -> bool:
        """Whether the unit is known."""
        return self.powers is not None

    def times(self, other: Dimension, sign: int = 1) -> Dimension:
        """Return the unit of the product (sign 1) or of the quotient (sign -1)."""
        if self.powers is None or other.powers is None:
            return UNKNOWN
        total = Counter(dict(self.powers))
        for unit, power in other.powers:
            total[unit] += sign * power
        return Dimension(tuple(sorted((unit, power) for unit, power in total.items() if power)))

    def plus(self, other: Dimension, where: str) -> Dimension:
        """Return the unit of a sum.

        Raises:
            StatsError: The two are known and differ.
        """
        if self.powers is None or other.powers is None:
            return UNKNOWN
        if self != other:
            raise StatsError(
                "quantities of different units cannot be added",
                where=where,
                got=f"{self} and {other}",
            )
        return self

    def __str__(self) -> str:
        if self.powers is None:
            return "unknown"
        above = [_power(unit, power) for unit, power in self.powers if power > 0]
        below = [_power(unit, -power) for unit, power in self.powers if power < 0]
        if not below:
            return "*".join(above) or _DIMENSIONLESS
        return f"({'*'.join(above) or '1'}/{'*'.join(below)})"


UNKNOWN = Dimension(None)
NUMBER = Dimension(())


def dimension_of(unit: str) -> Dimension:
    """Return the dimension of a unit as gem5 prints it; an empty or Unspecified one is unknown.

    Raises:
        StatsError: It is not a unit of gem5's.
    """
    if unit in {"", _UNSPECIFIED}:
        return UNKNOWN
    if not is_unit(unit):
        raise StatsError(f'"{unit}" is not a unit', expected=f"{', '.join(BASE_UNITS)} or (A/B)")
    if not unit.startswith("("):
        return Dimension(_DERIVED.get(unit, ((unit, 1),)))
    above, below = _halves(unit[1:-1])
    return dimension_of(above).times(dimension_of(below), -1)


def _halves(rate: str) -> tuple[str, str]:
    depth = 0
    for place, character in enumerate(rate):
        depth += (character == "(") - (character == ")")
        if character == "/" and depth == 0:
            return rate[:place], rate[place + 1 :]
    raise StatsError(f'"{rate}" is not a rate')


def _power(unit: str, power: int) -> str:
    return unit if power == 1 else f"{unit}^{power}"
