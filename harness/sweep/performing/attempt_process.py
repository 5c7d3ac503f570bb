"""The process of one attempt: claims it, makes it, and writes down how it ended."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from harness.run.ending import Ending
from harness.run.launch.kernel_kills import oom_counts
from harness.run.watch import ENDING_SIGNALS
from harness.sweep.performing.hand_over import MOST_ATTEMPTS, Growth
from harness.sweep.performing.perform import perform
from harness.sweep.state.attempts import Claim
from harness.sweep.state.process_identity import identity_of

if TYPE_CHECKING:
    from harness.sweep.performing.hand_over import HandOver
    from harness.sweep.state.attempts import End
    from harness.sweep.state.directory import SweepDirectory
    from harness.sweep.state.task import Origin, Task

GOOD, DONE, NOT_OURS = 0, 3, 75
"""Exit statuses: a success, or another end, is written; somebody else has the attempt."""
_KIB = 1024


def be_attempts(
    directory: SweepDirectory, task: Task, origin: Origin, hand_over: HandOver | None
) -> NoReturn:
    """Be the forked child that makes an attempt, and others if a station hands them over.

    It leads a session of its own.

    A terminal's Ctrl-C does not reach it; who started it interrupts it, and gem5 gets SIGINT only
    from the run inside.
    """
    os.setsid()
    status = 1
    try:
        growth = Growth()
        for count in itertools.count(1):
            _own_signals()
            _own_streams(directory, task)
            status = _attempt(directory, task, origin)
            _flush()
            can_go_on = status in {GOOD, NOT_OURS} and count < MOST_ATTEMPTS and growth.is_small
            following = hand_over.next_task(directory) if hand_over and can_go_on else None
            if following is None:
                break
            task = following
    finally:
        _flush()
        os._exit(status)


def _attempt(directory: SweepDirectory, task: Task, origin: Origin) -> int:
    point, store = task.point, directory.store
    begun_s = time.time()
    claim = Claim(
        identity_of(os.getpid()),
        origin.executor,
        origin.job,
        origin.restarts,
        task.resources,
        begun_s,
    )
    if not store.claim(point.id, task.number, claim):
        return NOT_OURS
    before_s, kills = _cpu_s(), oom_counts()
    _forget_peak()
    try:
        end = perform(directory, task)
    finally:
        _deaf()
    cpu_s = _cpu_s() - before_s
    end = with_kernels_word(end, has_killed=oom_counts().has_risen_since(kills))
    end = replace(end, cpu_s=cpu_s, wall_s=time.time() - begun_s, peak_memory_bytes=_peak_bytes())
    if directory.place(point).is_dir():
        directory.write_point(point)
    end = with_reason(end, store.stop_reason(point.id, task.number))
    store.end(point.id, task.number, end)
    return GOOD if end.ending is Ending.SUCCESS else DONE


def with_kernels_word(end: End, *, has_killed: bool) -> End:
    """Tell a simulator or a model that crashed from one that the kernel killed for its memory."""
    if has_killed and end.ending is Ending.CRASH and "SIGKILL" in end.message:
        return replace(end, ending=Ending.OUT_OF_MEMORY)
    return end


def with_reason(end: End, reason: Ending | None) -> End:
    """Give an end that was forced the class of why; a success stays one."""
    if reason is None or end.ending is Ending.SUCCESS:
        return end
    return replace(end, ending=reason)


def _cpu_s() -> float:
    """CPU time of this process and of the children it has waited for."""
    uses = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


def _forget_peak() -> None:
    """Let the kernel count this process's largest memory anew (man 5 proc, clear_refs)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_bytes() -> int:
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    lines = Path("/proc/self/status").read_text().splitlines()
    own = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
    return max(own, children) * _KIB


def _own_signals() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (*ENDING_SIGNALS, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _deaf() -> None:
    """Let nothing interrupt the writing of the end."""
    for number in (signal.SIGINT, *ENDING_SIGNALS):
        signal.signal(number, signal.SIG_IGN)


def _own_streams(directory: SweepDirectory, task: Task) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    log = os.open(directory.log(task.point), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
