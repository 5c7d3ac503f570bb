"""`harness stats`: any gem5's statistics in a shell, one file at a time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from harness.cli import stats_table_commands
from harness.cli.stats_options import (
    DumpChoice,
    File,
    Files,
    Form,
    FormChoice,
    Metrics,
    Patterns,
    split_metrics,
)

if TYPE_CHECKING:
    from harness.stats.dump import Dump
    from harness.stats.metrics.declarations import Metric

_SHOW = "show"


class ShowByDefault(TyperGroup):
    """`harness stats FILE` is `harness stats show FILE`; a file called `list` is `./list`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command before arguments that begin with none."""
        if args and args[0] not in self.commands and args[0] not in {"-h", "--help"}:
            args = [_SHOW, *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(
        name="stats",
        cls=ShowByDefault,
        help="Statistics of any gem5: `harness stats FILE [PATTERN]...` shows them.\n\n"
        "FILE is a stats.txt, also compressed, or a run's directory.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    for command in (show, grep, metrics, export, follow):
        group.command(command.__name__)(command)
    group.command("list")(list_file)
    stats_table_commands.register(group)
    app.add_typer(group)


def show(
    file: File,
    patterns: Patterns = None,
    dump: DumpChoice = "last",
    form: FormChoice = Form.TABLE,
) -> None:
    """Show statistics by name (the default command)."""
    from harness.base.errors import StatsError  # noqa: PLC0415
    from harness.report.listing import print_listing  # noqa: PLC0415
    from harness.report.stats_tables import dump_title, stats_listing  # noqa: PLC0415
    from harness.stats.dump_choice import chosen_dumps  # noqa: PLC0415
    from harness.stats.reader import open_stats  # noqa: PLC0415

    stats = open_stats(file)
    found = False
    for chosen in chosen_dumps(stats, dump, patterns):
        title = dump_title(stats.where, chosen)
        listing = stats_listing(chosen, patterns or ["*"], title)
        if listing.rows:
            found = True
            print_listing(listing, form.value)
    if not found:
        wanted = " ".join(patterns or [])
        raise StatsError(
            f"no statistic matches {wanted!r}",
            where=stats.where,
            way_out=f"`harness stats list {file} --names` lists the names",
        )


def list_file(
    file: File,
    patterns: Patterns = None,
    names: Annotated[  # noqa: FBT002 - typer's flags
        bool, typer.Option("--names", help="List the names of statistics, not the dumps.")
    ] = False,
    form: FormChoice = Form.TABLE,
) -> None:
    """List a file's dumps, or with --names (or patterns) its statistics."""
    from harness.report.listing import print_listing  # noqa: PLC0415
    from harness.report.stats_tables import dumps_listing, names_listing  # noqa: PLC0415
    from harness.stats.reader import open_stats  # noqa: PLC0415
    from harness.stats.scan_pass import missing_dump  # noqa: PLC0415

    stats = open_stats(file)
    if names or patterns:
        print_listing(names_listing(stats, patterns or ["*"]), form.value)
        return
    listing = dumps_listing(stats)
    if not listing.rows:
        raise missing_dump(stats.source)
    print_listing(listing, form.value)


def grep(
    pattern: Annotated[str, typer.Argument(help="Names, such as '*.ipc'.")],
    files: Files,
    dump: DumpChoice = "last",
) -> None:
    """Print `FILE:NAME VALUE` for each match; exit code 1 if there is none."""
    from harness.report.listing import shown_number  # noqa: PLC0415
    from harness.stats.dump_choice import chosen_dumps  # noqa: PLC0415
    from harness.stats.reader import open_stats  # noqa: PLC0415

    found = False
    for file in files:
        for chosen in chosen_dumps(open_stats(file), dump, [pattern]):
            number = "" if chosen.entry.index is None else f":{chosen.entry.index}"
            for name, value in chosen.items():
                found = True
                sys.stdout.write(f"{file}{number}:{name} {shown_number(value)}\n")
    if not found:
        raise typer.Exit(1)


def metrics(
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="Without one: which metrics there are.")
    ] = "",
    wanted: Metrics = None,
    dump: DumpChoice = "last",
    form: FormChoice = Form.TABLE,
) -> None:
    """Show metrics under one name for every gem5: ipc, mpki, bandwidths, energy, your own."""
    from harness.report.listing import print_listing  # noqa: PLC0415
    from harness.report.stats_tables import (  # noqa: PLC0415
        declarations_listing,
        dump_title,
        metrics_listing,
    )
    from harness.stats.dump_choice import chosen_dumps  # noqa: PLC0415
    from harness.stats.metrics.evaluation import evaluate, evaluate_all  # noqa: PLC0415
    from harness.stats.reader import open_stats  # noqa: PLC0415

    names, known = split_metrics(wanted)
    if not file:
        print_listing(declarations_listing(known.values()), form.value)
        return
    stats = open_stats(file)
    for chosen in chosen_dumps(stats, dump):
        values, refusals = (
            (evaluate(chosen, names, known), ()) if names else evaluate_all(chosen, known)
        )
        title = dump_title(stats.where, chosen)
        print_listing(metrics_listing(values, title, refusals), form.value)


def export(
    file: File,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help=".csv, .json or .parquet")
    ],
    patterns: Patterns = None,
    dump: DumpChoice = "all",
) -> None:
    """Write statistics as a long table: dump, name, base, element, value, unit, kind."""
    from harness.report.stats_export import export_statistics  # noqa: PLC0415

    rows = export_statistics(file, output, patterns or None, dump)
    typer.echo(f"{output}: {rows} rows")


def follow(
    file: File,
    patterns: Patterns = None,
    wanted: Metrics = None,
    interval_s: Annotated[
        float, typer.Option("--interval", metavar="SECONDS", min=0.01, help="Between two looks.")
    ] = 1.0,
    count: Annotated[
        int, typer.Option("--count", metavar="N", min=0, help="End after N dumps; 0: never.")
    ] = 0,
) -> None:
    """Print each dump of a running gem5 as soon as it is whole; Ctrl-C ends it."""
    from harness.stats.follow import follow as followed  # noqa: PLC0415

    names, known = split_metrics(wanted)
    path = _followed_path(file)
    for number, chosen in enumerate(
        followed(path, None if names else patterns or None, interval_s), start=1
    ):
        sys.stdout.write(_followed_text(chosen, patterns or [], names, known))
        sys.stdout.flush()
        if number == count:
            return


def _followed_path(file: str) -> Path:
    """Return the file to follow, which need not be there yet."""
    from harness.run.directory import GEM5_OUTPUT, STATS_TXT  # noqa: PLC0415

    path = Path(file)
    if not path.is_dir():
        return path
    inner = path / GEM5_OUTPUT / STATS_TXT
    return inner if inner.is_file() and not (path / STATS_TXT).is_file() else path / STATS_TXT


def _followed_text(
    dump: Dump, patterns: list[str], names: list[str], known: dict[str, Metric]
) -> str:
    from harness.report.listing import shown_number  # noqa: PLC0415
    from harness.stats.metrics.evaluation import evaluate  # noqa: PLC0415

    values = {} if names and not patterns else dump.match(*patterns or ["*"])
    if names:
        values |= {each.metric.name: each.value for each in evaluate(dump, names, known)}
    lines = [f"{name} {shown_number(value)}" for name, value in values.items()]
    return "\n".join([f"dump {dump.entry.index}", *(f"  {line}" for line in lines), ""])
