"""Two runs side by side: settings that differ, phases, operators, outputs, statistics."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.base.units import format_ticks
from harness.report.table import Table
from harness.stats.comparison import compare_dumps
from harness.stats.phases import ROLL_UP
from harness.stats.writer import format_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.run.result import RunResult
    from harness.stats.breakdown import Breakdown
    from harness.stats.reader import Dump

    Named = tuple[str, RunResult]

_TICK_COLUMNS = (">A", ">B", ">B-A", ">B/A")


def compare_runs(first: Named, second: Named) -> list[Table]:
    """Return the tables that compare two runs' results."""
    one, other = first[1], second[1]
    tables = [_settings(first, second)]
    if max(len(one.latencies), len(other.latencies), one.load_ticks, other.load_ticks) > 1:
        tables.append(_inferences(one, other))
    if one.breakdown is not None and other.breakdown is not None:
        tables += [
            _phases(one.breakdown, other.breakdown),
            _operators(one.breakdown, other.breakdown),
        ]
    return tables


def compare_statistics(
    first: Dump, second: Dump, pattern: str, *, only_different: bool = True
) -> Table:
    """Return the statistics of two dumps line by line."""
    rows = tuple(
        (each.name, _number(each.first), _number(each.second), _ratio_text(each.ratio))
        for each in compare_dumps(first, second, pattern)
        if not (only_different and each.is_equal)
    )
    title = "Statistics that differ" if only_different else "Statistics"
    return Table(title, ("name", ">A", ">B", ">B/A"), rows)


def _settings(first: Named, second: Named) -> Table:
    (name_a, a), (name_b, b) = first, second
    facts = {
        "run": (name_a, name_b),
        "exit cause": (a.exit_cause, b.exit_cause),
        **{
            key: (str(a.setting.get(key, "")), str(b.setting.get(key, "")))
            for key in {**a.setting, **b.setting}
        },
        "backend": (a.backend, b.backend),
        "inference": (_inference(a), _inference(b)),
        "outputs": (_outputs(a), _outputs(b)),
        "program": (a.hashes.get("program", "")[:12], b.hashes.get("program", "")[:12]),
    }
    always = {"run", "exit cause", "outputs"}
    rows = tuple(
        (key, *pair, "" if pair[0] == pair[1] or key == "run" else "differs")
        for key, pair in facts.items()
        if key in always or pair[0] != pair[1]
    )
    return Table("Settings", ("", "A", "B", ""), rows)


def _outputs(result: RunResult) -> str:
    return " ".join(output.sha256[:12] for output in result.outputs)


def _inference(result: RunResult) -> str:
    return f"{result.reported + 1} of {len(result.latencies)}" if result.latencies else ""


def _inferences(first: RunResult, second: RunResult) -> Table:
    """Return loading, the first inference, with cold caches and pages, and the last."""
    rows = []
    if first.load_ticks or second.load_ticks:
        rows.append(_tick_row("load, before them", first.load_ticks, second.load_ticks))
    if first.latencies and second.latencies:
        for name, index in (("cold (first)", 0), ("warm (last)", -1)):
            rows.append(_tick_row(name, first.latencies[index], second.latencies[index]))
    return Table("Inferences", ("", *_TICK_COLUMNS), tuple(rows))


def _phases(first: Breakdown, second: Breakdown) -> Table:
    rows = [_tick_row("total", first.ticks, second.ticks)]
    for part, phases in ROLL_UP.items():
        rows.append(_tick_row(part, first.roll_up[part], second.roll_up[part]))
        rows += [
            _tick_row(f"  {phase.label}", first.phases[phase.label], second.phases[phase.label])
            for phase in phases
            if first.phases[phase.label] or second.phases[phase.label]
        ]
    strong = {0} | {i for i, row in enumerate(rows) if row[0] in ROLL_UP}
    return Table("Phases", ("phase", *_TICK_COLUMNS), tuple(rows), frozenset(strong))


def _operators(first: Breakdown, second: Breakdown) -> Table:
    a = {time.name: time.ticks for time in first.operators}
    b = {time.name: time.ticks for time in second.operators}
    return Table("Operators", ("operator", *_TICK_COLUMNS), tuple(_rows(a, b)))


def _rows(a: Mapping[str, int], b: Mapping[str, int]) -> Iterable[tuple[str, ...]]:
    for name in {**a, **b}:
        yield _tick_row(name, a.get(name, 0), b.get(name, 0))


def _tick_row(name: str, first: int, second: int) -> tuple[str, ...]:
    ratio = second / first if first else math.nan
    difference = second - first
    sign = "-" if difference < 0 else "+" if difference else ""
    return (
        name,
        format_ticks(first),
        format_ticks(second),
        f"{sign}{format_ticks(abs(difference))}",
        _ratio_text(ratio),
    )


def _number(value: float | None) -> str:
    return "" if value is None else format_value(value)


def _ratio_text(ratio: float) -> str:
    return "" if math.isnan(ratio) else f"{ratio:.4f}"
