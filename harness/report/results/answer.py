"""An answer of SQL as text: aligned table, CSV or JSON; or as a parquet file."""

from __future__ import annotations

import csv
import io
import json
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from harness.base.optional_package import require_package
from harness.report.table import Table

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = ("table", "csv", "json", "parquet")


def answer_table(answer: Any) -> Table:
    """Return an arrow table for people; numbers stand flush right."""
    arrow = require_package("pyarrow", "results")
    is_number = [
        arrow.types.is_integer(kind)
        or arrow.types.is_floating(kind)
        or arrow.types.is_decimal(kind)
        for kind in answer.schema.types
    ]
    columns = tuple(
        f">{name}" if number else name
        for name, number in zip(answer.schema.names, is_number, strict=True)
    )
    return Table("", columns, tuple(tuple(map(_cell, row)) for row in _rows(answer)))


def answer_csv(answer: Any) -> str:
    """Return CSV with a heading; NULL is an empty field."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(answer.schema.names)
    for row in _rows(answer):
        writer.writerow(["" if value is None else _plain(value) for value in row])
    return stream.getvalue()


def answer_json(answer: Any) -> str:
    """Return a list of objects; NaN and infinities, which JSON lacks, are null."""
    names = answer.schema.names
    rows = [
        dict(zip(names, (_finite(_plain(value)) for value in row), strict=True))
        for row in _rows(answer)
    ]
    return json.dumps(rows, indent=1, default=str) + "\n"


def write_parquet(answer: Any, path: Path) -> None:
    """Write the answer as a parquet file, whole or not at all."""
    parquet = require_package("pyarrow.parquet", "results")
    temporary = path.with_name(f".{path.name}.part")
    try:
        parquet.write_table(answer, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _rows(answer: Any) -> list[tuple[Any, ...]]:
    columns = [column.to_pylist() for column in answer.columns]
    return list(zip(*columns, strict=True))


def _plain(value: Any) -> Any:
    """Turn sums of whole numbers, which are decimals of 38 digits, into whole numbers."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cell(value: Any) -> str:
    plain = _plain(value)
    if plain is None:
        return ""
    return f"{plain:.6g}" if isinstance(plain, float) else str(plain)
