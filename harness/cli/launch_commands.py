"""`harness launch`: any gem5 command in a frozen run directory."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from harness.cli.arguments import Quiet  # noqa: TC001 - typer reads annotations at run time

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from harness.run.launch.launch import FinishedLaunch
    from harness.run.launch.spec import LaunchSpec
    from harness.run.prepared import Progress

Command = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads it at run time on Python 3.10
    typer.Argument(metavar="-- COMMAND...", help="gem5.opt [OPTIONS] SCRIPT.py [ARGUMENTS]"),
]
Output = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--output", "-o", metavar="DIR", help="The run's directory; default: runs/NAME."),
]
Name = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--name", metavar="NAME", help="NAME in runs/NAME; default: the script's."),
]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace the old launch in --output.")]
Environment = Annotated[
    list[str],
    typer.Option(
        "--env",
        "-e",
        metavar="NAME[=VALUE]",
        help="Set a variable, or freeze its present value with the run; may be repeated.",
    ),
]
Folder = Annotated[str, typer.Option("--cwd", metavar="DIR", help="Run the command there.")]
Timeout = Annotated[
    float, typer.Option("--timeout", metavar="S", help="End the run after this host time.")
]
Memory = Annotated[
    str,
    typer.Option(
        "--memory", metavar="SIZE", help="End the run when it uses more RAM, such as '8 GiB'."
    ),
]
NoProgress = Annotated[
    float,
    typer.Option(
        "--no-progress", metavar="S", help="End it when it neither computes nor writes for so long."
    ),
]
NoOutput = Annotated[
    float, typer.Option("--no-output", metavar="S", help="End it when no file grows for so long.")
]
Expect = Annotated[
    list[str],
    typer.Option(
        "--expect",
        metavar="CAUSE",
        help="Exit cause that is a success, * and ? allowed; may be repeated.",
    ),
]
Check = Annotated[
    list[str],
    typer.Option(
        "--check", metavar="COMMAND", help="Shell command that must succeed in the run's directory."
    ),
]
NoStats = Annotated[
    bool, typer.Option("--no-stats-needed", help="A success needs no dump of statistics.")
]
NoGuestWatch = Annotated[
    bool, typer.Option("--no-guest-watch", help="Let a guest whose kernel panicked go on.")
]
NoNotes = Annotated[
    bool,
    typer.Option("--no-exit-notes", help="Do not have gem5 note its exit events (PYTHONPATH)."),
]
Gem5Word = Annotated[
    str,
    typer.Option("--gem5-word", metavar="WORD", help="The word that takes gem5's own options."),
]
Input = Annotated[
    list[str],
    typer.Option(
        "--input", "-i", metavar="FILE", help="A file the run depends on, to be hashed as well."
    ),
]
Tee = Annotated[bool, typer.Option("--tee", help="Show what the command prints while it runs.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the exact command, and stop.")]
Rerun = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--rerun", metavar="DIR", help="Repeat the launch in DIR, and compare."),
]
ChangedFiles = Annotated[
    bool, typer.Option("--changed-files", help="With --rerun: take files as they are now.")
]
Json = Annotated[bool, typer.Option("--json", help="Print result.json instead of a summary.")]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("launch", context_settings={"allow_interspersed_args": False})(launch)


def launch(  # noqa: PLR0913 - one parameter per documented option
    command: Command = None,
    output: Output = None,
    name: Name = None,
    force: Force = False,  # noqa: FBT002 - typer's flags
    environment: Environment = [],  # noqa: B006 - typer copies it
    cwd: Folder = "",
    timeout: Timeout = 0.0,
    memory: Memory = "",
    no_progress: NoProgress = 0.0,
    no_output: NoOutput = 0.0,
    expect: Expect = [],  # noqa: B006
    check: Check = [],  # noqa: B006
    no_stats_needed: NoStats = False,  # noqa: FBT002
    no_guest_watch: NoGuestWatch = False,  # noqa: FBT002
    no_exit_notes: NoNotes = False,  # noqa: FBT002
    gem5_word: Gem5Word = "",
    inputs: Input = [],  # noqa: B006
    tee: Tee = False,  # noqa: FBT002
    dry_run: DryRun = False,  # noqa: FBT002
    rerun: Rerun = None,
    changed_files: ChangedFiles = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Run any gem5 command in a frozen run directory, and say by evidence how it ended.

    harness launch -- gem5.opt configs/hello.py --cores 4
    """
    from harness.base.units import parse_size_bytes  # noqa: PLC0415
    from harness.run.launch.spec import LaunchSpec  # noqa: PLC0415

    if rerun is not None:
        return _repeat(rerun, command, (output, force, tee, quiet, json), changed_files)
    spec = LaunchSpec(
        argv=tuple(command or ()),
        cwd=cwd,
        environment=_variables(environment),
        timeout_s=timeout,
        memory_bytes=parse_size_bytes(memory) if memory else 0,
        no_progress_s=no_progress,
        no_output_s=no_output,
        expect=tuple(expect),
        checks=tuple(check),
        needs_stats=not no_stats_needed,
        watches_guest=not no_guest_watch,
        notes_exits=not no_exit_notes,
        gem5_word=gem5_word,
        inputs=tuple(inputs),
    )
    if dry_run:
        return _print_plan(spec, output, name)

    def run(progress: Progress, echo: BinaryIO | None) -> FinishedLaunch:
        from harness.run.launch.launch import launch as run_launch  # noqa: PLC0415

        return run_launch(spec, output, progress, name=name, force=force, echo=echo)

    return _show(run, tee, quiet, json)


