"""Classes the end of a harness run: from its result, or from the error that kept it from one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.disk_full import says_disk_full
from harness.base.errors import BackendError, BridgeError, HarnessError
from harness.run.ending import Ending
from harness.run.failure import SimulationFailedError
from harness.run.result import FINISHED
from harness.run.watch import HostTimeLimitError

if TYPE_CHECKING:
    from harness.run.result import RunResult

_CLASSES = {
    FINISHED: Ending.WRONG_OUTPUT,  # of a result that is no success
    "interrupted": Ending.CANCELLED,
    "host time limit reached": Ending.TIME_LIMIT,
    "tick limit reached": Ending.MAX_TICK,
    "coherence error": Ending.FATAL,
    "run failed": Ending.FATAL,
    "gem5 refused its configuration": Ending.FATAL,
    "guest failed": Ending.GUEST_FAILED,
    "guest kernel crashed": Ending.GUEST_PANIC,
    "replay diverged": Ending.WRONG_OUTPUT,
    "evidence incomplete": Ending.WRONG_OUTPUT,
    "model lost": Ending.CRASH,
    "model failed": Ending.CRASH,
    "model broke the protocol": Ending.CRASH,
    "backend failed": Ending.CRASH,
    "boot failed": Ending.CRASH,
    "gem5 panicked": Ending.CRASH,
    "gem5 was killed": Ending.CRASH,
    "gem5 failed": Ending.CRASH,
    "gem5 ended early": Ending.CRASH,
    "internal error": Ending.CRASH,
}
"""Exit causes of result.json."""
_ERRORS: tuple[tuple[type[BaseException], Ending], ...] = (
    (KeyboardInterrupt, Ending.CANCELLED),
    (MemoryError, Ending.OUT_OF_MEMORY),
    (HostTimeLimitError, Ending.TIME_LIMIT),
    (BackendError, Ending.CRASH),
    (BridgeError, Ending.CRASH),
    (HarnessError, Ending.USER_ERROR),
)
"""Errors without a cause, the most specific first."""
_DISK_TEXT = "the disk is full"
_LIMIT_TEXT = "the run reached its limit of host time"
_STALL_TEXT = "the guest stalled"


def ending_of_result(result: RunResult) -> Ending:
    """Return the class of a run's end; a cause of another version counts as a crash."""
    if result.is_success:
        return Ending.SUCCESS
    return _ending_of_cause(result.exit_cause, result.message)


def ending_of_error(error: BaseException) -> Ending:
    """Return the class of a run that an error kept from a result."""
    if isinstance(error, SimulationFailedError):
        return _ending_of_cause(error.cause, str(error))
    if says_disk_full(error) or (isinstance(error, HarnessError) and _DISK_TEXT in str(error)):
        return Ending.DISK_FULL
    return next((ending for kind, ending in _ERRORS if isinstance(error, kind)), Ending.CRASH)


def _ending_of_cause(cause: str, message: str) -> Ending:
    if _DISK_TEXT in message:
        return Ending.DISK_FULL
    if _LIMIT_TEXT in message:  # raised inside a model, and then called the model's error
        return Ending.TIME_LIMIT
    if message.startswith(_STALL_TEXT):
        return Ending.NO_PROGRESS
    return _CLASSES.get(cause, Ending.CRASH)
