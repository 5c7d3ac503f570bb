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

from harness.base.child_process import end_text, has_ended
from harness.base.errors import HandshakeError
from harness.base.threads import SINGLE_THREAD
from harness.bridge.load import is_program

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TOKEN_VARIABLE = "HARNESS_BRIDGE_TOKEN"  # noqa: S105 - the variable's name, not a token
SERVER_KEY_VARIABLE = "HARNESS_BRIDGE_SERVER_KEY"
SECRET_KEY_VARIABLE = "HARNESS_BRIDGE_SECRET_KEY"  # noqa: S105 - as above

_SERVE = ("-m", "harness.bridge.serve")
_TAIL_LINES = 20
_TAIL_BYTES = 16 * 1024
_TAIL_COLUMNS = 300
LARGEST_LOG_BYTES = 256 << 20
"""A model that prints more than this in one turn is taken to print for ever."""


def model_argv(reference: str, endpoint: str) -> list[str]:
    """Return the command that serves a model on an endpoint."""
    if is_program(reference):
        return [os.path.abspath(reference), "--endpoint", endpoint]  # noqa: PTH100 - no resolve
    return [sys.executable, *_SERVE, reference, "--endpoint", endpoint]


def remote_argv(reference: str, endpoint: str) -> list[str]:
    """Return the same for another host, where paths and the interpreter are its own."""
    is_path = "/" in reference and ":" not in reference
    is_other = reference.endswith((".py", ".so"))
    command = [reference] if is_path and not is_other else ["python3", *_SERVE, reference]
    return [*command, "--endpoint", endpoint]


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
        return self._process.returncode is None and not has_ended(self.pid)

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
            return "its process still runs"
        return end_text(self._reap())

    def log_tail(self) -> str:
        """Return the last lines that the model printed, however much it printed."""
        try:
            with self.log_path.open("rb") as log:
                log.seek(max(0, self.log_bytes() - _TAIL_BYTES))
                text = log.read(_TAIL_BYTES).decode(errors="replace")
        except OSError:
            return ""
        lines = text.splitlines()[-_TAIL_LINES:]
        return "\n".join(
            line if len(line) <= _TAIL_COLUMNS else f"{line[:_TAIL_COLUMNS]} ..." for line in lines
        )

    def log_bytes(self) -> int:
        """Return how much the model has printed."""
        try:
            return self.log_path.stat().st_size
        except OSError:
            return 0

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