def _repeat(
    directory: str,
    command: list[str] | None,
    options: tuple[str | None, bool, bool, bool, bool],
    takes_changes: bool,  # noqa: FBT001 - as typed
) -> None:
    from harness.base.errors import SpecError  # noqa: PLC0415

    if command:
        raise SpecError("--rerun takes its command from the old launch", got=" ".join(command))
    output, force, tee, quiet, json = options

    def run(progress: Progress, echo: BinaryIO | None) -> FinishedLaunch:
        from harness.run.launch.rerun import repeat  # noqa: PLC0415

        return repeat(
            directory, output, progress, force=force, takes_changes=takes_changes, echo=echo
        )

    _show(run, tee, quiet, json)


def _show(
    run: Callable[[Progress, BinaryIO | None], FinishedLaunch],
    tee: bool,  # noqa: FBT001 - as typed
    quiet: bool,  # noqa: FBT001
    json: bool,  # noqa: FBT001
) -> None:
    """Run, and print the outcome; standard output belongs to it, or to the command with --tee."""
    from harness.base.errors import ExitCode  # noqa: PLC0415
    from harness.report.progress import ConsoleProgress  # noqa: PLC0415
    from harness.run.launch.summary import failure_lines, summary_lines  # noqa: PLC0415

    progress = ConsoleProgress(is_quiet=quiet or (tee and sys.stderr.isatty()))
    try:
        finished = run(progress, sys.stdout.buffer if tee else None)
    finally:
        progress.close()
    if json:
        sys.stdout.write(finished.outcome.to_json())
    else:
        sys.stdout.write("\n".join([*summary_lines(finished), ""]))
    if finished.exit_code:
        sys.stdout.flush()
        if finished.exit_code != ExitCode.INTERRUPTED:  # that is reported where it ends
            sys.stderr.write("\n".join([*failure_lines(finished), ""]))
        raise typer.Exit(finished.exit_code)


def _variables(texts: list[str]) -> dict[str, str]:
    """Read NAME=VALUE, or NAME for its present value."""
    from harness.base.errors import SpecError  # noqa: PLC0415

    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            if name not in os.environ:
                raise SpecError(
                    "--env names a variable that is not set", expected="NAME=VALUE", got=name
                )
            value = os.environ[name]
        found[name] = value
    return found


def _print_plan(spec: LaunchSpec, output: str | None, name: str | None) -> None:
    from harness.run.launch.plan import plan_lines  # noqa: PLC0415

    sys.stdout.write("\n".join([*plan_lines(spec, output, name), ""]))
