"""What the guest's runtime is told on its command line, but for where its files lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.run.prepared import PreparedRun

SELF_TEST = ("--self-test",)
"""The runtime tests the guest instead of running a program."""


def runtime_arguments(run: PreparedRun) -> list[str]:
    """Return the arguments, without the program's name."""
    spec, target = run.request.spec, run.target
    is_pinned, is_micro = target.driver.memory == "pinned", run.request.gem5.is_micro
    return [
        *("--threads", str(spec.threads)),
        *("--repeat", str(spec.repeat)),
        *("--wait", target.driver.wait),
        *("--submission", spec.submission),
        *(["--memory", "pinned"] if is_pinned else []),
        *("--assignment", target.assignment),
        *("--queue-depth", str(target.accelerator_queue_depth)),
        *(["--micro"] if is_micro else []),
    ]
