"""What a command costs: its wall time, the CPU of all its processes, their peak memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOOK_EVERY_S = 0.004


@dataclass(frozen=True)
class Cost:
    """What one command took, the processes that it started included."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Peaks:
    """Largest resident memory of a command's own process and of its largest child."""

    own_bytes: int
    child_bytes: int


def measure(argv: Sequence[str]) -> Cost:
    """Run a command to its end.

    The CPU time is that of wait4(2): children that the command waited for are in it.
    """
    with tempfile.TemporaryFile() as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        _check(process.returncode, argv, errors)
    return Cost(wall_s, usage.ru_utime + usage.ru_stime)


def measure_peaks(argv: Sequence[str]) -> Peaks:
    """Run a command and look at its processes' memory every few milliseconds."""
    own = child = 0
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=errors)
        while process.poll() is None:
            own = max(own, peak_bytes(process.pid))
            child = max([child, *(peak_bytes(pid) for pid in children(process.pid))])
            time.sleep(_LOOK_EVERY_S)
        _check(process.returncode, argv, errors)
    return Peaks(own, child)


def children(pid: int) -> list[int]:
    """Return the process ids of a process's children."""
    found: list[int] = []
    for task in _entries(Path(f"/proc/{pid}/task")):
        found += [int(each) for each in _read(task / "children").split()]
    return found


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process's threads so far (man 5 proc, schedstat: nanoseconds)."""
    tasks = _entries(Path(f"/proc/{pid}/task"))
    return sum(int((_read(task / "schedstat").split() or ["0"])[0]) for task in tasks) / 1e9


def peak_bytes(pid: int) -> int:
    """Return the largest resident memory of a process so far; 0 if it is gone."""
    for line in _read(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _check(returncode: int | None, argv: Sequence[str], errors: IO[bytes]) -> None:
    if returncode:
        errors.seek(0)
        text = errors.read().decode(errors="replace")
        raise SystemExit(f"bench: exit status {returncode} of: {' '.join(argv)}\n{text}")
