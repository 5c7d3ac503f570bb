"""The long table in every format says the same."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import TYPE_CHECKING

import pytest

from harness.stats.export import (
    COLUMNS,
    to_arrow,
    to_pandas,
    to_polars,
    write_csv,
    write_json,
    write_parquet,
)
from harness.stats.reader import parse_stats
from tests.stats.big_text import whole_dump
from tests.stats.gem5_text import BEGIN, END

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "".join(whole_dump(seed) for seed in range(3)) + f"{BEGIN}{END}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "stats.txt").write_text(TEXT)
    return tmp_path


def _expected() -> list[tuple[int, str, float]]:
    return [
        (index, name, value)
        for index, dump in enumerate(parse_stats(TEXT))
        for name, value in dump.items()
    ]


def _assert_is_expected(rows: list[tuple[int, str, float]]) -> None:
    assert repr(rows) == repr(_expected())  # NaN equals NaN there


def test_parquet_has_the_columns_that_queries_rely_on(path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = write_parquet(path, path / "stats.parquet")
    table = parquet.read_table(path / "stats.parquet")

    assert rows == table.num_rows == len(_expected())
    types = [str(field.type) for field in table.schema]
    assert tuple(table.schema.names) == COLUMNS
    assert types == ["int32", "string", "string", "string", "double", "string", "string"]
    for mine, (index, name, value) in zip(table.to_pylist(), _expected(), strict=True):
        base, mark, element = name.partition("::")
        assert (mine["dump"], mine["name"], mine["base"]) == (index, name, base)
        assert mine["element"] == (element if mark else None)
        assert mine["value"] == value or math.isnan(value)
    kinds = {row["base"].rsplit(".", 1)[-1]: row["kind"] for row in table.to_pylist()}
    assert (kinds["simTicks"], kinds["opClass"]) == ("scalar", "vector")
    assert (kinds["lat"], kinds["delay_hist"]) == ("distribution", "vector")


def test_parquet_is_the_same_bytes_each_time(path: Path) -> None:
    pytest.importorskip("pyarrow")
    for name in ("a.parquet", "b.parquet"):
        write_parquet(path, path / name)
    assert (path / "a.parquet").read_bytes() == (path / "b.parquet").read_bytes()


def test_dumps_and_names_can_be_chosen(path: Path) -> None:
    stream = io.StringIO()
    count = write_csv(path, stream, patterns=["simTicks"], dumps=[1])
    rows = list(csv.DictReader(io.StringIO(stream.getvalue())))

    assert count == len(rows) == 1
    assert rows[0] == {
        "dump": "1",
        "name": "simTicks",
        "base": "simTicks",
        "element": "",
        "value": str(parse_stats(TEXT)[1]["simTicks"]),
        "unit": "Tick",
        "kind": "scalar",
    }


def test_csv_reads_back_exactly(path: Path) -> None:
    stream = io.StringIO()
    write_csv(path, stream)
    rows = csv.DictReader(io.StringIO(stream.getvalue()))

    _assert_is_expected([(int(r["dump"]), r["name"], _number(r["value"])) for r in rows])


def test_json_is_strict_and_reads_back_exactly(path: Path) -> None:
    stream = io.StringIO()
    write_json(path, stream)
    rows = json.loads(stream.getvalue(), parse_constant=pytest.fail)

    _assert_is_expected([(r["dump"], r["name"], _number(str(r["value"]))) for r in rows])


def _number(text: str) -> float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def test_frames_of_other_libraries_have_the_same_rows(path: Path) -> None:
    pytest.importorskip("pyarrow")
    expected = len(_expected())

    assert to_arrow(path).num_rows == expected
    pytest.importorskip("polars")
    assert to_polars(path).shape == (expected, len(COLUMNS))
    pytest.importorskip("pandas")
    frame = to_pandas(path)
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == expected
