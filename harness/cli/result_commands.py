"""`harness compare`, `status`: looking at what runs left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from harness.cli.arguments import RunArgument  # noqa: TC001 - typer reads annotations at run time


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for name, command in (
        ("compare", compare),
        ("status", status),
    ):
        app.command(name)(command)


def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="A run's directory or a stats.txt.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The other one.")],
    pattern: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--stats", metavar="PATTERN", help="Compare these statistics line by line."),
    ] = None,
    show_all: Annotated[  # noqa: FBT002 - typer's flags
        bool, typer.Option("--all", help="Show equal statistics too.")
    ] = False,
) -> None:
    """Compare two runs, or two stats.txt."""
    from harness.report.compare_tables import compare_runs, compare_statistics  # noqa: PLC0415
    from harness.report.table import print_table  # noqa: PLC0415
    from harness.run.launch.frozen import is_launch  # noqa: PLC0415

    if not any(Path(each).is_file() or is_launch(Path(each)) for each in (first, second)):
        from harness.run.result import read_result  # noqa: PLC0415

        for table in compare_runs((first, read_result(first)), (second, read_result(second))):
            print_table(table)
        if pattern is None:
            return
    from harness.stats.reader import open_stats  # noqa: PLC0415

    dumps = [open_stats(path).last() for path in (first, second)]
    print_table(compare_statistics(dumps[0], dumps[1], pattern or "*", only_different=not show_all))


def status(run: RunArgument) -> None:
    """Say whether a run goes on, is slow, is stuck, or how it ended; exit code 1 if not well."""
    from harness.run.pulse import take_pulse  # noqa: PLC0415

    pulse = take_pulse(run)
    typer.echo("\n".join([f"{run}: {pulse.verdict}", *(f"  {line}" for line in pulse.lines)]))
    if not pulse.is_well:
        raise typer.Exit(1)
