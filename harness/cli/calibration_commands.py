"""`harness calibrate`: measures on gem5 what the embedded SoC takes as given."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

OUTPUTS = Path("runs/calibrate")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(calibrate)


def calibrate(
    cpu: Annotated[str, typer.Option("--cpu", help="gem5's CPU model: o3 or timing.")] = "o3",
    mode: Annotated[
        str, typer.Option("--mode", help="fs measures Linux as well, se has no OS.")
    ] = "fs",
    output: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time on Python 3.10
        typer.Option("--output", "-o", metavar="FILE", help="The calibration; else to stdout."),
    ] = None,
    target: Annotated[str, typer.Option("--target", "-t", help="The SoC to measure.")] = "smaug",
    overrides: Annotated[
        list[str], typer.Option("--set", "-s", metavar="KEY=VALUE", help="Override a field of it.")
    ] = [],  # noqa: B006 - typer copies it
    gem5: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--gem5", metavar="PATH", help="The gem5 binary; else $GEM5, or on PATH."),
    ] = None,
    runs: Annotated[
        Path, typer.Option("--runs", metavar="DIR", help="Where the micro runs go.")
    ] = OUTPUTS,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,  # noqa: FBT002
) -> None:
    """Measure costs of software on gem5 and write them as overrides of a target."""
    from harness.base.errors import SpecError  # noqa: PLC0415 - not before it is needed
    from harness.report.progress import ConsoleProgress  # noqa: PLC0415
    from harness.run.calibration.calibrate import What  # noqa: PLC0415
    from harness.run.calibration.calibrate import calibrate as measure  # noqa: PLC0415
    from harness.run.calibration.runner import PipelineRunner  # noqa: PLC0415

    if cpu not in {"o3", "timing"}:
        raise SpecError("only timed CPUs are calibrated", where="--cpu", expected="o3 or timing")
    progress = ConsoleProgress(is_quiet=quiet)
    try:
        what = What(cpu, mode, target, tuple(overrides))
        text = measure(what, runs, PipelineRunner(progress), gem5)
    finally:
        progress.close()
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")
