"""`harness trace`: recordings of what was said between simulator and model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

Trace = Annotated[Path, typer.Argument(metavar="TRACE", help="File that --record wrote.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    trace = typer.Typer(
        name="trace",
        help="Compare recordings, or drive a model with one.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    trace.command("diff")(diff)
    trace.command("drive")(drive)
    app.add_typer(trace)


def diff(first: Trace, second: Trace) -> None:
    """Show the first exchange in which two recordings differ; exit 0 if there is none."""
    from harness.cli.traces import difference_lines  # noqa: PLC0415

    lines = difference_lines(first, second)
    sys.stdout.write("\n".join([*(lines or ["the recordings are equal"]), ""]))
    if lines:
        raise typer.Exit(1)


def drive(
    trace: Trace,
    accelerator: Annotated[
        str, typer.Option("--accelerator", "-a", help="The model to drive.")
    ] = "vector_mac",
    transport: Annotated[str, typer.Option("--transport", help="ipc, tcp or inproc.")] = "ipc",
) -> None:
    """Play a recording's requests to a model and compare its answers; exit 0 if they are equal."""
    from harness.cli.traces import drive_lines  # noqa: PLC0415

    is_equal, lines = drive_lines(trace, accelerator, transport)
    sys.stdout.write("\n".join([*lines, ""]))
    if not is_equal:
        raise typer.Exit(1)
