"""How fast stats.txt is read, beside what people do otherwise, on the same file in the same run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench.stats_files import FLAVOURS, write_stats
from tests.bench.table import milliseconds, print_table, ratio_text, seconds_text

FILE_BYTES = 200_000_000
REGEX_AIM = 5
LINES_AIM = 4
MEMORY_AIM_BYTES = 100_000_000
LAST_AIM_S = 0.02
_REPETITIONS = 2
_RIVALS = {"full": "regex", "selected": "regex_selected", "wildcard": "regex_wildcard"}
_ROWS = ("raw", "lines", "split", "regex", "regex_selected", "regex_wildcard")
_OWN = ("full", "selected", "wildcard", "index", "last")


@dataclass(frozen=True)
class _Reading:
    cpu_s: float
    wall_s: float
    peak_bytes: int
    count: int


def report_stats_reading() -> None:
    """Print one table a flavour."""
    with tempfile.TemporaryDirectory() as folder:
        for flavour in FLAVOURS:
            path = Path(folder) / "stats.txt"
            write_stats(path, flavour, FILE_BYTES)
            readings = {name: _best(name, path) for name in (*_ROWS, *_OWN)}
            _check_counts(readings)
            print_table(
                f"7. Reading 200 MB of stats.txt, {flavour}"
                f" (CPU time, best of {_REPETITIONS}; MB = 10^6 bytes)",
                ("reader", "CPU", "MB/s", "x regex", "x lines", "memory", "values", "aims"),
                [_row(name, readings) for name in (*_ROWS, *_OWN)],
            )


def _best(name: str, path: Path) -> _Reading:
    slow = name.startswith(("regex", "split"))
    readings = [_run(name, path) for _ in range(1 if slow else _REPETITIONS)]
    return min(readings, key=lambda each: each.cpu_s)


def _run(name: str, path: Path) -> _Reading:
    script = Path(__file__).with_name("stats_readers.py")
    argv = [sys.executable, str(script), name, str(path)]
    text = subprocess.run(argv, capture_output=True, text=True, check=True, env=os.environ).stdout
    cpu, wall, peak_kib, count = text.split()
    return _Reading(float(cpu), float(wall), int(peak_kib) * 1024, int(count))


def _check_counts(readings: dict[str, _Reading]) -> None:
    """A reader that reads something else is not compared."""
    for own, rival in _RIVALS.items():
        if readings[own].count != readings[rival].count:
            raise ValueError(f"{own} read {readings[own].count}, {rival} {readings[rival].count}")


def _row(name: str, readings: dict[str, _Reading]) -> tuple[str, ...]:
    own = readings[name]
    rival = readings[_RIVALS.get(name, "regex")]
    time = milliseconds(own.cpu_s) if name == "last" else seconds_text(own.cpu_s)
    return (
        f"harness: {name}" if name in _OWN else name,
        time,
        f"{FILE_BYTES / own.cpu_s / 1e6:,.0f}",
        ratio_text(rival.cpu_s / own.cpu_s),
        ratio_text(own.cpu_s / readings["lines"].cpu_s),
        f"{own.peak_bytes / 1e6:.0f} MB",
        f"{own.count:,}",
        _aims(name, own, rival, readings["lines"]),
    )


def _aims(name: str, own: _Reading, rival: _Reading, lines: _Reading) -> str:
    if name == "last":
        return f"< {LAST_AIM_S * 1e3:.0f} ms {_kept(own.wall_s < LAST_AIM_S)}"
    if name not in _RIVALS:
        return ""
    is_kept = rival.cpu_s / own.cpu_s >= REGEX_AIM and own.peak_bytes < MEMORY_AIM_BYTES
    text = f">= {REGEX_AIM} x regex, < 100 MB"
    if name == "full":
        text += f", <= {LINES_AIM} x lines"
        is_kept = is_kept and own.cpu_s / lines.cpu_s <= LINES_AIM
    return f"{text} {_kept(is_kept)}"


def _kept(is_kept: bool) -> str:  # noqa: FBT001 - the one thing it says
    return "kept" if is_kept else "missed"


if __name__ == "__main__":
    report_stats_reading()
