"""`harness validate`, `accuracy` and `doctor`: is what we say true, and does this machine work."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path  # noqa: TC003 - typer reads it at run time
from typing import Annotated

import typer


class Kind(str, Enum):
    """What a validation file is about."""

    TILING = "tiling"
    WORK = "work"
    KERNELS = "kernels"


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (validate, accuracy, doctor):
        app.command()(command)


def validate(
    kind: Annotated[Kind, typer.Argument(help="What the file's rows are about.")],
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Outside measurements.")],
) -> None:
    """Hold models against outside measurements."""
    from harness.cli.validation import validate_file  # noqa: PLC0415

    is_within, lines = validate_file(kind.value, file)
    sys.stdout.write("\n".join([*lines, ""]))
    if not is_within:
        raise typer.Exit(1)


def accuracy(
    workload: Annotated[str, typer.Argument(help="A workload that ships inputs and labels.")],
    simulate: Annotated[
        int, typer.Option("--simulate", metavar="N", help="Also simulate the first N inputs.")
    ] = 0,
    target: Annotated[str, typer.Option("--target", "-t", help="For --simulate.")] = "smaug",
) -> None:
    """Print a workload's accuracy on its test inputs."""
    from harness.run.accuracy import reference_accuracy, simulated_accuracy  # noqa: PLC0415
    from harness.run.reference import load_workload  # noqa: PLC0415

    loaded = load_workload(workload)
    for score in (
        reference_accuracy(loaded),
        *([simulated_accuracy(loaded, target, simulate)] if simulate else []),
    ):
        typer.echo(str(score))


def doctor() -> None:
    """Check what this machine has and what is missing."""
    from harness.cli.doctor import diagnose  # noqa: PLC0415
    from harness.report.table import Table, print_table  # noqa: PLC0415

    findings = list(diagnose())
    rows = tuple((each.verdict, each.what, each.detail) for each in findings)
    print_table(Table("", ("", "what", "found"), rows))
    if any(each.is_fatal for each in findings):
        raise typer.Exit(1)
