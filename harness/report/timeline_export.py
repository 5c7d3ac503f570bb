"""Writes a run's timeline as a trace file beside it."""

from __future__ import annotations

import gzip
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from harness.report.trace_events import trace_json
from harness.run.directory import TIMELINE, disk_error, find_run
from harness.run.result import read_result
from harness.stats.timeline import read_timeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT_NAME = "trace.json"
COMPRESSED = ".gz"
_LEVEL = 6


def export_timeline(run: str | Path, output: Path | None = None) -> tuple[Path, int]:
    """Write the trace, compressed if its name ends in .gz; return its path and the records."""
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
