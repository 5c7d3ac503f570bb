"""What a signal to harness means: somebody's Ctrl-C, a limit of time, or a preemption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.run.ending import Ending

if TYPE_CHECKING:
    from collections.abc import Mapping

WARNING_SIGNALS = ("SIGUSR1", "SIGUSR2")
"""What batch systems are told to send some time before they end a job."""
_END_TIME = "SLURM_JOB_END_TIME"
"""Seconds since the epoch; Slurm sets it since 22.05."""
_BATCH_JOBS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "_CONDOR_JOB_AD", "JOB_ID")
_TERM_BEFORE_END_S = 90.0
"""Slurm looks at limits every half minute and says TERM at the limit or later."""
_WARNING_BEFORE_END_S = 900.0
"""The longest time before a job's end at which a warning is taken as one of its end."""


def ending_of_signal(name: str, environment: Mapping[str, str], now_s: float) -> Ending:
    """Return the class of a run that a signal to harness ended.

    Args:
        name: The signal.
        environment: Harness's variables, by which batch systems tell of themselves.
        now_s: When the signal came, in seconds since the epoch.
    """
    if name == "SIGXCPU":
        return Ending.TIME_LIMIT
    if not any(environment.get(each) for each in _BATCH_JOBS):
        return Ending.CANCELLED
    left_s = _seconds_left(environment, now_s)
    if name in WARNING_SIGNALS:
        is_known_early = left_s is not None and left_s > _WARNING_BEFORE_END_S
        return Ending.PREEMPTED if is_known_early else Ending.TIME_LIMIT
    if name == "SIGTERM" and left_s is not None and left_s < _TERM_BEFORE_END_S:
        return Ending.TIME_LIMIT
    return Ending.CANCELLED


def _seconds_left(environment: Mapping[str, str], now_s: float) -> float | None:
    text = environment.get(_END_TIME, "")
    return int(text) - now_s if text.isdigit() else None
