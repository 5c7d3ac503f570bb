"""`harness validate soc`: prints a grid's points as they come, and the verdict."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTPUTS = Path("runs")


def validate_grid(
    file: Path,
    output: Path | None,
    gem5: Path | None,
    limits: Mapping[str, float | None],
    *,
    is_quiet: bool,
) -> int:
    """Run a grid on both backends and print the comparison.

    Args:
        file: The grid.
        output: Directory of the runs; None for one below `runs` with the grid's name.
        gem5: The gem5 binary; None to look for it.
        limits: By name, in place of the grid's; None where that holds.
        is_quiet: No progress on stderr.

    Returns:
        The exit code.

    Raises:
        ValidationError: The grid is missing or malformed.
    """
    from harness.report.progress import ConsoleProgress  # noqa: PLC0415 - not for other kinds
    from harness.run.gem5_options import Gem5Options  # noqa: PLC0415
    from harness.run.validation.soc import validate_soc  # noqa: PLC0415
    from harness.run.validation.soc_backends import RealBackends  # noqa: PLC0415
    from harness.run.validation.soc_grid import read_grid  # noqa: PLC0415

    grid = read_grid(file)
    grid = replace(grid, limits=grid.limits.updated(**limits))
    folder = output or OUTPUTS / f"validate-{file.stem}"
    progress = ConsoleProgress(is_quiet=is_quiet)

    def print_lines(lines: list[str]) -> None:
        progress.close()
        sys.stdout.write("\n".join([*lines, ""]))
        sys.stdout.flush()

    backends = RealBackends(progress)
    report, is_interrupted = validate_soc(
        grid, folder, backends, print_lines, Gem5Options(binary=gem5)
    )
    print_lines([*report.lines(), f"runs and numbers: {folder}"])
    if is_interrupted:
        return int(ExitCode.INTERRUPTED)
    return int(ExitCode.OK if report.is_within else ExitCode.RUN_FAILED)
