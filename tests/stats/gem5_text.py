"""What gem5 prints: an implementation of its text writer's rules, apart from harness's own writer.

Each `print_*` returns lines and appends to `expected` what a reader must find in them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

BEGIN = "\n---------- Begin Simulation Statistics ----------\n"
END = "\n---------- End Simulation Statistics   ----------\n"


@dataclass(frozen=True)
class Expected:
    name: str
    value: float
    shares: tuple[float, ...]
    description: str
    unit: str


@dataclass
class Style:
    """The options of gem5's text output, and what was printed so far."""

    spaces: bool = True
    descriptions: bool = True
    expected: list[Expected] = field(default_factory=list)

    def number(self, value: float, precision: int = -1) -> str:
        if math.isnan(value):
            return "nan"
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        if precision >= 0:
            return f"{value:.{precision}f}"
        return f"{value:.0f}" if value == round(value) else f"{value:.6f}"

    def comment(self, description: str, unit: str) -> str:
        text = f" # {description}" if self.descriptions and description else ""
        return f"{text} ({unit})" if self.descriptions and unit else text

    def fields(self, value: str, shares: tuple[str, str]) -> str:
        if self.spaces:
            return f"{value:>12} {shares[0]:>10} {shares[1]:>10}"
        return value + "".join(f" {share}" for share in shares if share)

    def line(
        self,
        name: str,
        value: float,
        *,
        description: str = "",
        unit: str = "",
        shares: tuple[float, float] | None = None,
        precision: int = -1,
    ) -> str:
        text = self.number(value, precision)
        percents = ("", "") if shares is None else tuple(f"{each * 100:.2f}%" for each in shares)
        self.expect(name, text, percents, description, unit)
        left = f"{name:<40} " if self.spaces else f"{name} "
        return (
            left + self.fields(text, (percents[0], percents[1])) + self.comment(description, unit)
        )

    def expect(
        self, name: str, text: str, percents: tuple[str, ...], description: str, unit: str
    ) -> None:
        kept = self.descriptions
        shares = tuple(float(each[:-1]) / 100 for each in percents if each)
        value = float(text) if not text.lstrip("-").isdigit() else int(text)
        self.expected.append(
            Expected(name, value, shares, description if kept else "", unit if kept else "")
        )

    def one_line(self, name: str, values: list[float], description: str, unit: str) -> str:
        total, running, cells = sum(values), 0.0, ""
        for index, value in enumerate(values):
            running += value
            percents = ("", "")
            if total:
                percents = (f"{value / total * 100:.2f}%", f"{running / total * 100:.2f}%")
            text = self.number(value)
            self.expect(f"{name}::{index}", text, percents, description, unit)
            cells += " |" + self.fields(text, percents)
        left = f"{name:<40}" if self.spaces else name
        return left + cells + self.comment(description, unit)


def print_vector(
    style: Style, name: str, values: dict[str, float], description: str, unit: str
) -> list[str]:
    """A vector with the flags total, pdf, cdf."""
    total = sum(values.values())
    if len(values) == 1:
        return [style.line(name, total, description=description, unit=unit)]
    running, lines = 0.0, []
    for element, value in values.items():
        running += value
        shares = (value / total, running / total) if total else None
        lines.append(
            style.line(
                f"{name}::{element}", value, description=description, unit=unit, shares=shares
            )
        )
    return [*lines, style.line(f"{name}::total", total, description=description, unit=unit)]


def print_distribution(
    style: Style, name: str, counts: list[float], size: int, description: str, unit: str
) -> list[str]:
    """A distribution (buckets from 0) with underflows and overflows."""

    def line(element: str, value: float, shares: tuple[float, float] | None = None) -> str:
        return style.line(
            f"{name}::{element}", value, description=description, unit=unit, shares=shares
        )

    total, running = sum(counts), 0.0
    mean = 3.25 if total else math.nan
    lines = [line("samples", total), line("mean", mean), line("stdev", mean)]
    labels = [
        f"{i * size}-{i * size + size - 1}" if size > 1 else str(i) for i in range(len(counts))
    ]
    for label, count in zip(["underflows", *labels, "overflows"], [0, *counts, 0], strict=True):
        running += count
        lines.append(line(label, count, (count / total, running / total) if total else None))
    return [*lines, line("min_value", 0), line("max_value", 9), line("total", total)]


def dump_text(lines: list[str]) -> str:
    """One dump."""
    return BEGIN + "".join(f"{line}\n" for line in lines) + END
