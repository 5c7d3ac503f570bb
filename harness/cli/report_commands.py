"""`harness report`, `results`, `timeline`: what runs left, as tables, figures, answers, traces."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads annotations at run time
from typing import Annotated, Optional

import typer

from harness.cli.arguments import RunArgument  # noqa: TC001 - typer reads annotations at run time

Runs = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN...", help="Runs, sweeps, gem5 output folders, or folders of these."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for name, command in (("report", report), ("results", results), ("timeline", timeline)):
        app.command(name)(command)


def report(  # noqa: PLR0913 - one parameter per documented option
    runs: Runs,
    output: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time on Python 3.10
        typer.Option("--output", "-o", metavar="FILE", help="Write one HTML file with figures."),
    ] = None,
    plots: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--plots", metavar="DIR", help="Write the figures as files."),
    ] = None,
    file_format: Annotated[
        str, typer.Option("--format", help="Of --plots: pdf, svg or png.")
    ] = "pdf",
    width: Annotated[
        str, typer.Option("--width", help="Of --plots: column (3.3 in) or page (7 in).")
    ] = "column",
    baseline: Annotated[
        str,
        typer.Option(
            "--baseline",
            metavar="NAME=VALUE,...",
            help="What others are compared with: the first configuration with these values.",
        ),
    ] = "",
    pareto: Annotated[
        str,
        typer.Option(
            "--pareto", metavar="X,Y", help="Two of latency, energy and swept parameters."
        ),
    ] = "",
    title: Annotated[str, typer.Option("--title", help="Heading of the HTML file.")] = "",
    json: Annotated[  # noqa: FBT002 - typer's flags
        bool, typer.Option("--json", help="Print a run's result.json.")
    ] = False,
) -> None:
    """Show runs again: on the terminal, as one HTML file, or as figures for a paper."""
    if output is None and plots is None:
        from harness.report.terminal import print_report  # noqa: PLC0415

        print_report(runs, json=json)
        return
    from harness.report.plots import read_plot_options  # noqa: PLC0415
    from harness.report.report_files import Report  # noqa: PLC0415

    made = Report(runs, read_plot_options(baseline, pareto))
    if plots is not None:
        for path in made.write_plots(plots, file_format, width):
            typer.echo(str(path))
    if output is not None:
        made.write_page(output, title)
        typer.echo(f"{output}: {len(made.records)} runs, {len(made.plots)} figures")


def results(
    query: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="SELECT", help="One SQL query over the views of --schema."),
    ] = None,
    runs: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(metavar="[RUN]...", help="As of `harness report`; default: runs."),
    ] = None,
    file_format: Annotated[
        str, typer.Option("--format", "-f", help="table, csv, json or parquet.")
    ] = "table",
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", metavar="FILE", help="Instead of stdout."),
    ] = None,
    schema: Annotated[  # noqa: FBT002 - typer's flags
        bool, typer.Option("--schema", help="Show the views and their columns, and stop.")
    ] = False,
) -> None:
    """Ask many runs at once, in SQL: `harness results 'select * from runs' DIR`."""
    from harness.report.results.asking import ask, print_schema  # noqa: PLC0415

    if schema:
        print_schema()
    else:
        ask(query, runs or ["runs"], file_format, output)


def timeline(
    run: RunArgument,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--output", "-o", metavar="FILE", help="Default: RUN/trace.json; .gz is compressed."
        ),
    ] = None,
) -> None:
    """Export a run's timeline, or a gem5 run's dumps, for ui.perfetto.dev or chrome://tracing."""
    from harness.report.timeline_export import export_timeline  # noqa: PLC0415

    path, events = export_timeline(run, output)
    typer.echo(f"{path}: {events} events; open it at https://ui.perfetto.dev")
