"""One table of a sweep: a row for every point, its values first, then what came out of it.

Nothing of hosts, times or the order of events is in it: the same results give the same bytes.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError, StatsError
from harness.run.result import read_result
from harness.stats.phases import Phase
from harness.stats.reader import read_stats
from harness.sweep.description.point import RUN
from harness.sweep.state.point_state import Phase as StateOf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.run.result import RunResult
    from harness.sweep.description.point import Point
    from harness.sweep.state.state_table import StateTable

STATS_PLACES = ("stats.txt", "m5out/stats.txt", "stats.txt.gz", "m5out/stats.txt.gz")
FORMATS = (".csv", ".parquet")
Row = dict[str, Any]


def collect(table: StateTable, statistics: Sequence[str] = ()) -> list[Row]:
    """Return the rows, in the points' order, all with the same columns in the same order.

    Args:
        table: The states.
        statistics: Shell patterns of names in the last dump of each point's stats.txt.

    Raises:
        StatsError: A point's result cannot be read.
    """
    rows = [_row(table, point, statistics) for point in table.directory.points]
    names: dict[str, None] = {}
    for group in ("point", "parameter", "state", "result", "statistic"):
        for row in rows:
            names.update(dict.fromkeys(name for kind, name in row if kind == group))
    plain = [{name: value for (_, name), value in row.items()} for row in rows]
    return [{name: row.get(name) for name in names} for row in plain]


def _row(table: StateTable, point: Point, statistics: Sequence[str]) -> dict[tuple[str, str], Any]:
    state = table.states[point.id]
    place = table.directory.place(point)
    row: dict[tuple[str, str], Any] = {}
    row |= {("point", "id"): point.id, ("point", "index"): point.index}
    row |= {("parameter", name): value for name, value in point.parameters.items()}
    results: Row = {}
    is_good = state.phase is StateOf.SUCCEEDED  # numbers of a run that was cut off mislead
    if is_good and point.kind == RUN:
        results = _result(read_result(place))
    ending = state.ending.value if state.ending is not None else ""
    cause = state.end.exit_cause if state.end is not None else ""
    facts: Row = {"state": state.phase.value, "ending": ending, "exit_cause": cause}
    facts["attempts"] = state.attempts
    # A value of the sweep may have the name of a column; it keeps it, the column gets a suffix.
    taken = {"id", "index", *point.parameters}
    row |= {("state", _free(name, taken)): value for name, value in facts.items()}
    row |= {("result", _free(name, taken)): value for name, value in results.items()}
    found = _statistics(place, statistics) if is_good and statistics else {}
    return row | {("statistic", name): value for name, value in found.items()}


def _free(name: str, taken: set[str]) -> str:
    return f"{name}_" if name in taken else name


def _result(result: RunResult) -> Row:
    row: Row = {"final_tick": result.final_tick, "exchanges": result.exchanges}
    if result.breakdown is not None:
        row["latency_ticks"] = result.breakdown.ticks
        row |= {f"{p.label}_ticks": result.breakdown.phases[p.label] for p in Phase}
    row |= {f"{energy.name}_joules": energy.joules for energy in result.energies}
    return row


def _statistics(place: Path, patterns: Sequence[str]) -> Mapping[str, float]:
    path = next((place / name for name in STATS_PLACES if (place / name).is_file()), None)
    if path is None or not path.stat().st_size:
        return {}
    try:
        dumps = [dump for dump in read_stats(path) if dump.is_complete]
    except StatsError:
        return {}
    if not dumps:
        return {}
    return {line.name: line.value for each in patterns for line in dumps[-1].matching(each)}


def to_csv(rows: Sequence[Row]) -> str:
    """Return rows as CSV; what a row has not is an empty field."""
    stream = io.StringIO()
    names = list(rows[0]) if rows else []
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_field(row[name]) for name in names] for row in rows)
    return stream.getvalue()


def _field(value: Any) -> Any:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value


def write_table(rows: Sequence[Row], path: Path) -> None:
    """Write rows to a .csv or .parquet file.

    Raises:
        SpecError: The name ends otherwise, or pyarrow is not installed.
    """
    if path.suffix not in FORMATS:
        raise SpecError("no such table format", where=str(path), expected=" or ".join(FORMATS))
    temporary = path.with_name(f".{path.name}.part")
    if path.suffix == ".csv":
        temporary.write_text(to_csv(rows))
    else:
        _write_parquet(rows, temporary)
    temporary.replace(path)


def _write_parquet(rows: Sequence[Row], path: Path) -> None:
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise SpecError(
            "parquet files need pyarrow", way_out="pip install pyarrow, or write .csv"
        ) from error
    names = list(rows[0]) if rows else []
    columns = {name: _column([row[name] for row in rows]) for name in names}
    parquet.write_table(pa.table(columns), path)


def _column(values: list[Any]) -> list[Any]:
    """Return values of one type; an axis of mixed types becomes text."""
    kinds = {type(each) for each in values if each is not None}
    if kinds <= {int, float} or len(kinds) <= 1:
        return [float(v) if len(kinds) == 2 and v is not None else v for v in values]
    return [None if each is None else str(_field(each)) for each in values]
