"""A launch's outcome for people: what came out, and why it failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.base.units import format_bytes, format_ticks
from harness.run.launch.places import OUTDIR, STDERR, STDOUT
from harness.run.launch.terminals import terminal_files

if TYPE_CHECKING:
    from pathlib import Path

    from harness.run.launch.launch import FinishedLaunch

_TAIL_LINES = 10
_TAIL_BYTES = 64 << 10
_CHATTER = re.compile(r"(\S+:\d+: )?(warn|info|hack): ")
_BACKTRACE = ("--- BEGIN LIBC BACKTRACE", "--- END LIBC BACKTRACE")


def summary_lines(finished: FinishedLaunch) -> list[str]:
    """Return the outcome, in aligned lines."""
    outcome = finished.outcome
    dumps = f"{outcome.dumps} complete dump{'s' if outcome.dumps != 1 else ''}"
    names = ", ".join(f"{OUTDIR}/{name}" for name in outcome.stats[:3])
    lines = [
        ("directory", str(finished.directory)),
        ("ending", outcome.ending.value),
        ("exit cause", outcome.exit_cause or "the script did not tell"),
        ("simulated", f"{format_ticks(outcome.ticks)} ({outcome.ticks} ticks)"),
        ("statistics", f"{dumps} in {names}" if names else dumps),
        (
            "host",
            f"{outcome.host_seconds:.1f} s, {outcome.cpu_seconds:.1f} s of CPU,"
            f" {format_bytes(outcome.peak_memory_bytes)} of memory at most",
        ),
        ("gem5", _gem5_text(outcome.gem5)),
    ]
    if outcome.repeats:
        same = "; ".join(outcome.differences) or "everything simulated came out the same"
        lines.append(("repeats", f"{outcome.repeats}: {same}"))
    return [f"{label:<11}  {text}" for label, text in lines]


def failure_lines(finished: FinishedLaunch) -> list[str]:
    """Return the error's message, where to look, and the last lines that were printed."""
    outdir = finished.directory / OUTDIR
    lines = [f"harness: error: {finished.outcome.ending.value}: {finished.outcome.message}"]
    where = [outdir / name for name in (STDERR, STDOUT) if (outdir / name).is_file()]
    if where:
        lines.append(f"  printed: {', '.join(str(path) for path in where)}")
    if terminals := terminal_files(outdir):
        lines.append(f"  guest's terminal: {', '.join(str(path) for path in terminals)}")
    tail = last_lines(outdir / STDERR) or last_lines(outdir / STDOUT)
    if tail:
        lines += ["  last lines:", *(f"    {line}" for line in tail)]
    return lines


def last_lines(path: Path) -> list[str]:
    """Return the last lines of a file that say something; warnings and backtraces do not."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    kept, is_trace, is_chatter = [], False, False
    for line in text.splitlines():
        if line.startswith(_BACKTRACE):
            is_trace = line.startswith(_BACKTRACE[0])
            continue
        goes_on = is_chatter and line.startswith(" ")
        is_chatter = goes_on or _CHATTER.match(line) is not None
        if line.strip() and not (is_trace or is_chatter):
            kept.append(line.rstrip())
    return kept[-_TAIL_LINES:]


def _gem5_text(gem5: dict[str, str]) -> str:
    if not gem5:
        return "did not say which it is"
    compiled = gem5.get("compiled", "")
    return gem5.get("version", "unknown") + (f", compiled {compiled}" if compiled else "")
