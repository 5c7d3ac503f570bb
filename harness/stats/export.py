"""A file's statistics as one long table: parquet, arrow, pandas, polars, CSV, JSON."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any, TextIO

from harness.base.optional_package import require_package
from harness.stats.kinds import kinds_of
from harness.stats.names import ELEMENT
from harness.stats.reader import StatsFile, open_stats
from harness.stats.writer import format_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from harness.stats.dump import Dump

COLUMNS = ("dump", "name", "base", "element", "value", "unit", "kind")
"""Of the long table: number of the dump, full name, the name before "::" and what follows it (null
for scalars), the value, gem5's unit (empty where the file has none), the kind (see `kinds`)."""

_BATCH_DUMPS = 16


class LongTable:
    """Rows of the long table, dump by dump; memory is that of a batch of dumps."""

    def __init__(
        self,
        stats: StatsFile,
        patterns: Iterable[str] | None = None,
        dumps: Sequence[int] | None = None,
    ) -> None:
        self._stats = stats
        self._patterns = None if patterns is None else tuple(patterns)
        every = range(len(stats.dumps))  # the index; it also brings all names
        self._dumps = every if dumps is None else dumps
        self._kinds: dict[str, str] = {}
        self._known_names = 0
        self._facts: dict[int, tuple[str, str, str | None, str, str]] = {}

    def dumps(self) -> Iterator[tuple[int, Dump]]:
        """Yield the dumps with their numbers."""
        chosen = set(self._dumps)
        if len(chosen) == 1:
            index = next(iter(chosen))
            yield index, next(self._stats.read(self._patterns, [index]))
            return
        for index, dump in enumerate(self._stats.read(self._patterns)):
            if index in chosen:
                yield index, dump

    def rows(self) -> Iterator[tuple[int, str, str, str | None, float, str, str]]:
        """Yield the rows, in file order."""
        for index, dump in self.dumps():
            for row, number in enumerate(dump.ids.tolist()):
                name, base, element, unit, kind = self._fact(number)
                yield index, name, base, element, dump.at(row), unit, kind

    def _fact(self, number: int) -> tuple[str, str, str | None, str, str]:
        known = self._facts.get(number)
        if known is None:
            name = self._stats.names.label(number)
            base, mark, element = name.partition(ELEMENT)
            unit = self._stats.names.meta(number).unit
            kind = self._all_kinds()[base]
            known = name, base, element if mark else None, unit, kind
            self._facts[number] = known
        return known

    def _all_kinds(self) -> dict[str, str]:
        """Return the kinds by base; the elements of one-line forms are known once they are read."""
        labels = self._stats.names.labels()
        if len(labels) != self._known_names:
            self._kinds, self._known_names = kinds_of(labels), len(labels)
        return self._kinds

    def batches(self) -> Iterator[Any]:
        """Yield arrow tables of some dumps each."""
        pa = _arrow()
        schema = arrow_schema()
        held: list[Any] = []
        for index, dump in self.dumps():
            facts = list(zip(*map(self._fact, dump.ids.tolist()), strict=True)) or [()] * 5
            names, bases, elements, units, kinds = facts
            arrays = [pa.array([index] * len(dump), pa.int32())]
            arrays += [pa.array(column, pa.string()) for column in (names, bases, elements)]
            arrays += [pa.array(dump.values), pa.array(units, pa.string())]
            arrays.append(pa.array(kinds, pa.string()))
            held.append(pa.Table.from_arrays(arrays, schema=schema))
            if len(held) == _BATCH_DUMPS:
                yield pa.concat_tables(held)
                held = []
        yield pa.concat_tables([*held, schema.empty_table()])


def arrow_schema() -> Any:
    """Return the long table's types."""
    pa = _arrow()
    types = (pa.int32(), *[pa.string()] * 3, pa.float64(), *[pa.string()] * 2)
    return pa.schema(
        [
            pa.field(name, each, nullable=name == "element")
            for name, each in zip(COLUMNS, types, strict=True)
        ]
    )


def write_parquet(source: StatsFile | Path | str, output: Path | str, **choice: Any) -> int:
    """Write statistics as parquet and return the number of rows.

    Args:
        source: An open file, or the path of one or of a run's directory.
        output: The file to write; replaced if it is there.
        choice: `patterns` and `dumps`, as for `StatsFile.read`.

    Raises:
        StatsError: The statistics cannot be read.
        SpecError: pyarrow is not installed.
    """
    parquet = require_package("pyarrow.parquet", "results")
    table = LongTable(_opened(source), **choice)
    rows = 0
    with parquet.ParquetWriter(str(output), arrow_schema(), compression="zstd") as writer:
        for batch in table.batches():
            writer.write_table(batch)
            rows += batch.num_rows
    return rows


def to_arrow(source: StatsFile | Path | str, **choice: Any) -> Any:
    """Return the long table as arrow; `.to_pandas()` and `polars.from_arrow` go on from there."""
    return _arrow().concat_tables(LongTable(_opened(source), **choice).batches())


def to_pandas(source: StatsFile | Path | str, **choice: Any) -> Any:
    """Return the long table as a pandas DataFrame."""
    pandas = require_package("pandas", "results")
    return pandas.DataFrame(LongTable(_opened(source), **choice).rows(), columns=list(COLUMNS))


def to_polars(source: StatsFile | Path | str, **choice: Any) -> Any:
    """Return the long table as a polars DataFrame."""
    return require_package("polars", "results").from_arrow(to_arrow(source, **choice))


def write_csv(source: StatsFile | Path | str, stream: TextIO, **choice: Any) -> int:
    """Write statistics as CSV; whole numbers exactly, others with the digits that keep them.

    NaN and infinities are gem5's words: nan, inf, -inf. A scalar's element is empty.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for index, name, base, element, value, unit, kind in LongTable(
        _opened(source), **choice
    ).rows():
        writer.writerow((index, name, base, element or "", exact_text(value), unit, kind))
        count += 1
    return count


def write_json(source: StatsFile | Path | str, stream: TextIO, **choice: Any) -> int:
    """Write statistics as one JSON array of objects with the long table's columns.

    Strict JSON has no NaN and no infinities: they are the strings "nan", "inf" and "-inf".
    """
    rows = LongTable(_opened(source), **choice).rows()
    count = 0
    stream.write("[")
    for *facts, value, unit, kind in rows:
        entry = dict(zip(COLUMNS, (*facts, json_number(value), unit, kind), strict=True))
        stream.write(("," if count else "") + "\n" + json.dumps(entry, allow_nan=False))
        count += 1
    stream.write("\n]\n")
    return count


def exact_text(value: float) -> str:
    """Return the shortest text that reads back as the same number."""
    return repr(value) if isinstance(value, float) and math.isfinite(value) else format_value(value)


def json_number(value: float) -> float | str:
    """Return what stands for a number in strict JSON."""
    return value if math.isfinite(value) else format_value(value)


def _opened(source: StatsFile | Path | str) -> StatsFile:
    return source if isinstance(source, StatsFile) else open_stats(source)


def _arrow() -> Any:
    return require_package("pyarrow", "results")
