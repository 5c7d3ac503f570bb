"""The commands, in the order of `harness --help`."""

from __future__ import annotations

from typing import Annotated

import typer

from harness import __version__
from harness.cli import (
    calibration_commands,
    check_commands,
    guest_commands,
    launch_commands,
    network_commands,
    report_commands,
    result_commands,
    run_commands,
    stats_commands,
    sweep_commands,
    trace_commands,
)

app = typer.Typer(
    name="harness",
    help="Where does the time of a whole inference go, and what should change in the SoC?",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
    epilog="Exit codes: 0 success, 1 run or check failed, 2 user error, 70 bug, 130 interrupted.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        typer.echo(f"harness {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Where does the time of a whole inference go, and what should change in the SoC?"""


run_commands.register(app)
launch_commands.register(app)
result_commands.register(app)
stats_commands.register(app)
report_commands.register(app)
network_commands.register(app)
check_commands.register(app)
calibration_commands.register(app)
trace_commands.register(app)
guest_commands.register(app)
sweep_commands.register(app)
