"""The class of a `harness run`'s end, from the exit cause that its result names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.run.ending import Ending
from harness.run.result import FINISHED

if TYPE_CHECKING:
    from harness.run.result import RunResult

_CAUSES = {
    FINISHED: Ending.WRONG_OUTPUT,  # of a result that is no success
    "interrupted": Ending.CANCELLED,
    "tick limit reached": Ending.MAX_TICK,
    "host time limit reached": Ending.TIME_LIMIT,
    "gem5 refused its configuration": Ending.FATAL,
    "coherence error": Ending.FATAL,
    "run failed": Ending.FATAL,
    "guest failed": Ending.GUEST_FAILED,
    "guest kernel crashed": Ending.GUEST_PANIC,
    "evidence incomplete": Ending.WRONG_OUTPUT,
    "replay diverged": Ending.WRONG_OUTPUT,
}


def ending_of_run(result: RunResult) -> Ending:
    """Return the class; a simulator or a model that broke for another reason is a crash."""
    if result.is_success:
        return Ending.SUCCESS
    return _CAUSES.get(result.exit_cause, Ending.CRASH)
