"""`harness validate`, `accuracy` and `doctor`: is what we say true, and does this machine work."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Optional

import typer


class Kind(str, Enum):
    """What a validation file is about."""

    TILING = "tiling"
    WORK = "work"
    KERNELS = "kernels"
    SOC = "soc"


Output = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--output", "-o", metavar="DIR", help="soc: where its runs go and are kept."),
]
Gem5 = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--gem5", metavar="PATH", help="soc: the gem5 binary; else $GEM5, or on PATH."),
]
Limit = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(metavar="FRACTION", help="soc: in place of the grid's limit."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="soc: no progress on stderr.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (validate, accuracy, doctor):
        app.command()(command)


def validate(  # noqa: PLR0913 - one parameter per documented option
    kind: Annotated[Kind, typer.Argument(help="What the file is about.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Measurements (CSV); soc: a grid.")],
    output: Output = None,
    gem5: Gem5 = None,
    mean_limit: Limit = None,
    worst_limit: Limit = None,
    tau_limit: Limit = None,
    speed_limit: Limit = None,
    quiet: Quiet = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Hold models against outside measurements, and the embedded SoC against gem5."""
    if kind is Kind.SOC:
        from harness.cli.soc_validation import validate_grid  # noqa: PLC0415

        limits = {"mean": mean_limit, "worst": worst_limit, "tau": tau_limit, "speed": speed_limit}
        if code := validate_grid(file, output, gem5, limits, is_quiet=quiet):
            raise typer.Exit(code)
        return
    if any(
        each is not None for each in (output, gem5, mean_limit, worst_limit, tau_limit, speed_limit)
    ):
        raise typer.BadParameter(f"these options belong to soc, not to {kind.value}")
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
