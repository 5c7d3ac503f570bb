"""Starts `harness` as a user does, does something to it, and looks at everything it leaves."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.run.directory import OWN_FILES, RESULT_JSON, RUN_JSON, STATS_TXT
from harness.stats.reader import parse_stats

MARK = "HARNESS_FAULT_MARK"
"""Every process of a run inherits this variable, whatever its parent is by then."""
COMMAND = [
    sys.executable,
    "-c",
    "import sys; from harness.cli.main import console; sys.exit(console())",
]


@dataclass
class Ended:
    """How a command ended and what it left."""

    code: int
    stdout: str
    stderr: str
    seconds: float
    run: Path
    result: dict[str, Any] = field(default_factory=dict)
    """result.json, empty if there is none."""
    complaints: list[str] = field(default_factory=list)


def hear_signals() -> None:
    """Undo what a suite in the background inherits: its shell makes it deaf to these."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class Launched:
    """A running `harness` in a directory of its own, with a TMPDIR of its own."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.folder = folder
        self.run = folder / "run"
        self._temporary = folder / "tmp"
        self._temporary.mkdir(parents=True, exist_ok=True)
        self._mark = uuid.uuid4().hex
        self._files = (folder / "stdout").open("w+"), (folder / "stderr").open("w+")
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=self._files[0],
            stderr=self._files[1],
            start_new_session=True,
            preexec_fn=hear_signals,  # noqa: PLW1509 - the suite starts no threads before it
            env={
                **os.environ,
                "TMPDIR": str(self._temporary),
                MARK: self._mark,
                "PYTHONDONTWRITEBYTECODE": "1",
                **environment,
            },
        )

    @property
    def pid(self) -> int:
        """The process id of `harness` itself."""
        return self.process.pid

    def model_pid(self) -> int | None:
        """The process id of the model, once there is one that has come through its exec."""
        with contextlib.suppress(OSError):
            for child in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split():
                if b"--endpoint" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
        return None

    def wait_for_model(self) -> int | None:
        """Wait until the model's process runs; None if harness ended before."""
        while self.process.poll() is None:
            pid = self.model_pid()
            if pid is not None:
                return pid
            time.sleep(0.002)
        return None

    def interrupt(self, *, is_group: bool) -> None:
        """Send SIGINT to the process alone, or to its group as a terminal's Ctrl-C does."""
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if is_group else os.kill)(self.pid, signal.SIGINT)

    def end(self, within_s: float) -> Ended:
        """Wait for the end; a hang is killed and complained about, and so is what was left."""
        complaints = []
        try:
            self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            complaints.append(f"hangs: still running after {within_s:.1f} s")
            os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()
        seconds = time.monotonic() - self.begin
        complaints += self._left_behind()
        texts = []
        for stream in self._files:
            stream.seek(0)
            texts.append(stream.read())
            stream.close()
        path = self.run / RESULT_JSON
        result = json.loads(path.read_text()) if path.is_file() else {}
        return Ended(self.process.returncode, *texts, seconds, self.run, result, complaints)

    def _left_behind(self) -> list[str]:
        left = [f"temporary file {each}" for each in self._temporary.rglob("*")]
        for process in self._processes():
            left.append(f"process {process}")
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process.split()[0]), signal.SIGKILL)
        if str(self.folder) in Path("/proc/net/unix").read_text():
            left.append("a socket")
        for each in self.run.rglob("*") if self.run.is_dir() else ():
            name = each.relative_to(self.run).parts[0]
            if name not in OWN_FILES or each.name.endswith((".part", ".partial")):
                left.append(f"file {each}")
        return left

    def _processes(self) -> list[str]:
        """Return the processes that inherited our mark."""
        found = []
        for each in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self._mark.encode() in (each / "environ").read_bytes():
                    line = (each / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found.append(f"{each.name} {line}")
        return found


def check_one_message(ended: Ended, *, is_internal_ok: bool = False) -> None:
    """Complain about tracebacks and about more or fewer than one message of harness."""
    text = ended.stderr
    if "Traceback (most recent call last)" in text:
        ended.complaints.append("a traceback")
    if "Exception ignored" in text:
        ended.complaints.append("an ignored exception")
    if "internal error" in text and not is_internal_ok:
        ended.complaints.append("an internal error")
    lines = text.splitlines()
    heads = [each for each in lines if each.startswith(("harness: error:", "harness: interr"))]
    wanted = 1 if ended.code else 0
    if len(heads) != wanted:
        ended.complaints.append(f"{len(heads)} messages instead of {wanted}")


def check_evidence(ended: Ended) -> None:
    """Complain unless the run directory is absent, or holds readable and honest files."""
    if not ended.run.exists():
        return
    for name in (RUN_JSON, RESULT_JSON, STATS_TXT):
        if not (ended.run / name).is_file():
            ended.complaints.append(f"no {name} in the run directory")
            return
    if ended.code == 0 and not ended.result["is_success"]:
        ended.complaints.append("success, and result.json says otherwise")
    if ended.code == 1 and ended.result["is_success"]:
        ended.complaints.append("failure, and result.json says otherwise")
    if not parse_stats((ended.run / STATS_TXT).read_text()):
        ended.complaints.append("stats.txt holds no dump")
