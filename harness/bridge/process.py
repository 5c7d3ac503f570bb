"""A model's process: its start, its watch, its end; nothing of it is left behind."""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from harness.base.errors import HandshakeError
from harness.bridge.load import is_program

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TOKEN_VARIABLE = "HARNESS_BRIDGE_TOKEN"  # noqa: S105 - the variable's name, not a token
SINGLE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""One thread per model: sums do not depend on the machine, cores are not fought over."""

_TAIL_LINES = 20


def model_argv(reference: str, endpoint: str) -> list[str]:
    """Return the command that serves a model on an endpoint."""
    if is_program(reference):
        return [os.path.abspath(reference), "--endpoint", endpoint]  # noqa: PTH100 - no resolve
    return [sys.executable, "-m", "harness.bridge.serve", reference, "--endpoint", endpoint]


def model_environment(token: bytes) -> dict[str, str]:
    """Return what the model's process gets in its environment besides ours."""
    return {TOKEN_VARIABLE: token.hex(), "PYTHONHASHSEED": "0", **SINGLE_THREAD}


def shell_command(argv: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return a line that starts the model by hand."""
    settings = (f"{name}={shlex.quote(value)}" for name, value in environment.items())
    return " ".join([*settings, *(shlex.quote(each) for each in argv)])


class ModelProcess:
    """A running model, leader of its own session and process group.

    Raises:
        HandshakeError: The program cannot be started.
    """

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], log_path: Path) -> None:
        self.log_path = log_path
        try:
            with log_path.open("wb") as log:
                self._process = subprocess.Popen(
                    argv,
                    env={**os.environ, **environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise HandshakeError(
                f"the model cannot be started: {error.strerror}", where=shlex.join(argv)
            ) from error
        self.pid = self._process.pid
        self.watch_fd = os.pidfd_open(self.pid)

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        if self._process.returncode is not None:
            return False
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, options) is None

    def wait(self, timeout_s: float) -> int | None:
        """Return the exit status, negative for a signal; None if it still runs by then."""
        if self.is_running:
            select.select([self.watch_fd], [], [], timeout_s)
        return None if self.is_running else self._reap()

    def stop(self, grace_s: float = 0.0) -> None:
        """End the process: ask, wait for the grace, then kill it and all that it started."""
        if grace_s and self.is_running:
            self._signal(signal.SIGTERM)
            if self.wait(grace_s) is not None:
                return
        self._reap(is_killed=True)

    def end_text(self) -> str:
        """Say how the process ended, or that it runs."""
        if self.is_running:
            return "still running"
        status = self._reap()
        if status >= 0:
            return f"exit status {status}"
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-status).name}"
        return f"killed by signal {-status}"

    def log_tail(self) -> str:
        """Return the last lines that the model printed."""
        try:
            text = self.log_path.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-_TAIL_LINES:])

    def _reap(self, *, is_killed: bool = False) -> int:
        if self._process.returncode is None:
            # The leader is not yet reaped, so the group's number cannot belong to anyone else.
            if is_killed or not self.is_running:
                self._signal(signal.SIGKILL)
            self._process.wait()
            os.close(self.watch_fd)
        return self._process.returncode

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)
