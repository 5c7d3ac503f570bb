"""`harness report` on the terminal: one run in full, or many as one table."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness.base.errors import SpecError
from harness.report.analysis.study import make_study
from harness.report.page.study_tables import configurations_table, failures_table, runs_table
from harness.report.results.collection import Kind, find_runs
from harness.report.results.record import read_record
from harness.report.run_report import print_run
from harness.report.table import Table, print_table
from harness.run.directory import find_run
from harness.run.result import read_result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.report.page.content import PageTable


def print_report(places: Sequence[str], *, json: bool) -> None:
    """Print what the places hold.

    Raises:
        SpecError: A place holds no run, or JSON is asked of more than one run.
        StatsError: A run left no result, or an unreadable one.
    """
    found = find_runs(places)
    if len(found) == 1 and found[0].kind is Kind.RUN:
        result = read_result(found[0].path)
        if json:
            sys.stdout.write(result.to_json())
        else:
            print_run(result, find_run(found[0].path))
        return
    if json:
        raise SpecError(
            "--json prints the result of one `harness run`",
            got=f"{len(found)} runs",
            way_out="harness results 'select * from runs' RUN... --format json",
        )
    records = [read_record(each) for each in found]
    study = make_study(records, {})
    tables = [runs_table(records), failures_table(records)]
    tables += [] if study is None else [configurations_table(study)]
    for table in tables:
        if table is not None:
            print_table(terminal_table(table))


def terminal_table(table: PageTable) -> Table:
    """Return a page's table for the terminal."""
    columns = tuple(
        f">{name}" if table.is_right(place) else name for place, name in enumerate(table.columns)
    )
    rows = tuple(tuple(cell.text.replace("\n", " ") for cell in row) for row in table.rows)
    return Table(table.title, columns, rows, table.strong)
