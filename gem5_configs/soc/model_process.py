# SPDX-License-Identifier: BSD-3-Clause
"""The model's process and the private folder of the socket that it connects to."""

from __future__ import annotations

import atexit
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from soc.errors import ConfigurationError
from soc.progress import say
from soc.run_file import file_of

if TYPE_CHECKING:
    from types import SimpleNamespace

TOKEN_VARIABLE = "HARNESS_BRIDGE_TOKEN"  # noqa: S105 - the variable's name, not a token
LOG_NAME = "model.log"
_LONGEST_PATH_BYTES = 107  # man 7 zmq_ipc: sockaddr_un holds 108 with the final zero
_SOCKET_NAME = "s"
_GRACE_S = 2.0


class ModelProcess:
    """A model that connects to gem5's socket.

    It stays in gem5's process group, so that whoever ends the group ends both, and it ends by
    itself when gem5 dies (harness.bridge.serve asks the kernel for that).

    Attributes:
        endpoint: What gem5 binds and the model connects to.
        token: Secret of the session, 32 hexadecimal digits.
        pid: Of the process; 0 if the user starts it.
    """

    def __init__(self, model: SimpleNamespace, log: Path, output: Path) -> None:
        self.pid = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.token = secrets.token_hex(16)
        self._folder = _private_folder(output)
        self.endpoint = f"ipc://{self._folder / _SOCKET_NAME}"
        command = [*model.argv, "--endpoint", self.endpoint]
        environment = {TOKEN_VARIABLE: self.token, "PYTHONHASHSEED": "0", **model.environment}
        if model.manual:
            settings = [f"{name}={shlex.quote(value)}" for name, value in environment.items()]
            say(f"start the model: {' '.join([*settings, shlex.join(command)])}")
        else:
            self._start(command, environment, log)

    def close(self) -> None:
        """Let the process end, then make it end; remove the folder."""
        if self._process is not None:
            try:
                self._process.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        """Start the process with SIGINT blocked: the terminal's Ctrl-C is for gem5 to handle."""
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with log.open("wb") as stream:
                self._process = subprocess.Popen(
                    command,
                    env={**os.environ, **environment},
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                )
        except OSError as error:
            self.close()
            raise ConfigurationError(
                f"the model cannot be started: {error.strerror}: {shlex.join(command)}"
            ) from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        self.pid = self._process.pid


def start_model(run: SimpleNamespace, output: Path) -> ModelProcess | None:
    """Start the model that a run names; None if a trace is replayed or none is needed.

    It ends when gem5's Python does. m5.simulate registers what says goodbye to the model and writes
    the last statistics with atexit too, later and therefore to be run before.

    Raises:
        ConfigurationError: There is none, or it cannot be started.
    """
    model = run.gem5.model
    if model.replay or run.gem5.self_test:
        return None
    if not model.argv:
        raise ConfigurationError("run.json: gem5.model.argv is empty and nothing is replayed")
    log = Path(file_of(run, model.log) or output / LOG_NAME)
    process = ModelProcess(model, log, output)
    atexit.register(process.close)
    return process


def _private_folder(output: Path) -> Path:
    """Make a folder that only this user enters and whose socket's path is short enough."""
    folder = Path(tempfile.mkdtemp(prefix="bridge-", dir=output)).absolute()
    if len(os.fsencode(folder / _SOCKET_NAME)) <= _LONGEST_PATH_BYTES:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="harness-bridge-"))
