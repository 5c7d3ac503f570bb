"""The user's own checks of a run: shell commands that must return 0."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from harness.base.child_process import end_text
from harness.run.ending import Ending
from harness.run.launch.places import CHECKS_LOG, OUTDIR
from harness.run.launch.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from harness.run.launch.spec import LaunchSpec

TIMEOUT_S = 600.0
_TAIL_LINES = 5


def failed_check(spec: LaunchSpec, run: Path) -> Verdict | None:
    """Run the checks in the run's directory; return a verdict if one of them fails.

    They see HARNESS_RUN and HARNESS_OUTDIR, the run's directory and gem5's output folder; what
    they print is in checks.txt.
    """
    if not spec.checks:
        return None
    environment = {
        **spec.full_environment(),
        "HARNESS_RUN": str(run),
        "HARNESS_OUTDIR": str(run / OUTDIR),
    }
    log = run / CHECKS_LOG
    log.unlink(missing_ok=True)
    for check in spec.checks:
        failure = _failure(check, run, environment)
        if failure:
            lines = log.read_text(errors="replace").strip().splitlines()[-_TAIL_LINES:]
            text = "\n    ".join([f"the check failed: {check}: {failure}", *lines])
            return Verdict(Ending.WRONG_OUTPUT, "a check failed", text)
    return None


def _failure(check: str, run: Path, environment: dict[str, str]) -> str:
    with (run / CHECKS_LOG).open("ab") as log:
        log.write(f"$ {check}\n".encode())
        log.flush()
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", check],
                cwd=run,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"it took longer than {TIMEOUT_S:g} s"
    return end_text(done.returncode) if done.returncode else ""
