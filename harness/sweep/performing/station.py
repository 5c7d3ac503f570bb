"""Starts attempts as forked children, watches their limits, and accounts for those that crash.

A child shares what this process has imported, so that a run costs no start-up; whatever it does to
itself, it does to itself alone. A child that this process outlives is waited for; when this process
is killed, its children go on and write down their own ends.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from harness.base.child_process import end_text, has_ended
from harness.base.errors import BackendError
from harness.run.ending import Ending
from harness.run.launch.kernel_kills import oom_counts
from harness.run.watch import held
from harness.sweep.description.point import RUN
from harness.sweep.performing.attempt_process import NOT_OURS, be_attempts, with_reason
from harness.sweep.performing.hand_over import HandOver, can_hand_over
from harness.sweep.performing.memory_use import family_bytes, family_of, has_killed
from harness.sweep.state.attempts import End
from harness.sweep.state.task import Origin

if TYPE_CHECKING:
    import resource
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from harness.run.launch.kernel_kills import OomCounts
    from harness.sweep.state.directory import SweepDirectory
    from harness.sweep.state.task import Task

LOOK_S = 0.25
"""How often limits are looked at."""
OVER_S = 5.0
"""A launch ends its command itself at its limit of memory; after so long it is killed."""
LATE_S = 30.0
"""A run ends itself at its time limit; one that is this late is killed."""
_RUN_MODULES = (
    *("numpy.ma", "harness.bridge.in_process", "harness.compiler.compile", "harness.run.artifacts"),
    *("harness.run.case", "harness.run.evidence", "harness.run.pipeline", "harness.run.simulation"),
)
_LAUNCH_MODULES = ("harness.run.launch.launch", "harness.run.launch.recognition")
"""What every point imports while it goes on."""
GRACE_S = 20.0
"""For an interrupted attempt to end in good order."""
_KIB = 1024


@dataclass(slots=True)
class _Child:
    """A running attempt."""

    task: Task
    pid: int
    descriptor: int
    begun_s: float
    kills_before: OomCounts
    hand_over: HandOver | None = None
    is_first: bool = True
    peak_bytes: int = 0
    over_s: float = 0.0
    killed_for: str = ""
    interrupted_s: float = 0.0
    reason: Ending | None = None

    def has_news(self, ready: AbstractSet[int]) -> bool:
        """Whether it has ended, or says that its attempt has."""
        return self.descriptor in ready or (
            self.hand_over is not None and self.hand_over.reports in ready
        )


@dataclass(slots=True)
class Station:
    """Attempts that this process has started and not yet accounted for."""

    directory: SweepDirectory
    origin: Origin = field(default_factory=Origin)
    grace_s: float = GRACE_S
    _children: dict[str, _Child] = field(default_factory=dict)
    _idle: list[_Child] = field(default_factory=list)
    _looked_s: float = 0.0

    @property
    def tasks(self) -> list[Task]:
        """What is running."""
        return [child.task for child in self._children.values()]

    def warm_up(self, kinds: Iterable[str]) -> None:
        """Import what points of these kinds need and put it where forked children share it."""
        for kind in kinds:
            for name in _RUN_MODULES if kind == RUN else _LAUNCH_MODULES:
                importlib.import_module(name)
        gc.collect()
        gc.freeze()

    def start(self, task: Task) -> None:
        """Start an attempt, in a child that waits for one or in a new one."""
        is_shared = can_hand_over(task)
        while is_shared and self._idle:
            child = self._idle.pop()
            hand_over = child.hand_over
            if hand_over is not None and not has_ended(child.pid) and hand_over.give(task):
                begun_s, kills = time.monotonic(), oom_counts()
                fresh = _Child(task, child.pid, child.descriptor, begun_s, kills, hand_over)
                self._children[task.point.id] = replace(fresh, is_first=False)
                return
            self._dismiss(child)
        with held():
            self._fork(task, HandOver() if is_shared else None)

    def _fork(self, task: Task, hand_over: HandOver | None) -> None:
        kills = oom_counts()
        pid = os.fork()
        if pid == 0:
            for other in (*self._children.values(), *self._idle):
                if other.hand_over is not None:
                    other.hand_over.close_station()  # else they would outlive this station
            if hand_over is not None:
                hand_over.be_child()
            be_attempts(self.directory, task, self.origin, hand_over)
        if hand_over is not None:
            hand_over.be_station()
        child = _Child(task, pid, os.pidfd_open(pid), time.monotonic(), kills, hand_over)
        self._children[task.point.id] = child

    def wait(self, timeout_s: float) -> list[str]:
        """Wait until an attempt ends, at most `timeout_s`; return the ids of those that did."""
        end_s = time.monotonic() + timeout_s
        while True:
            self._watch_limits()
            poll = select.poll()
            for child in self._children.values():
                poll.register(child.descriptor, select.POLLIN)
                if child.hand_over is not None:
                    poll.register(child.hand_over.reports, select.POLLIN)
            left_s = max(0.0, min(LOOK_S, end_s - time.monotonic()))
            ready = {descriptor for descriptor, _ in poll.poll(left_s * 1000)}
            ended = [key for key, each in self._children.items() if each.has_news(ready)]
            for key in ended:
                self._part_from(self._children.pop(key), ready)
            if ended or not self._children or time.monotonic() >= end_s:
                return ended

    def _part_from(self, child: _Child, ready: AbstractSet[int]) -> None:
        """Let a child wait that has done its attempt; account for one that has ended."""
        hand_over = child.hand_over
        if hand_over is not None and hand_over.reports in ready and hand_over.has_reported():
            self._remove_empty_log(child.task)
            (self._dismiss if child.interrupted_s else self._idle.append)(child)
        else:
            self._account(child)

    def _dismiss(self, child: _Child) -> tuple[int, resource.struct_rusage]:
        """Let a child end that has nothing to do; return its exit status and what it used."""
        if child.hand_over is not None:
            child.hand_over.close_station()
        _, status, usage = os.wait4(child.pid, 0)
        os.close(child.descriptor)
        return os.waitstatus_to_exitcode(status), usage

    def interrupt(self, reason: Ending, ids: Iterable[str] | None = None) -> None:
        """Ask attempts to end in good order, and say why; those that do not are killed."""
        for key in list(self._children) if ids is None else ids:
            child = self._children.get(key)
            if child is not None and not child.interrupted_s:
                self.directory.store.stop(key, child.task.number, reason)
                child.interrupted_s = time.monotonic()
                child.reason = reason
                _signal(child.pid, signal.SIGINT)

    def end_all(self, reason: Ending) -> None:
        """Interrupt everything and wait for it."""
        self.interrupt(reason)
        while self._children:
            self.wait(LOOK_S)
        self.rest()

    def rest(self) -> None:
        """Let those children end that wait for something to do."""
        while self._idle:
            self._dismiss(self._idle.pop())

    def _watch_limits(self) -> None:
        now_s = time.monotonic()
        if now_s - self._looked_s < LOOK_S:
            return
        self._looked_s = now_s
        for child in self._children.values():
            limits = child.task.resources
            if limits.memory_bytes:
                self._watch_memory(child, limits.memory_bytes, now_s)
            if limits.time_s and now_s - child.begun_s > limits.time_s + LATE_S:
                self._kill(child, Ending.TIME_LIMIT, f"it did not end after {limits.time_s:g} s")
            if child.interrupted_s and now_s - child.interrupted_s > self.grace_s:
                reason = child.reason or Ending.CANCELLED
                self._kill(child, reason, f"it did not end within {self.grace_s:g} s of SIGINT")

    def _watch_memory(self, child: _Child, limit_bytes: int, now_s: float) -> None:
        held_bytes = family_bytes(child.pid)
        child.peak_bytes = max(child.peak_bytes, held_bytes)
        if held_bytes <= limit_bytes:
            child.over_s = 0.0
            return
        child.over_s = child.over_s or now_s
        if child.task.point.kind == RUN or now_s - child.over_s > OVER_S:
            text = f"it held {held_bytes >> 20} MiB of {limit_bytes >> 20} MiB"
            self._kill(child, Ending.OUT_OF_MEMORY, text)

    def _kill(self, child: _Child, reason: Ending, text: str) -> None:
        if child.killed_for:
            return
        child.killed_for, child.reason = text, child.reason or reason
        self.directory.store.stop(child.task.point.id, child.task.number, reason)
        for pid in family_of(child.pid):
            _signal(pid, signal.SIGKILL)

    def _account(self, child: _Child) -> None:
        """See to it that an attempt that has ended has an end."""
        status, usage = self._dismiss(child)
        point, number = child.task.point, child.task.number
        store = self.directory.store
        self._remove_empty_log(child.task)
        if status == NOT_OURS or store.read_end(point.id, number):
            return
        if store.read_claim(point.id, number) is None:
            if not child.is_first:
                return  # somebody ended a child that waited; the attempt has not begun
            raise BackendError(
                "an attempt ended before it could begin",
                where=str(self.directory.log(point)),
                got=end_text(status),
            )
        for pid in family_of(child.pid)[1:]:
            _signal(pid, signal.SIGKILL)
        if self.directory.place(point).is_dir():
            self.directory.write_point(point)
        end = self._forced(child, status)
        peak = max(child.peak_bytes, usage.ru_maxrss * _KIB)
        wall_s = time.monotonic() - child.begun_s
        cpu_s = usage.ru_utime + usage.ru_stime
        end = End(end.ending, end.exit_cause, end.message, peak, cpu_s, wall_s)
        store.end(point.id, number, with_reason(end, child.reason))

    def _remove_empty_log(self, task: Task) -> None:
        log = self.directory.log(task.point)
        with suppress(OSError):
            if not log.stat().st_size:
                log.unlink()

    def _forced(self, child: _Child, status: int) -> End:
        """Class the end of a child that could not do so itself."""
        cause = end_text(status)
        if child.killed_for:
            return End(child.reason or Ending.CRASH, cause, child.killed_for)
        if status == -signal.SIGKILL and has_killed(child.pid, child.kills_before):
            return End(Ending.OUT_OF_MEMORY, cause, "the kernel killed it for want of memory")
        if status == -signal.SIGKILL:
            return End(Ending.LOST, cause, "somebody killed it")
        if status in {-signal.SIGTERM, -signal.SIGHUP, -signal.SIGINT}:
            return End(Ending.CANCELLED, cause, "somebody ended it")
        return End(
            Ending.CRASH, cause, f"the process crashed; see {self.directory.log(child.task.point)}"
        )


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
