"""stats.txt as gem5 writes it (src/base/stats/text.cc): columns, number forms, units.

gem5's own readers, and its users' scripts, must not be able to tell the difference.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.base.errors import InternalError
from harness.stats.statistic import Statistic, is_statistic_name, is_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BEGIN_LINE = "---------- Begin Simulation Statistics ----------"
END_LINE = "---------- End Simulation Statistics   ----------"
NAME_COLUMNS = 40
VALUE_COLUMNS = 12
FRACTION_COLUMNS = 10


def format_value(value: float) -> str:
    """Format a number: integers without a point, others with six digits, never an exponent."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if isinstance(value, int) or value == math.floor(value):
        return str(int(value))
    return f"{value:.6f}"


def format_line(statistic: Statistic) -> str:
    """Format one line, without its newline."""
    fractions = [f"{fraction * 100:.2f}%" for fraction in statistic.fractions]
    first, second = (*fractions, "", "")[:2]
    line = (
        f"{statistic.name:<{NAME_COLUMNS}} {format_value(statistic.value):>{VALUE_COLUMNS}} "
        f"{first:>{FRACTION_COLUMNS}} {second:>{FRACTION_COLUMNS}}"
    )
    if statistic.description:
        line += f" # {statistic.description} ({statistic.unit})"
    return line


def append_lines(dump: str, statistics: Iterable[Statistic]) -> str:
    """Return a dump's text with more lines before its end; names that it has already are left out.

    Raises:
        InternalError: The text is no whole dump.
    """
    body, end, rest = dump.partition(f"\n{END_LINE}")
    if not end:
        raise InternalError("a dump of statistics without its End line")
    names = {line.split(None, 1)[0] for line in body.splitlines() if line.strip()}
    added = [format_line(each) for each in statistics if each.name not in names]
    return "\n".join([body.rstrip("\n"), *added, ""]) + end + rest


def format_dump(statistics: Iterable[Statistic]) -> str:
    """Format one dump, from its Begin line to its End line.

    Raises:
        InternalError: A name would not parse back, occurs twice, or a unit is not gem5's.
    """
    lines = []
    seen = set()
    for statistic in statistics:
        if not is_statistic_name(statistic.name) or statistic.name in seen:
            raise InternalError(f"bad or repeated statistic name {statistic.name!r}")
        if not is_unit(statistic.unit):
            raise InternalError(f"unknown unit {statistic.unit!r} of {statistic.name}")
        seen.add(statistic.name)
        lines.append(format_line(statistic))
    return "\n".join(["", BEGIN_LINE, *lines, "", END_LINE, ""])


def vector(
    name: str, elements: Mapping[str, float], unit: str, description: str, *, total: bool = True
) -> list[Statistic]:
    """Return the lines of a vector: one per element, and their total."""
    lines = [
        Statistic(f"{name}::{element}", value, unit, description)
        for element, value in elements.items()
    ]
    if total:
        lines.append(Statistic(f"{name}::total", sum(elements.values()), unit, description))
    return lines


def distribution(
    name: str, samples: Sequence[int], bucket: int, unit: str, description: str
) -> list[Statistic]:
    """Return the lines of a distribution of whole numbers, in buckets of equal width from 0."""
    counts = [0] * (max(samples) // bucket + 1 if samples else 1)
    for sample in samples:
        counts[sample // bucket] += 1
    number = len(samples)
    mean = sum(samples) / number if number else math.nan
    spread = sum((sample - mean) ** 2 for sample in samples)
    deviation = math.sqrt(spread / (number - 1)) if number > 1 else 0.0 if number else math.nan

    def line(element: str, value: float, *fractions: float, of: str = unit) -> Statistic:
        return Statistic(f"{name}::{element}", value, of, description, fractions)

    lines = [line("samples", number), line("mean", mean), line("stdev", deviation)]
    lines.append(line("underflows", 0, 0.0, 0.0))
    running = 0
    for index, count in enumerate(counts):
        running += count
        low, high = index * bucket, (index + 1) * bucket - 1
        element = str(low) if bucket == 1 else f"{low}-{high}"
        lines.append(line(element, count, count / max(number, 1), running / max(number, 1)))
    lines.append(line("overflows", 0, 0.0, 1.0 if number else 0.0))
    lines.append(line("min_value", min(samples, default=0)))
    lines.append(line("max_value", max(samples, default=0)))
    lines.append(line("total", number))
    return lines
