"""gem5's process: its start, its files, its end; nothing of it is left behind."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from harness.base.child_process import has_ended
from harness.base.errors import BackendError
from harness.run.directory import disk_error
from harness.run.gem5.command import STDERR, STDOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

INTERRUPT_GRACE_S = 10.0
"""For gem5 to notice SIGINT, write its statistics and end."""
TERMINATE_GRACE_S = 2.0
KILL_GRACE_S = 2.0
"""For the kernel to take killed processes away."""
_LOOK_S = 0.01
_PR_SET_PDEATHSIG = 1  # man 2 prctl


class Gem5Process:
    """A running gem5, leader of its own session and process group; models belong to the group.

    Raises:
        BackendError: It cannot be started, or its output cannot be written.
    """

    def __init__(self, argv: Sequence[str], output: Path) -> None:
        try:
            output.mkdir(exist_ok=True)
            stdout, stderr = (output / STDOUT).open("wb"), (output / STDERR).open("wb")
        except OSError as error:
            raise disk_error(error, output) from error
        with stdout, stderr:
            try:
                self._process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,
                    preexec_fn=_dying_with_parent(),  # noqa: PLW1509 - one call of libc
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise BackendError(
                    "gem5 cannot be started", where=argv[0], got=str(error)
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

    def end(self, *, is_asked: bool = True) -> int:
        """End gem5 and all that it started; return its exit status, negative for a signal.

        Args:
            is_asked: Ask first, so that gem5 writes its statistics; every wait is bounded.
        """
        if self._process.returncode is None:
            if is_asked and self.is_running:
                self._ask_to_end()
            with suppress(ProcessLookupError):  # not yet reaped: the group's number is still ours
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
            os.close(self._watch_fd)
            self._await_group()
        return self._process.returncode

    def _await_group(self) -> None:
        """Wait a moment for what was killed to be gone."""
        deadline = time.monotonic() + KILL_GRACE_S
        while time.monotonic() < deadline:
            try:
                os.killpg(self.pid, 0)
            except (ProcessLookupError, PermissionError):
                return
            time.sleep(_LOOK_S)

    def _ask_to_end(self) -> None:
        for number, grace_s in (
            (signal.SIGINT, INTERRUPT_GRACE_S),
            (signal.SIGTERM, TERMINATE_GRACE_S),
        ):
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
                os.kill(self.pid, signal.SIGCONT)
            if self.wait(grace_s):
                return


def _dying_with_parent() -> Callable[[], None]:
    """Return what makes the kernel end gem5 when harness is killed."""
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
