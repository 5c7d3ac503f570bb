from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest

from harness.base.errors import BackendError, ModelError, SpecError
from harness.run import ending_of_run, evidence
from harness.run.ending import Ending
from harness.run.ending_of_run import ending_of_error, ending_of_result
from harness.run.failure import SimulationFailedError
from harness.run.result import RunResult
from harness.run.watch import HostTimeLimitError


@pytest.mark.parametrize(
    ("cause", "message", "ending"),
    [
        ("finished", "the outputs differ", Ending.WRONG_OUTPUT),
        ("interrupted", "", Ending.CANCELLED),
        ("host time limit reached", "", Ending.TIME_LIMIT),
        ("tick limit reached", "", Ending.MAX_TICK),
        ("guest kernel crashed", "", Ending.GUEST_PANIC),
        ("guest failed", "the guest runtime failed", Ending.GUEST_FAILED),
        ("guest failed", "the guest stalled: no core has ...", Ending.NO_PROGRESS),
        ("gem5 panicked", "", Ending.CRASH),
        ("gem5 refused its configuration", "", Ending.FATAL),
        ("backend failed", "the disk is full\n  at: x", Ending.DISK_FULL),
        (
            "model failed",
            "HostTimeLimitError: the run reached its limit of host time",
            Ending.TIME_LIMIT,
        ),
        ("a cause of tomorrow", "", Ending.CRASH),
    ],
)
def test_a_result_is_classed_by_its_cause(cause: str, message: str, ending: Ending) -> None:
    assert ending_of_result(RunResult(cause, is_success=False, message=message)) is ending


def test_a_success_is_a_success() -> None:
    assert ending_of_result(RunResult("finished", is_success=True)) is Ending.SUCCESS


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (KeyboardInterrupt(), Ending.CANCELLED),
        (MemoryError(), Ending.OUT_OF_MEMORY),
        (OSError(errno.ENOSPC, "full"), Ending.DISK_FULL),
        (OSError(errno.EIO, "broken"), Ending.CRASH),
        (HostTimeLimitError("late"), Ending.TIME_LIMIT),
        (BackendError("the disk is full"), Ending.DISK_FULL),
        (BackendError("gem5 cannot be started"), Ending.CRASH),
        (ModelError("it raised"), Ending.CRASH),
        (SimulationFailedError("boot failed", "no checkpoint"), Ending.CRASH),
        (SpecError("no such workload"), Ending.USER_ERROR),
        (ValueError("a bug"), Ending.CRASH),
    ],
)
def test_an_error_before_a_result_is_classed_too(error: BaseException, ending: Ending) -> None:
    assert ending_of_error(error) is ending


def test_every_exit_cause_that_runs_give_has_a_class() -> None:
    """A new cause has to be given a class; the default would hide that it was forgotten."""
    folder = Path(evidence.__file__).parent
    outcome = (folder / "gem5" / "outcome.py").read_text()
    given = set(re.findall(r'(?:_failure|incomplete)\(\s*"([a-z0-9 ]+)"', outcome))
    given |= set(re.findall(r'SimulationFailedError\(\s*"([a-z0-9 ]+)"', outcome))
    given |= {cause for _, cause in evidence.CAUSES}
    assert len(given) > 10
    assert given <= set(ending_of_run._CLASSES)
