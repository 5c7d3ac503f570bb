"""Tables of gem5 runs that `harness run` did not make: metrics of every dump."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.analysis.dump_series import dump_series
from harness.report.page.content import Cell, PageTable, number_cell, ticks_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.report.analysis.dump_series import DumpSeries
    from harness.report.results.record import RunRecord


def dump_tables(records: Sequence[RunRecord]) -> list[PageTable]:
    """Return the dumps of one run, or the last dump of each of several."""
    is_one = len(records) == 1
    read = [
        (record, dump_series(record.stats, only_last=not is_one))
        for record in records
        if record.result is None and record.dumped_ticks is not None and record.stats
    ]
    if not read:
        return []
    table = _all_dumps(read[0][1]) if is_one else _last_dumps(read)
    return [table, metrics_table(read[0][1])]


def _all_dumps(data: DumpSeries) -> PageTable:
    columns = ("dump", "written at", "about", *(f"{e.name} ({e.unit})" for e in data.series), "")
    rows = tuple(
        (
            number_cell(index),
            ticks_cell(data.final_ticks[index]),
            ticks_cell(data.ticks[index]),
            *(_value(each.values[index]) for each in data.series),
            Cell("" if data.is_complete[index] else "cut off"),
        )
        for index in range(len(data))
    )
    note = "Empty: the dump lacks what the metric needs." + _refusals(data)
    return PageTable("dumps-table", "Dumps", columns, rows, note)


def _refusals(data: DumpSeries) -> str:
    return "".join(f" No {name}: {why}." for name, why in data.refused.items())


def metrics_table(data: DumpSeries) -> PageTable:
    """Return what the metrics are."""
    rows = tuple((Cell(each.name), Cell(each.unit), Cell(each.text)) for each in data.series)
    return PageTable("metrics", "Metrics", ("metric", "unit", "what it is"), rows)


def _last_dumps(read: Sequence[tuple[RunRecord, DumpSeries]]) -> PageTable:
    names = list(dict.fromkeys((each.name, each.unit) for _, data in read for each in data.series))
    rows = []
    for record, data in read:
        last = {(each.name, each.unit): each.values[-1] for each in data.series}
        rows.append(
            (
                Cell(record.name),
                *(_value(last.get(key)) for key in names),
                Cell("" if data.is_complete[-1] else "cut off"),
            )
        )
    columns = ("run", *(f"{name} ({unit})" for name, unit in names), "")
    return PageTable("dumps-table", "Last dumps", columns, tuple(rows))


def _value(value: float | None) -> Cell:
    """Return whole numbers whole, others with six digits."""
    return number_cell(value, "," if isinstance(value, int) else ".6g")
