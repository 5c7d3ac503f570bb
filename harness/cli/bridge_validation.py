"""`harness validate bridge`: prints pairs of runs as they come, and the verdict."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import ExitCode

if TYPE_CHECKING:
    from harness.run.spec import RunSpec

OUTPUTS = Path("runs")
WORKLOAD = "lenet5"
RUNS = 5
INFERENCES = 8
"""In each run: one of lenet5 takes a quarter of a second, in which clocks and caches are noise."""


def validate_share(
    spec: RunSpec, output: Path | None, gem5: Path | None, runs: int, limit: float | None
) -> int:
    """Measure the bridge's share of gem5's host time.

    Args:
        spec: What is run, on gem5.
        output: Directory of the runs; None for one below `runs`.
        gem5: The gem5 binary; None to look for it.
        runs: Number of live runs, and of replays.
        limit: Largest share; None for the usual one.

    Returns:
        The exit code.

    Raises:
        HarnessError: A run could not be made.
    """
    from harness.report.progress import ConsoleProgress  # noqa: PLC0415 - not for other kinds
    from harness.run.gem5_options import Gem5Options  # noqa: PLC0415
    from harness.run.pipeline import execute  # noqa: PLC0415
    from harness.run.request import RunRequest  # noqa: PLC0415
    from harness.run.validation.bridge import (  # noqa: PLC0415
        HEADING,
        LARGEST_SHARE,
        validate_bridge,
    )

    folder = output or OUTPUTS / f"validate-bridge-{Path(spec.workload).stem}"
    progress = ConsoleProgress(is_quiet=True)

    def print_lines(*lines: str) -> None:
        sys.stdout.write("\n".join([*lines, ""]))
        sys.stdout.flush()

    print_lines(HEADING)
    report = validate_bridge(
        RunRequest(spec, gem5=Gem5Options(binary=gem5)),
        folder,
        runs,
        lambda request: execute(request, progress),
        lambda pair: print_lines(pair.line()),
        LARGEST_SHARE if limit is None else limit,
    )
    print_lines(*report.lines(), f"runs and numbers: {folder}")
    return int(ExitCode.OK if report.is_within else ExitCode.RUN_FAILED)
