"""Processes as /proc shows them: who belongs together, what they do and what they use."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_LONGEST_STAT_BYTES = 4096
_CLOCK_HZ = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Task:
    """A process; `cpu_s` is its own, without its children's.

    Attributes:
        pid: Its number.
        state: One letter, as `man 5 proc` explains: R runs, S sleeps, T is stopped, Z has ended.
        parent: Its parent's number.
        group: Its process group.
        session: Its session.
        cpu_s: Time of the CPU that it has used.
        resident_bytes: Memory of it that is in RAM, shared pages included.
        start: Ticks of the kernel's clock from boot to its start.
    """

    pid: int
    state: str
    parent: int
    group: int
    session: int
    cpu_s: float
    resident_bytes: int
    start: int


def read_task(pid: int) -> Task | None:
    """Return a process; None if there is none, or none any more."""
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
        try:
            text = os.read(descriptor, _LONGEST_STAT_BYTES)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    fields = text.rpartition(b")")[2].decode().split()
    cpu_s = (int(fields[11]) + int(fields[12])) / _CLOCK_HZ  # man 5 proc has the fields
    resident_bytes = int(fields[21]) * _PAGE_BYTES
    parent, group, session = (int(each) for each in fields[1:4])
    return Task(pid, fields[0], parent, group, session, cpu_s, resident_bytes, int(fields[19]))


def tasks_of_group(group: int) -> list[Task]:
    """Return the processes of a process group that have not ended."""
    names = (entry.name for entry in os.scandir(_PROC))
    tasks = (read_task(int(name)) for name in names if name.isdigit())
    return [task for task in tasks if task and task.group == group and task.state != "Z"]


def children_of(pid: int) -> list[int]:
    """Return the numbers of a process's children; empty where the kernel does not list them."""
    found: list[int] = []
    with suppress(OSError):
        for thread in (_PROC / str(pid) / "task").iterdir():
            with suppress(OSError):
                found += [int(word) for word in (thread / "children").read_text().split()]
    return found


def largest_resident_bytes(pid: int) -> int:
    """Return how large a process's resident set has been at most; 0 if that is not known."""
    return _field_bytes(_PROC / str(pid) / "status", "VmHWM:")


def proportional_bytes(pid: int) -> int:
    """Return a process's memory with shared pages divided among those who share them."""
    return _field_bytes(_PROC / str(pid) / "smaps_rollup", "Pss:")


def private_bytes(pid: int) -> int:
    """Return the memory that a process shares with nobody; 0 if it has ended."""
    return _field_bytes(_PROC / str(pid) / "smaps_rollup", "Private_")


def _field_bytes(path: Path, name: str) -> int:
    """Return the sum of the lines that begin with a name, which are in KiB."""
    with suppress(OSError, ValueError, IndexError):
        lines = path.read_text().splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
    return 0
