"""How much memory a process and all its descendants hold, and whether the kernel killed for it."""

from __future__ import annotations

import os
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_CGROUP = Path("/sys/fs/cgroup")


def family_of(pid: int) -> list[int]:
    """Return a process and its descendants, parents first."""
    found = [pid]
    for each in found:
        for task in _tasks(each):
            found += task
    return found


def family_bytes(pid: int) -> int:
    """Return the memory that a process and its descendants hold; shared pages count each time."""
    return sum(_held_bytes(each) for each in family_of(pid))


def _held_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0  # it has just ended


def memory_kills() -> int:
    """Count what the kernel has killed for want of memory, on this machine and in this cgroup."""
    return _field(Path("/proc/vmstat"), "oom_kill") + sum(
        _field(path, "oom_kill") for path in _cgroup_files()
    )


def _cgroup_files() -> list[Path]:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    places = [line.split(":", 2) for line in lines if line.count(":") >= 2]
    files = [_CGROUP / path.lstrip("/") / "memory.events" for _, names, path in places if not names]
    return files + [
        _CGROUP / "memory" / path.lstrip("/") / "memory.oom_control"
        for _, names, path in places
        if "memory" in names.split(",")
    ]


def _field(path: Path, name: str) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.split()[:1] == [name])


def _tasks(pid: int) -> list[list[int]]:
    try:
        return [
            [int(each) for each in (task / "children").read_text().split()]
            for task in Path(f"/proc/{pid}/task").iterdir()
        ]
    except OSError:
        return []
