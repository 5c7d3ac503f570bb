"""`harness sweep plan|run|status|cancel|retry|collect`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from harness.cli.arguments import Quiet  # noqa: TC001 - typer reads annotations at run time

if TYPE_CHECKING:
    from harness.sweep.state.directory import SweepDirectory
    from harness.sweep.state.state_table import StateTable

Description = Annotated[
    Path, typer.Argument(metavar="SWEEP", help="A .toml or .py file, or a sweep's directory.")
]
Output = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads it at run time on Python 3.10
    typer.Option("--output", "-o", metavar="DIR", help="The sweep's directory; else sweeps/NAME."),
]
Points = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Argument(metavar="[ID]...", help="Points, by the beginning of their ids; none: all."),
]
ExecutorName = Annotated[
    str, typer.Option("--executor", "-e", help="local, slurm, or dry-run: prints the scripts.")
]
Cores = Annotated[int, typer.Option("--cores", help="local: cores to use; 0 for all there are.")]
Memory = Annotated[
    str, typer.Option("--memory", metavar="SIZE", help="local: memory to use, '8 GiB'.")
]
Detach = Annotated[bool, typer.Option("--detach", help="slurm: submit, and do not wait.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
All = Annotated[bool, typer.Option("--all", "-a", help="A line for every point.")]
Classes = Annotated[
    list[str],
    typer.Option("--class", "-c", metavar="CLASS", help="Only what ended so: out-of-memory, ..."),
]
Statistics = Annotated[
    list[str],
    typer.Option("--stat", "-s", metavar="GLOB", help="Also statistics of each last dump."),
]

app = typer.Typer(
    name="sweep",
    help="Many runs from one description: on this machine or as batch jobs.",
    no_args_is_help=True,
)


def register(parent: typer.Typer) -> None:
    """Add the commands to the application."""
    parent.add_typer(app)


@app.command("plan")
def plan(description: Description, output: Output = None, all_: All = False) -> None:  # noqa: FBT002
    """Check every point and show what would be done; nothing is written or started."""
    from harness.sweep.plan_report import plan_lines  # noqa: PLC0415
    from harness.sweep.planning.plan import make_plan  # noqa: PLC0415 - start-up time
    from harness.sweep.session import read_description  # noqa: PLC0415

    sweep = read_description(description)
    _print(plan_lines(make_plan(sweep), output or sweep.default_directory, is_long=all_))


@app.command("run")
def run(
    description: Description,
    output: Output = None,
    executor: ExecutorName = "local",
    cores: Cores = 0,
    memory: Memory = "",
    detach: Detach = False,  # noqa: FBT002 - typer's flags
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Do what is not done yet; what succeeded is not done again."""
    from harness.base.units import parse_size_bytes  # noqa: PLC0415
    from harness.sweep.progress import ConsoleSweepProgress  # noqa: PLC0415
    from harness.sweep.session import open_sweep, run_sweep  # noqa: PLC0415
    from harness.sweep.status import status_lines  # noqa: PLC0415

    options: dict[str, Any] = {}
    if executor == "local":
        options = {"cores": cores, "memory_bytes": parse_size_bytes(memory) if memory else 0}
    found = open_sweep(description, output)
    progress = ConsoleSweepProgress(is_quiet=quiet)
    try:
        table = run_sweep(
            found, executor=executor, progress=progress, is_detached=detach, **options
        )
    except KeyboardInterrupt:
        more = "" if executor == "local" else f" --executor {executor}; its jobs go on"
        sys.stderr.write(f"harness: go on with: harness sweep run {found.path}{more}\n")
        raise
    _print(status_lines(table))
    if not detach and executor != "dry-run" and not _has_succeeded(table):
        raise typer.Exit(1)


