"""Answers SQL from the views, in memory: nothing on disk can be changed or read by a query."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from harness.base.errors import StatsError
from harness.base.optional_package import require_package
from harness.report.results.rows import rows_of
from harness.report.results.scalars import scalar_number
from harness.report.results.stats_files import stats_dataset
from harness.report.results.views import (
    FLAG,
    PARAMETER_PREFIX,
    REAL,
    STATS,
    TABLES,
    TEXT,
    VIEWS,
    WHOLE,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.report.results.record import RunRecord
    from harness.report.results.views import View

_SETTINGS: Mapping[str, Any] = {
    "enable_external_access": False,  # no files, no network, no extensions
    "python_enable_replacements": False,  # a name means a view, never a variable of ours
    "threads": 1,  # rows come in the same order every time
}


def query_runs(sql: str, records: Sequence[RunRecord]) -> Any:
    """Return the answer of one SELECT as an arrow table.

    Raises:
        StatsError: The query is not one SELECT, or is wrong.
        SpecError: An extra is not installed.
    """
    duckdb = require_package("duckdb", "results")
    with duckdb.connect(":memory:", config=dict(_SETTINGS)) as connection:
        try:
            _check_is_one_select(duckdb, connection, sql)
            mentioned = set(re.findall(r"\w+", sql.lower()))  # a few too many do no harm
            for view in TABLES:
                if view.name in mentioned:
                    connection.register(view.name, table_of(view, records))
            if STATS.name in mentioned:
                connection.register(STATS.name, stats_dataset(records))
            return connection.sql(sql).to_arrow_table()
        except duckdb.InterruptException as error:
            raise KeyboardInterrupt from error
        except duckdb.Error as error:
            raise _query_error(error) from error


def _check_is_one_select(duckdb: Any, connection: Any, sql: str) -> None:
    statements = connection.extract_statements(sql)
    allowed = {duckdb.StatementType.SELECT}
    if len(statements) != 1 or statements[0].type not in allowed:
        kinds = ", ".join(str(each.type).rpartition(".")[2] for each in statements)
        raise StatsError(
            "a query is one SELECT: results are read, never changed",
            got=kinds or "nothing",
        )


def _query_error(error: Exception) -> StatsError:
    text = str(error).strip()
    names = ", ".join(view.name for view in VIEWS)
    return StatsError(
        f"the query failed: {text}",
        way_out=f"`harness results --schema` shows the columns of the views {names}",
    )


def table_of(view: View, records: Sequence[RunRecord]) -> Any:
    """Return a view's rows over all runs as an arrow table."""
    arrow = require_package("pyarrow", "results")
    types = {TEXT: arrow.string(), WHOLE: arrow.int64(), REAL: arrow.float64(), FLAG: arrow.bool_()}
    columns = [(column.name, types[column.type]) for column in view.columns]
    rows = [row for record in records for row in rows_of(view.name, record)]
    if view.name == "runs":
        extra = parameter_columns(records)
        for row, record in zip(rows, records, strict=True):
            for column, name in extra.items():
                row[column] = record.found.parameters.get(name)
        columns += [(column, _parameter_type(arrow, rows, column)) for column in extra]
    return arrow.Table.from_pylist(
        [{name: _typed(row.get(name), kind, arrow) for name, kind in columns} for row in rows],
        schema=arrow.schema(columns),
    )


def parameter_columns(records: Sequence[RunRecord]) -> dict[str, str]:
    """Return the columns of `runs` for swept parameters, and the parameter of each.

    Raises:
        StatsError: Two parameters would get the same column.
    """
    columns: dict[str, str] = {}
    names = {name: None for record in records for name in record.found.parameters}
    for name in names:
        plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
        column = PARAMETER_PREFIX + plain
        if column in columns:
            raise StatsError(
                "two parameters get the same column in `runs`",
                got=f"{columns[column]} and {name}",
                way_out="query the sweeps one by one",
            )
        columns[column] = name
    return columns


def _parameter_type(arrow: Any, rows: Sequence[Mapping[str, Any]], column: str) -> Any:
    """Take numbers if all values are numbers, without rounding; words otherwise."""
    values = [row[column] for row in rows if row[column] is not None]
    if all(isinstance(value, bool) for value in values):
        return arrow.bool_()
    if all(type(value) is int for value in values):
        return arrow.int64()
    is_number = all(type(value) in {int, float} for value in values)
    return arrow.float64() if is_number else arrow.string()


def _typed(value: Any, kind: Any, arrow: Any) -> Any:
    if value is None:
        return None
    if kind == arrow.string():
        return str(value)
    if kind == arrow.float64():
        return scalar_number(value)
    return value
