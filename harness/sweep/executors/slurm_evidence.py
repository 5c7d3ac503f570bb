"""Why a Slurm job ended, from what Slurm remembers of it and what it wrote into the job's log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.run.ending import Ending
from harness.sweep.state.attempts import End

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_STATES = {
    "OUT_OF_MEMORY": Ending.OUT_OF_MEMORY,
    "TIMEOUT": Ending.TIME_LIMIT,
    "DEADLINE": Ending.TIME_LIMIT,
    "PREEMPTED": Ending.PREEMPTED,
    "PENDING": Ending.PREEMPTED,  # of a job that had begun: Slurm put it back into the queue
    "REQUEUED": Ending.PREEMPTED,
    "NODE_FAIL": Ending.NODE_FAILED,
    "BOOT_FAIL": Ending.NODE_FAILED,
    "CANCELLED": Ending.CANCELLED,
}
"""How an attempt ended whose job ended so; other states leave it lost."""
_LOG = (
    (re.compile(r"oom[-_]kill|xceeded (?:job |step )?memory limit"), Ending.OUT_OF_MEMORY),
    (re.compile(r"DUE TO PREEMPTION"), Ending.PREEMPTED),
    (re.compile(r"DUE TO TIME LIMIT"), Ending.TIME_LIMIT),
    (re.compile(r"DUE TO NODE FAILURE"), Ending.NODE_FAILED),
    (re.compile(r"DUE TO JOB REQUEUE"), Ending.PREEMPTED),
)
"""What slurmstepd writes into the log of a job that it ends."""
_TAIL_BYTES = 4096
_GOING_ON = frozenset({"RUNNING", "COMPLETING", "STOPPED", "SUSPENDED"})


def goes_on(facts: Mapping[str, str]) -> bool:
    """Tell whether Slurm has not yet decided how a job ends; its worker may still say so itself."""
    return facts.get("JobState", "") in _GOING_ON


def end_of_job(facts: Mapping[str, str], log: Path) -> End:
    """Return how an attempt ended whose worker could not say so itself.

    Args:
        facts: Slurm's own words for the job; empty if it remembers nothing.
        log: What was printed.
    """
    state = facts.get("JobState", "")
    cause = f"slurm: {state or 'job unknown'} {facts.get('ExitCode', '')}".strip()
    said = _log_ending(log)
    ending = _STATES.get(state)
    if said is not None and ending in {None, Ending.CANCELLED}:
        ending = said  # "CANCELLED" stands for preemption and time limits too
    if ending is None:
        return End(Ending.LOST, cause, f"the job ended without a word; see {log}")
    return End(ending, cause, f"Slurm ended the job; see {log}")


def _log_ending(log: Path) -> Ending | None:
    """Return what the log's last line about an end says."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return None
    for line in reversed(lines):
        for pattern, ending in _LOG:
            if pattern.search(line):
                return ending
    return None
