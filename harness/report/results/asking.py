"""What `harness results` does: checks what was asked, answers, prints or writes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness.base.errors import SpecError
from harness.report.results.answer import (
    FORMATS,
    answer_csv,
    answer_json,
    answer_table,
    write_parquet,
)
from harness.report.results.collection import find_runs
from harness.report.results.database import query_runs
from harness.report.results.record import read_record
from harness.report.results.views import VIEWS
from harness.report.table import Table, plain_lines, print_table
from harness.run.directory import disk_error

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def ask(query: str | None, places: Sequence[str], file_format: str, output: Path | None) -> None:
    """Answer a query over the runs of these places.

    Raises:
        SpecError: No query, an unknown format, or no runs.
        StatsError: The query is wrong.
        BackendError: The output cannot be written.
    """
    if query is None:
        raise SpecError(
            "harness results needs a query",
            expected="harness results 'select run, latency_ms from runs' [RUN]...",
            way_out="`harness results --schema` shows what can be asked",
        )
    if file_format not in FORMATS:
        raise SpecError("--format: unknown value", expected=" or ".join(FORMATS), got=file_format)
    if file_format == "parquet" and output is None:
        raise SpecError("--format parquet needs --output FILE: it is no text")
    answer = query_runs(query, [read_record(found) for found in find_runs(places)])
    try:
        if output is not None and file_format == "parquet":
            write_parquet(answer, output)
        elif output is not None:
            output.write_text(_text(answer, file_format), encoding="utf-8")
        elif file_format == "table":
            print_table(answer_table(answer))
        else:
            sys.stdout.write(_text(answer, file_format))
    except OSError as error:
        if output is None:
            raise
        raise disk_error(error, output) from error


def _text(answer: object, file_format: str) -> str:
    if file_format == "csv":
        return answer_csv(answer)
    if file_format == "json":
        return answer_json(answer)
    return "\n".join([*plain_lines(answer_table(answer)), ""])


def print_schema() -> None:
    """Print every view with its columns."""
    for view in VIEWS:
        rows = tuple((each.name, each.type.lower(), each.meaning) for each in view.columns)
        print_table(Table(f"{view.name}: {view.meaning}", ("column", "type", "meaning"), rows))
