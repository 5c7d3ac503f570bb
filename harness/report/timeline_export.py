"""Writes a run's timeline as a trace file beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.trace_events import trace_json
from harness.run.directory import TIMELINE, disk_error, find_run
from harness.run.result import read_result
from harness.stats.timeline import read_timeline

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_NAME = "trace.json"


def export_timeline(run: str | Path, output: Path | None = None) -> tuple[Path, int]:
    """Write the trace; return its path and the number of events."""
    directory = find_run(run)
    result = read_result(directory)
    records = read_timeline(directory / TIMELINE)
    path = output or directory / DEFAULT_NAME
    pieces = trace_json(records, result.operators, result.units, result.setting.get("graph", ""))
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("w", encoding="utf-8") as stream:
            stream.writelines(pieces)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_error(error, path) from error
    return path, len(records)
