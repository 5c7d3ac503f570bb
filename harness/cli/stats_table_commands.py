"""`harness stats table | diff | series | plot`: several runs or dumps beside one another."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from harness.cli.stats_options import (
    AbsentChoice,
    AbsentPolicy,
    DumpChoice,
    File,
    Files,
    Form,
    FormChoice,
    Metrics,
    Patterns,
    Stats,
    split_metrics,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.stats.frame import Frame


def register(group: typer.Typer) -> None:
    """Add the commands to `harness stats`."""
    for command in (table, diff, series, plot):
        group.command(command.__name__)(command)


def table(
    files: Files,
    stats: Stats = None,
    metrics: Metrics = None,
    dump: DumpChoice = "last",
    absent: AbsentChoice = AbsentPolicy.NAN,
    form: FormChoice = Form.TABLE,
) -> None:
    """Show runs as rows, statistics and metrics as columns."""
    from harness.report.listing import print_listing  # noqa: PLC0415
    from harness.report.stats_tables import frame_listing  # noqa: PLC0415

    frame = _frame(files, dump, stats or [], metrics, absent)
    print_listing(frame_listing(frame, "", "run"), form.value)


def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="A stats.txt or a run's directory.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The other one.")],
    patterns: Patterns = None,
    threshold: Annotated[
        float,
        typer.Option(
            "--threshold",
            "-t",
            min=0,
            help="Show what differs by more than this share of the larger.",
        ),
    ] = 0.0,
    show_all: Annotated[  # noqa: FBT002 - typer's flags
        bool, typer.Option("--all", help="Show the others too.")
    ] = False,
    dump: DumpChoice = "last",
    form: FormChoice = Form.TABLE,
) -> None:
    """Show what differs between two dumps; exit code 0: nothing, 1: something."""
    from harness.base.errors import StatsError  # noqa: PLC0415
    from harness.report.listing import print_listing  # noqa: PLC0415
    from harness.report.stats_tables import differences_listing  # noqa: PLC0415
    from harness.stats.comparison import compare_dumps  # noqa: PLC0415
    from harness.stats.dump_choice import chosen_dumps  # noqa: PLC0415
    from harness.stats.reader import open_stats  # noqa: PLC0415

    pair = [list(chosen_dumps(open_stats(each), dump, patterns)) for each in (first, second)]
    if len(pair[0]) != 1 or len(pair[1]) != 1:
        raise StatsError("--dump: a comparison is of one dump with one", got=dump)
    differences = compare_dumps(pair[0][0], pair[1][0], *patterns or [])
    if not differences:
        raise StatsError(f"no statistic matches {' '.join(patterns or [])!r} in either file")
    beyond = [each for each in differences if each.is_beyond(threshold)]
    title = f"{len(beyond)} of {len(differences)} statistics differ"
    title += f" by more than {threshold:g} of the larger" if threshold else ""
    print_listing(differences_listing(differences if show_all else beyond, title), form.value)
    if beyond:
        raise typer.Exit(1)


def series(
    file: File,
    patterns: Patterns = None,
    metrics: Metrics = None,
    dump: DumpChoice = "all",
    absent: AbsentChoice = AbsentPolicy.NAN,
    form: FormChoice = Form.TABLE,
) -> None:
    """Show statistics over a file's dumps, one row each."""
    from harness.report.listing import print_listing  # noqa: PLC0415
    from harness.report.stats_tables import frame_listing  # noqa: PLC0415

    frame = _frame([file], dump, patterns or [], metrics, absent, is_series=True)
    print_listing(frame_listing(frame, "", "dump"), form.value)


def plot(
    files: Files,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help=".svg, .pdf or .png")
    ],
    stats: Stats = None,
    metrics: Metrics = None,
    dump: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time on Python 3.10
        typer.Option(
            "--dump", metavar="WHICH", help="Default: all dumps of one file, the last of several."
        ),
    ] = None,
    absent: AbsentChoice = AbsentPolicy.NAN,
) -> None:
    """Draw statistics: one file over its dumps as lines, several runs as bars."""
    from harness.report.stats_plot import plot_frame  # noqa: PLC0415

    is_series = len(files) == 1
    choice = dump or ("all" if is_series else "last")
    frame = _frame(files, choice, stats or [], metrics, absent, is_series=is_series)
    plot_frame(frame, output, is_series=is_series)
    typer.echo(f"{output}: {len(frame.columns)} x {len(frame.rows)} values")


def _frame(
    files: Sequence[str],
    dump: str,
    patterns: Sequence[str],
    wanted: Sequence[str] | None,
    absent: AbsentPolicy,
    *,
    is_series: bool = False,
) -> Frame:
    from harness.stats.dump_choice import chosen_dumps  # noqa: PLC0415
    from harness.stats.frame import Absent  # noqa: PLC0415
    from harness.stats.reader import open_stats  # noqa: PLC0415
    from harness.stats.run_table import tabulate  # noqa: PLC0415

    names, known = split_metrics(wanted)
    kept = None if names else patterns or None
    dumps = []
    for file in files:
        for chosen in chosen_dumps(open_stats(file), dump, kept):
            number = str(chosen.entry.index)
            is_alone = dump in {"first", "last"} or dump.isdigit()
            label = file if is_alone else f"{file}:{number}"
            dumps.append((number if is_series else label, chosen))
    return tabulate(dumps, patterns, names, known, Absent(absent.value))
