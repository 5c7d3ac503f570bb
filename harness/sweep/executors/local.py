"""Makes attempts on this machine, as many at a time as cores and memory allow."""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.base.errors import SpecError
from harness.run.ending import Ending
from harness.sweep.description.resources import Resources, format_resources
from harness.sweep.performing.station import Station
from harness.sweep.state.point_state import here_alive

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.sweep.description.point import Point
    from harness.sweep.state.attempts import Claim
    from harness.sweep.state.directory import SweepDirectory
    from harness.sweep.state.task import Task

LOOK_AHEAD = 64
"""So many waiting points are looked at for one that fits beside those that run."""
CANCEL_LOOK_S = 0.5
"""How often running points are checked for having been cancelled."""


class LocalExecutor:
    """A queue in front of a station.

    Args:
        directory: The sweep.
        cores: Processors to use; 0 for all that this process may use.
        memory_bytes: Memory to use; 0 for all that is there.
    """

    name = "local"
    orders_stages = False
    outlives_launcher = False

    def __init__(self, directory: SweepDirectory, cores: int = 0, memory_bytes: int = 0) -> None:
        self._store = directory.store
        self._limits = Resources(
            cores or len(os.sched_getaffinity(0)), memory_bytes or _memory_bytes()
        )
        self._station = Station(directory)
        self._queue: deque[Task] = deque()
        self._foreign: list[Resources] = []
        self._ours: set[str] = set()
        self._looked_s = 0.0
        self._warm: set[str] = set()

    def check(self, points: Iterable[Point]) -> None:
        """Refuse points that are larger than this machine."""
        for point in points:
            needed = point.resources
            if needed.cores > self._limits.cores or needed.memory_bytes > self._limits.memory_bytes:
                raise SpecError(
                    "a point does not fit this machine",
                    where=point.title,
                    expected=f"at most {format_resources(self._limits)}",
                    got=format_resources(needed),
                    way_out="lower [resources], raise --cores or --memory, or use a cluster",
                )

    def adopt(self, claims: Iterable[Claim]) -> None:
        """Leave room for attempts that an earlier launcher started and that still run here."""
        self._foreign = [claim.resources for claim in claims if claim.process.is_here]

    def submit(self, tasks: Sequence[Task]) -> None:
        """Queue attempts."""
        self._queue.extend(tasks)
        self._ours.update(task.point.id for task in tasks)
        kinds = {task.point.kind for task in tasks} - self._warm
        if kinds:
            self._station.warm_up(kinds)
            self._warm |= kinds

    def poll(self, timeout_s: float) -> list[str]:
        """Start what fits and wait for an end; started points are news too."""
        dropped = self._start()
        if dropped:
            return dropped
        if not self._station.tasks:
            time.sleep(timeout_s)  # what an earlier launcher started still runs
        news = self._station.wait(timeout_s)
        self._ours.difference_update(news)  # what still runs is added to the news only below
        if time.monotonic() - self._looked_s > CANCEL_LOOK_S:
            self._looked_s = time.monotonic()
            self._end_cancelled()
            news += [task.point.id for task in self._station.tasks]
        return news

    def _end_cancelled(self) -> None:
        for task in self._station.tasks:
            if self._store.is_cancelled(task.point.id):
                self._station.interrupt(Ending.CANCELLED, [task.point.id])

    def settle(self) -> None:
        """What this machine has lost is seen to be lost; nothing is known besides."""

    def is_alive(self, claim: Claim) -> bool | None:
        """Tell whether an attempt's process lives."""
        return here_alive(claim)

    def is_queued(self, point: str) -> bool:
        """Tell whether the point is in the queue, or has only just left it."""
        return point in self._ours

    def cancel(self, ids: Iterable[str]) -> None:
        """Forget what waits; `poll` interrupts what runs."""
        gone = set(ids)
        self._queue = deque(task for task in self._queue if task.point.id not in gone)
        self._ours -= gone

    def close(self, *, is_interrupted: bool) -> None:
        """End what runs; it is tried again when the sweep goes on."""
        self._queue.clear()
        self._station.end_all(Ending.PREEMPTED if is_interrupted else Ending.CANCELLED)

    def _start(self) -> list[str]:
        """Start what fits; return what was cancelled meanwhile."""
        dropped = []
        passed: list[Task] = []
        while self._queue and len(passed) < LOOK_AHEAD and self._free().cores > 0:
            task = self._queue.popleft()
            if self._store.is_cancelled(task.point.id):
                dropped.append(task.point.id)
                self._ours.discard(task.point.id)
            elif self._fits(task.resources):
                self._station.start(task)
            else:
                passed.append(task)
        self._queue.extendleft(reversed(passed))
        return dropped

    def _free(self) -> _Free:
        used = [task.resources for task in self._station.tasks]
        used += self._foreign
        cores = self._limits.cores - sum(each.cores for each in used)
        memory = self._limits.memory_bytes - sum(each.memory_bytes for each in used)
        return _Free(cores, memory)

    def _fits(self, needed: Resources) -> bool:
        free = self._free()
        if not self._station.tasks and not self._foreign:
            return True  # grown after a failure beyond the machine: alone it may try
        return needed.cores <= free.cores and needed.memory_bytes <= free.memory_bytes


class _Free(NamedTuple):
    """What is left; it may be nothing, or less."""

    cores: int
    memory_bytes: int


def _memory_bytes() -> int:
    with suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) * 1024
    return 1 << 62
