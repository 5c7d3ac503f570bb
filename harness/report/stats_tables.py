"""Statistics as listings: one dump, a file's dumps and names, frames, metrics, differences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.report.listing import Listing
from harness.stats.kinds import kinds_of
from harness.stats.names import ELEMENT, NameFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.stats.comparison import Difference
    from harness.stats.dump import Dump
    from harness.stats.frame import Frame
    from harness.stats.metrics.declarations import Metric
    from harness.stats.metrics.evaluation import MetricValue
    from harness.stats.stats_file import StatsFile

_SHOWN_SOURCES = 2
_CUT = " (cut off: the run was killed while it wrote)"


def dump_title(where: str, dump: Dump) -> str:
    """Return what is shown above a dump."""
    number = "last dump" if dump.entry.index is None else f"dump {dump.entry.index}"
    return f"{where}, {number}{'' if dump.is_complete else _CUT}"


def stats_listing(dump: Dump, patterns: Sequence[str], title: str) -> Listing:
    """Return the lines that match any of the patterns, in file order."""
    is_wanted = NameFilter(patterns)
    lines = [dump.statistic(name) for name in dump if is_wanted(name)]
    rows = tuple(
        (
            line.name,
            line.value,
            line.unit,
            line.fractions[0] if line.fractions else None,
            line.description,
        )
        for line in lines
    )
    return Listing(title, ("name", "value", "unit", "share", "description"), rows)


def dumps_listing(stats: StatsFile) -> Listing:
    """Return where each dump stands, and what it is about."""
    rows = tuple(
        (
            entry.index,
            entry.begin_line,
            entry.begin_offset,
            entry.end_offset - entry.begin_offset,
            entry.is_complete,
            entry.tick,
            entry.final_tick,
        )
        for entry in stats.dumps
    )
    columns = ("dump", "line", "offset", "bytes", "complete", "simTicks", "finalTick")
    return Listing(f"{stats.where}: {len(rows)} dumps", columns, rows)


def names_listing(stats: StatsFile, patterns: Sequence[str]) -> Listing:
    """Return every name of any dump once, elements counted, not shown."""
    labels = _all_labels(stats)
    is_wanted = NameFilter(patterns)
    elements: dict[str, list[int]] = {}
    for number, label in labels.items():
        if is_wanted(label):
            elements.setdefault(label.partition(ELEMENT)[0], []).append(number)
    kinds = kinds_of(labels.values())
    rows = []
    for base, numbers in elements.items():
        meta = stats.names.meta(numbers[0])
        rows.append((base, kinds[base], len(numbers), meta.unit, meta.description))
    columns = ("name", "kind", "lines", "unit", "description")
    return Listing(f"{stats.where}: {len(rows)} names", columns, tuple(rows))


def _all_labels(stats: StatsFile) -> dict[int, str]:
    """Return the names that have a value in any dump, by number."""
    numbers: set[int] = set()
    for dump in stats:
        numbers.update(dump.ids.tolist())
    return {number: stats.names.label(number) for number in sorted(numbers)}


def frame_listing(frame: Frame, title: str, label: str) -> Listing:
    """Return a frame; notes say which cells no file gave."""
    units = any(frame.units)
    rows: list[tuple[str | float | None, ...]] = []
    absent = {(cell.row, cell.column) for cell in frame.filled if math.isnan(cell.value)}
    for row, values in zip(frame.rows, frame.values.tolist(), strict=True):
        cells = [
            None if (row, column) in absent else int(value) if value.is_integer() else value
            for column, value in zip(frame.columns, values, strict=True)
        ]
        rows.append((row, *cells))
    notes = _filled_notes(frame)
    if units:
        named = zip(frame.columns, frame.units, strict=True)
        notes = ("units: " + ", ".join(f"{name} {unit or '?'}" for name, unit in named), *notes)
    return Listing(title, (label, *frame.columns), tuple(rows), notes)


def _filled_notes(frame: Frame) -> tuple[str, ...]:
    by_column: dict[str, list[str]] = {}
    for cell in frame.filled:
        by_column.setdefault(cell.column, []).append(cell.row)
    return tuple(
        f"absent: {name} in {len(rows)} of {len(frame.rows)} ({', '.join(rows[:3])}"
        f"{', ...' if len(rows) > 3 else ''})"
        for name, rows in by_column.items()
    )


def metrics_listing(
    values: Iterable[MetricValue], title: str, refusals: Iterable[str] = ()
) -> Listing:
    """Return the metrics that a dump has, what they were made of, and which it lacks."""
    values = list(values)
    rows = tuple(
        (
            each.metric.name,
            each.value,
            each.unit,
            "yes" if each.is_unit_checked else "no units",
            _sources(each),
        )
        for each in values
        if each.is_there
    )
    lacking = [each.metric.name for each in values if not each.is_there]
    notes = (f"not in this dump: {', '.join(lacking)}",) if lacking else ()
    notes = (*notes, *(f"refused: {each}" for each in refusals))
    return Listing(title, ("metric", "value", "unit", "unit checked", "from"), rows, notes)


def _sources(value: MetricValue) -> str:
    names = list(dict.fromkeys(value.names))
    more = f" and {len(names) - _SHOWN_SOURCES} more" if len(names) > _SHOWN_SOURCES else ""
    return ", ".join(names[:_SHOWN_SOURCES]) + more


def declarations_listing(metrics: Iterable[Metric]) -> Listing:
    """Return the metrics that there are."""
    rows = tuple((each.name, each.unit, len(each.formulas), each.text) for each in metrics)
    return Listing("Metrics", ("metric", "unit", "formulas", "what it is"), rows)


def differences_listing(differences: Sequence[Difference], title: str) -> Listing:
    """Return two dumps side by side."""
    rows = tuple(
        (
            each.name,
            each.first,
            each.second,
            _number(each.absolute),
            _number(each.ratio - 1),
        )
        for each in differences
    )
    return Listing(title, ("name", "A", "B", "B-A", "(B-A)/A"), rows)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
