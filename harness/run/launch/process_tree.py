"""What gem5 and all that it started use: memory and time of the CPUs, now and at most."""

from __future__ import annotations

from dataclasses import dataclass

from harness.run.process_table import (
    children_of,
    largest_resident_bytes,
    proportional_bytes,
    read_task,
)


@dataclass(frozen=True, slots=True)
class TreeSample:
    """The processes of a tree at one moment.

    Attributes:
        processes: How many there are.
        resident_bytes: The sum of their resident sets; pages that they share count each time.
        cpu_s: Time of the CPUs that they, and those that have ended, had used when last seen.
    """

    processes: int
    resident_bytes: int
    cpu_s: float


class ProcessTree:
    """Follows a process and its descendants, also those whose parent has ended meanwhile."""

    def __init__(self, leader: int) -> None:
        self._leader = leader
        self._known = {leader}
        self._cpu_s: dict[int, float] = {}
        self.peak_bytes = 0

    @property
    def seen(self) -> frozenset[int]:
        """The numbers of all processes that were ever there at a look."""
        return frozenset(self._cpu_s)

    def sample(self) -> TreeSample:
        """Look at all processes now."""
        live: dict[int, int] = {}
        waiting = sorted(self._known)
        while waiting:
            pid = waiting.pop()
            task = None if pid in live else read_task(pid)
            if task is None or task.session != self._leader or task.state == "Z":
                continue
            live[pid] = task.resident_bytes
            self._cpu_s[pid] = task.cpu_s
            waiting += children_of(pid)
        self._known = {self._leader, *live}
        resident_bytes = sum(live.values())
        largest = max((largest_resident_bytes(pid) for pid in live), default=0)
        self.peak_bytes = max(self.peak_bytes, resident_bytes, largest)
        return TreeSample(len(live), resident_bytes, sum(self._cpu_s.values()))

    def unshared_bytes(self) -> int:
        """Return the memory of all processes, shared pages counted once; slower than a sample."""
        return sum(proportional_bytes(pid) for pid in self._known)
