"""Slurm's commands: what is submitted, what is in the queue, how a job ended.

Nothing here needs accounting: the queue is asked with squeue, an ended job with scontrol as long as
the controller remembers it, and with sacct after that where there is one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

from harness.base.errors import BackendError, SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = ("sbatch", "squeue", "scancel", "scontrol")
ENDED_STATES = {
    *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL"),
    *("OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT"),
}
"""States of jobs that squeue shows for a while after their end."""
FRESH_S = 2.0
"""So old may an answer of squeue be."""
_PATIENCE_S = 60
_MOST_WORDS = 500


class SlurmQueue:
    """Asks and tells Slurm; one answer of squeue serves for a while.

    Raises:
        SpecError: Slurm's commands are not on this machine.
    """

    def __init__(self) -> None:
        missing = [name for name in COMMANDS if shutil.which(name) is None]
        if missing:
            raise SpecError(
                "Slurm is not on this machine",
                got=f"no {', '.join(missing)} on PATH",
                way_out="run on a login node, or choose --executor local or dry-run",
            )
        self._states: dict[str, str] | None = None
        self._asked_s = float("-inf")

    def states(self) -> dict[str, str] | None:
        """Return the state of each of the user's jobs, "12_3"; None if Slurm does not answer."""
        if time.monotonic() - self._asked_s > FRESH_S:
            self._states = self._ask()
            self._asked_s = time.monotonic()
        return self._states

    def forget(self) -> None:
        """Ask again next time."""
        self._asked_s = float("-inf")

    def submit(self, script: str) -> str:
        """Submit a batch script; return the job's number.

        Raises:
            BackendError: Slurm refuses it.
        """
        done = _run(["sbatch", "--parsable"], script)
        if done.returncode:
            raise BackendError(
                "Slurm refused a job",
                got=done.stderr.strip(),
                way_out="look at [slurm] in the sweep, and at the jobs you may have at a time",
            )
        self.forget()
        return done.stdout.strip().split(";")[0]

    def cancel(self, jobs: Sequence[str]) -> None:
        """Cancel jobs; those that have ended are no error."""
        for begin in range(0, len(jobs), _MOST_WORDS):
            _run(["scancel", *jobs[begin : begin + _MOST_WORDS]])
        self.forget()

    def most_tasks(self) -> int:
        """Return how many tasks one array may have."""
        done = _run(["scontrol", "show", "config"])
        for line in done.stdout.splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "MaxArraySize" and value.strip().isdigit():
                return max(1, int(value))
        return 1001  # Slurm's own default

    def _ask(self) -> dict[str, str] | None:
        done = _run(["squeue", "-h", "-r", "-t", "all", "-u", str(os.getuid()), "-o", "%i|%T"])
        if done.returncode:
            return None
        pairs = (line.strip().split("|") for line in done.stdout.splitlines() if "|" in line)
        return {job: state for job, state in pairs if state not in ENDED_STATES}


def job_facts(job: str) -> dict[str, str]:
    """Return what Slurm says of a job, also of one that has ended; empty if it says nothing."""
    done = _run(["scontrol", "show", "job", "-o", job])
    if done.returncode == 0 and done.stdout.strip():
        words = done.stdout.splitlines()[0].split()
        return dict(word.split("=", 1) for word in words if "=" in word)
    if shutil.which("sacct") is None:
        return {}
    done = _run(["sacct", "-n", "-P", "-j", job, "-o", "State,ExitCode"])
    rows = [line.split("|") for line in done.stdout.splitlines() if "|" in line]
    states = [row[0].split()[0] for row in rows if row[0]]
    if not states:
        return {}
    # The job itself says FAILED where only its step says why.
    state = next((each for each in states if each == "OUT_OF_MEMORY"), states[0])
    return {"JobState": state, "ExitCode": rows[0][1]}


def _run(argv: Sequence[str], text: str | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv, input=text, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(argv, 1, "", str(error))
