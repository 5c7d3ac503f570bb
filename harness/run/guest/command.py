"""Runs a step of a build: output to a log, progress to the user, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.base.errors import BackendError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_KEPT_VARIABLES = ("PATH", "HOME", "TMPDIR")
_TAIL_LINES = 15
_GRACE_S = 5.0


def build_environment() -> dict[str, str]:
    """Return an environment in which the same sources give the same bytes.

    Variables such as MAKEFLAGS, ARCH or KBUILD_OUTPUT of the user's shell would change the build.
    """
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return kept | {
        "LC_ALL": "C",
        "KBUILD_BUILD_TIMESTAMP": "1970-01-01 00:00:00 UTC",
        "KBUILD_BUILD_USER": "harness",
        "KBUILD_BUILD_HOST": "harness",
        "KBUILD_BUILD_VERSION": "1",
    }


def run_step(
    what: str,
    command: Sequence[str],
    log: Path,
    on_line: Callable[[str], object] | None = None,
) -> None:
    """Run a command to its end, with its output in a log.

    Args:
        what: The step, for the message when it fails.
        command: Its words.
        log: Gets the command and its output, behind what is there.
        on_line: Called with each line of output.

    Raises:
        BackendError: It fails; the message has the log's last lines.
    """
    with log.open("a", errors="replace") as output:
        output.write(f"$ {' '.join(command)}\n")
        output.flush()
        with _process(what, command) as process:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            for line in process.stdout:
                output.write(line)
                if on_line is not None:
                    on_line(line)
            status = process.wait()
    if status:
        tail = log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        raise BackendError(
            f"{what} failed with status {status}", where=str(log), got="\n    ".join(["", *tail])
        )


@contextmanager
def _process(what: str, command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a group of its own, which ends with this block."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=build_environment(),
            start_new_session=True,
        )
    except OSError as error:
        raise BackendError(f"{what}: cannot start {command[0]}: {error.strerror}") from error
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                _end_group(process)


def _end_group(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(_GRACE_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        return
