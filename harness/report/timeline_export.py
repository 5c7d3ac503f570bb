"""Writes a run's timeline as a trace file beside it."""

from __future__ import annotations

import gzip
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from harness.base.errors import StatsError
from harness.report.analysis.dump_series import dump_series
from harness.report.dump_trace import dump_trace_json
from harness.report.results.collection import Kind, find_runs, find_stats
from harness.report.trace_events import trace_json
from harness.run.directory import TIMELINE, disk_error, find_run
from harness.run.result import read_result
from harness.stats.timeline import read_timeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.report.results.collection import FoundRun

DEFAULT_NAME = "trace.json"
COMPRESSED = ".gz"
_LEVEL = 6


def export_timeline(run: str | Path, output: Path | None = None) -> tuple[Path, int]:
    """Write the trace, compressed if its name ends in .gz; return its path and the records.

    A run of `harness run` has a timeline; of any other gem5 run, the dumps become counters.

    Raises:
        SpecError: That is no run.
        StatsError: It left no timeline, or statistics with fewer than two dumps.
        BackendError: The trace cannot be written.
    """
    found = find_runs([run])
    if len(found) == 1 and found[0].kind is not Kind.RUN:
        return _export_dumps(found[0], output)
    directory = find_run(run)
    result = read_result(directory)
    records = read_timeline(directory / TIMELINE)
    path = output or directory / DEFAULT_NAME
    title = result.setting.get("graph", "")
    whole = result.breakdown
    window = None if whole is None or not whole.ticks else (whole.begin_tick, whole.end_tick)
    pieces = trace_json(records, result.operators, result.units, title, window)
    write_trace(path, pieces)
    return path, len(records)


def _export_dumps(found: FoundRun, output: Path | None) -> tuple[Path, int]:
    stats = find_stats(found.path)
    data = None if stats is None else dump_series(stats)
    if stats is None or data is None or len(data) < 2:
        raise StatsError(
            "no timeline: gem5 by itself records none, and counters need several dumps",
            where=str(found.path),
            got=f"{len(data)} dump" if data is not None else "no stats.txt",
            way_out="let the script dump statistics periodically, such as by periodicStatDump",
        )
    folder = stats.parent if found.path.is_file() else found.path
    path = output or folder / DEFAULT_NAME
    write_trace(path, dump_trace_json(data, found.name))
    return path, len(data)


def write_trace(path: Path, pieces: Iterator[str]) -> None:
    """Write a trace whole or not at all; the same trace gives the same bytes, compressed too.

    Raises:
        BackendError: It cannot be written.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with _opened(temporary, is_compressed=path.name.endswith(COMPRESSED)) as stream:
            stream.writelines(pieces)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_error(error, path) from error


@contextmanager
def _opened(path: Path, *, is_compressed: bool) -> Iterator[TextIO]:
    if not is_compressed:
        with path.open("w", encoding="utf-8") as stream:
            yield stream
        return
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8") as stream,
    ):
        yield stream
