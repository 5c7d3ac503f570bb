"""Where the numbers come from: versions, hashes, how far each backend was validated."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from harness.report.page.content import Cell, PageTable, number_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.report.results.record import RunRecord

_SHOWN = 16
"""Digits of a hash; all are in the runs' result.json."""


def provenance_table(records: Sequence[RunRecord]) -> PageTable:
    """Return versions and hashes, each with the number of runs that share it."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for record in records:
        if record.result is not None:
            counts.update(("version", *pair) for pair in record.result.versions.items())
            counts.update(("SHA-256", *pair) for pair in record.result.hashes.items())
        for kind, facts in (("version", "gem5"), ("SHA-256", "hashes")):
            pairs = record.launch.get(facts, {}).items()
            counts.update((kind, _named(facts, name), str(value)) for name, value in pairs)
    rows = tuple(
        (Cell(kind), Cell(name), Cell(_short(kind, value)), number_cell(count))
        for (kind, name, value), count in sorted(
            counts.items(), key=lambda item: (item[0][0] != "version", item[0][1], item[0][2])
        )
    )
    note = f"Hashes by their first {_SHOWN} digits; result.json has all of each run."
    return PageTable(
        "provenance", "Versions and hashes", ("kind", "of", "value", "runs"), rows, note
    )


def validation_notes(records: Sequence[RunRecord]) -> list[tuple[str, str]]:
    """Return, by backend, how far its numbers were held against outside measurements."""
    results = [record.result for record in records if record.result is not None]
    return list(dict.fromkeys((result.backend, result.validation) for result in results))


def _short(kind: str, value: str) -> str:
    return value if kind == "version" else value[:_SHOWN]


def _named(facts: str, name: str) -> str:
    """Return what a launch's fact is about: gem5's own version, date and Python, or a file."""
    return f"gem5 {name}" if facts == "gem5" else name