@app.command("status")
def status(
    sweep: Description,
    output: Output = None,
    all_: All = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Show the points by state and by how they ended; no launcher is needed."""
    from harness.sweep.session import find_sweep  # noqa: PLC0415
    from harness.sweep.status import status_json, status_lines  # noqa: PLC0415

    table = _table(find_sweep(sweep, output))
    if json:
        sys.stdout.write(status_json(table))
    else:
        _print(status_lines(table, is_long=all_))


@app.command("cancel")
def cancel(sweep: Description, points: Points = None, output: Output = None) -> None:
    """End unfinished points, and leave them alone from now on."""
    from harness.sweep.session import cancel as cancel_points  # noqa: PLC0415
    from harness.sweep.session import find_sweep  # noqa: PLC0415

    table, executor = _table_and_executor(find_sweep(sweep, output))
    chosen = cancel_points(table, executor, points or ())
    _print([f"cancelled {len(chosen)} points"])


@app.command("retry")
def retry(
    sweep: Description,
    points: Points = None,
    output: Output = None,
    classes: Classes = [],  # noqa: B006 - typer copies it
    memory: Annotated[
        str, typer.Option("--memory", metavar="SIZE", help="What the points get from now on.")
    ] = "",
    time: Annotated[
        str, typer.Option("--time", metavar="TIME", help="What the points get: '2 h'.")
    ] = "",
) -> None:
    """Let failed or cancelled points be tried again at the next `run`."""
    from harness.base.units import parse_size_bytes  # noqa: PLC0415
    from harness.sweep.description.resources import parse_duration_s  # noqa: PLC0415
    from harness.sweep.description.retry_policy import find_ending  # noqa: PLC0415
    from harness.sweep.session import find_sweep  # noqa: PLC0415
    from harness.sweep.session import retry as retry_points  # noqa: PLC0415
    from harness.sweep.state.attempts import Pardon  # noqa: PLC0415

    wanted = [find_ending(each) for each in classes]
    pardon = Pardon(
        parse_size_bytes(memory) if memory else 0, parse_duration_s(time) if time else 0.0
    )
    chosen = retry_points(_table(find_sweep(sweep, output)), points or (), wanted, pardon)
    _print([f"{len(chosen)} points will be tried again by harness sweep run"])


@app.command("collect")
def collect(
    sweep: Description,
    output: Output = None,
    table: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--table", "-t", metavar="FILE", help="A .csv or .parquet; else stdout."),
    ] = None,
    statistics: Statistics = [],  # noqa: B006
) -> None:
    """Write one table: a row for each point, its values and what came out."""
    from harness.sweep.collect import collect as collect_rows  # noqa: PLC0415
    from harness.sweep.collect import to_csv, write_table  # noqa: PLC0415
    from harness.sweep.session import find_sweep  # noqa: PLC0415

    rows = collect_rows(_table(find_sweep(sweep, output)), statistics)
    if table is None:
        sys.stdout.write(to_csv(rows))
    else:
        write_table(rows, table)


def _table(directory: SweepDirectory) -> StateTable:
    return _table_and_executor(directory)[0]


def _table_and_executor(directory: SweepDirectory) -> tuple[StateTable, Any]:
    """Return the states as this machine can see them; Slurm is asked if it was given jobs."""
    from harness.base.errors import SpecError  # noqa: PLC0415
    from harness.sweep.executors.submissions import Submissions  # noqa: PLC0415
    from harness.sweep.session import make_executor  # noqa: PLC0415
    from harness.sweep.state.state_table import StateTable  # noqa: PLC0415

    if not any(each.job for each in Submissions(directory.path / "jobs").all()):
        executor = make_executor("local", directory)
        return StateTable(directory), executor
    try:
        executor = make_executor("slurm", directory, patience_s=0.0)
        executor.settle()
    except SpecError:
        sys.stderr.write("harness: Slurm is not on this machine; its jobs' states are the files'\n")
        executor = make_executor("dry-run", directory)
    return StateTable(directory, executor.is_alive, executor.is_queued), executor


def _has_succeeded(table: StateTable) -> bool:
    return all(state.phase.value == "succeeded" for state in table.states.values())


def _print(lines: list[str]) -> None:
    sys.stdout.write("\n".join([*lines, ""]))
