"""A simulator's process: its start, its files, its end; nothing of it is left behind."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.child_process import has_ended
from harness.base.errors import BackendError
from harness.run.directory import disk_error
from harness.run.process_table import tasks_of_group

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

INTERRUPT_GRACE_S = 10.0
"""For gem5 to notice SIGINT, write its statistics and end."""
TERMINATE_GRACE_S = 2.0
LINGER_GRACE_S = 5.0
"""For what a command that ended by itself left behind: the pool of a MultiSim still writes."""
KILL_GRACE_S = 2.0
"""For the kernel to take killed processes away."""
_LOOK_S = 0.01
_ASKING_LOOK_S = 0.05
_PR_SET_PDEATHSIG = 1  # man 2 prctl


@dataclass(frozen=True, slots=True)
class ResourceUse:
    """What a process that has ended, and the children that it waited for, had used.

    Attributes:
        cpu_s: Time of the CPUs, user's and system's.
        largest_bytes: The resident set of the largest of the processes, at its largest.
    """

    cpu_s: float = 0.0
    largest_bytes: int = 0


class SupervisedProcess:
    """A running program, leader of its own session and process group.

    Args:
        argv: The command.
        stdout: File that gets its standard output.
        stderr: The other one.
        cwd: Where it starts; None for here.
        environment: All of its environment; None for ours.
        is_group_asked: Whether the whole group is asked to end, as a terminal's Ctrl-C does, and
            waited for. A simulator that started other programs itself is asked alone.
        name: What it is called in messages.

    Raises:
        BackendError: It cannot be started, or its output cannot be written.
    """

    def __init__(
        self,
        argv: Sequence[str],
        stdout: Path,
        stderr: Path,
        *,
        cwd: str | None = None,
        environment: Mapping[str, str] | None = None,
        is_group_asked: bool = False,
        name: str = "gem5",
    ) -> None:
        self.resources = ResourceUse()
        self._is_group_asked = is_group_asked
        with ExitStack() as files:
            try:
                stdout.parent.mkdir(exist_ok=True)
                for path in (stdout, stderr):
                    path.unlink(missing_ok=True)
                out = files.enter_context(stdout.open("ab"))  # gem5's -r may open it as well
                err = files.enter_context(stderr.open("ab"))
            except OSError as error:
                raise disk_error(error, stdout.parent) from error
            try:
                self._process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    cwd=cwd,
                    env=environment,
                    start_new_session=True,
                    preexec_fn=_before_exec(),  # noqa: PLW1509 - two system calls
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise BackendError(
                    f"{name} cannot be started", where=argv[0], got=str(error)
                ) from error
        self.pid = self._process.pid
        self._watch_fd = os.pidfd_open(self.pid)

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.returncode is None and not has_ended(self.pid)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the process's end; return whether it has ended."""
        if self.is_running:
            select.select([self._watch_fd], [], [], timeout_s)
        return not self.is_running

    def end(
        self,
        *,
        is_asked: bool = True,
        is_urgent: Callable[[], bool] = lambda: False,
        simulators: Sequence[int] = (),
    ) -> int:
        """End the program and all that it started; return its exit status, negative for a signal.

        Args:
            is_asked: Ask first, so that gem5 writes its statistics; every wait is bounded.
            is_urgent: Says while it is asked whether waiting any longer does harm.
            simulators: The processes of the group that get SIGINT, where they are known: a wrapper
                that gets it as well may kill the gem5 that is just writing its statistics.
        """
        if self._process.returncode is None:
            if is_asked and self.is_running:
                self._ask_to_end(is_urgent, simulators)
            elif is_asked and self._is_group_asked:
                self._await_stragglers(is_urgent)
            with suppress(ProcessLookupError):  # not yet reaped: the group's number is still ours
                os.killpg(self.pid, signal.SIGKILL)
            self._reap()
            os.close(self._watch_fd)
            self._await_group()
        return self._process.returncode

    def _reap(self) -> None:
        _, status, used = os.wait4(self.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self.resources = ResourceUse(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)

    def _await_group(self) -> None:
        """Wait a moment for what was killed to be gone."""
        deadline = time.monotonic() + KILL_GRACE_S
        while time.monotonic() < deadline:
            try:
                os.killpg(self.pid, 0)
            except (ProcessLookupError, PermissionError):
                return
            time.sleep(_LOOK_S)

    def _ask_to_end(self, is_urgent: Callable[[], bool], simulators: Sequence[int]) -> None:
        for number, grace_s in (
            (signal.SIGINT, INTERRUPT_GRACE_S),
            (signal.SIGTERM, TERMINATE_GRACE_S),
        ):
            if number == signal.SIGINT and simulators:
                for pid in simulators:
                    _signal(os.kill, pid, number)
            else:
                _signal(os.killpg if self._is_group_asked else os.kill, self.pid, number)
            deadline = time.monotonic() + grace_s
            while time.monotonic() < deadline:
                if self.wait(_ASKING_LOOK_S) and self._has_group_ended():
                    return
                if is_urgent():
                    return
                if not self.is_running:
                    time.sleep(_ASKING_LOOK_S)

    def _await_stragglers(self, is_urgent: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LINGER_GRACE_S
        while time.monotonic() < deadline and not self._has_group_ended() and not is_urgent():
            time.sleep(_ASKING_LOOK_S)

    def _has_group_ended(self) -> bool:
        """Whether nobody is left to wait for: a wrapper may end before the gem5 it started."""
        return not self._is_group_asked or not tasks_of_group(self.pid)


def _signal(send: Callable[[int, int], None], pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        send(pid, number)
        send(pid, signal.SIGCONT)  # a stopped process hears nothing


def _before_exec() -> Callable[[], None]:
    """Return what the new process does first: it dies with harness, and hears SIGINT.

    A harness in a shell's background is deaf to SIGINT, which programs inherit.
    """
    prctl = ctypes.CDLL(None).prctl

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    return prepare
