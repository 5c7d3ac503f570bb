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
    BRIDGE = "bridge"


Output = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--output", "-o", metavar="DIR", help="soc, bridge: where its runs go."),
]
Gem5 = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "--gem5", metavar="PATH", help="soc, bridge: the gem5 binary; else $GEM5, or on PATH."
    ),
]
Limit = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(metavar="FRACTION", help="soc: in place of the grid's limit."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="soc: no progress on stderr.")]
Runs = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option("--runs", metavar="N", help="bridge: live runs, and replays; 5 if not said."),
]
Repeat = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option("--repeat", "-n", metavar="N", help="bridge: inferences in each run; 8."),
]
Cpu = Annotated[str, typer.Option("--cpu", help="bridge: CPU model: timing, o3 or atomic.")]
SimulationMode = Annotated[str, typer.Option("--mode", help="bridge: se or fs.")]
ShareLimit = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option("--share-limit", metavar="FRACTION", help="bridge: largest share; 0.05."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (validate, accuracy, doctor):
        app.command()(command)


def validate(  # noqa: PLR0913 - one parameter per documented option
    kind: Annotated[Kind, typer.Argument(help="What the file is about.")],
    file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(
            metavar="[FILE]",
            help="Measurements (CSV); soc: a grid; bridge: a workload, lenet5 if not said.",
        ),
    ] = None,
    output: Output = None,
    gem5: Gem5 = None,
    mean_limit: Limit = None,
    worst_limit: Limit = None,
    tau_limit: Limit = None,
    speed_limit: Limit = None,
    quiet: Quiet = False,  # noqa: FBT002 - typer's flags
    runs: Runs = None,
    repeat: Repeat = None,
    cpu: Cpu = "",
    simulation_mode: SimulationMode = "",
    share_limit: ShareLimit = None,
) -> None:
    """Hold models against measurements, the SoC against gem5; or time the bridge on gem5."""
    limits = {"mean": mean_limit, "worst": worst_limit, "tau": tau_limit, "speed": speed_limit}
    if kind is Kind.BRIDGE:
        _refuse("soc", kind, *limits.values())
        how = (simulation_mode, cpu, repeat)
        return _validate_bridge(file, (output, gem5), how, (runs, share_limit))
    _refuse("bridge", kind, runs, repeat, share_limit, cpu or None, simulation_mode or None)
    if file is None:
        raise typer.BadParameter(f"{kind.value} needs a file")
    if kind is Kind.SOC:
        from harness.cli.soc_validation import validate_grid  # noqa: PLC0415

        if code := validate_grid(file, output, gem5, limits, is_quiet=quiet):
            raise typer.Exit(code)
        return None
    _refuse("soc", kind, output, gem5, *limits.values())
    from harness.cli.validation import validate_file  # noqa: PLC0415

    is_within, lines = validate_file(kind.value, file)
    sys.stdout.write("\n".join([*lines, ""]))
    if not is_within:
        raise typer.Exit(1)
    return None


def _refuse(owner: str, kind: Kind, *options: object) -> None:
    """Refuse options that belong to another kind."""
    if any(each is not None for each in options):
        raise typer.BadParameter(f"these options belong to {owner}, not to {kind.value}")


def _validate_bridge(
    workload: Path | None,
    places: tuple[Path | None, Path | None],
    how: tuple[str, str, int | None],
    measured: tuple[int | None, float | None],
) -> None:
    from harness.cli.bridge_validation import (  # noqa: PLC0415
        INFERENCES,
        RUNS,
        WORKLOAD,
        validate_share,
    )
    from harness.run.spec import RunSpec  # noqa: PLC0415

    mode, cpu, repeat = how
    spec = RunSpec(
        workload=str(workload or WORKLOAD),
        backend="gem5",
        simulation_mode=mode or "se",
        cpu=cpu or "o3",
        repeat=INFERENCES if repeat is None else repeat,
    )
    runs, limit = measured
    output, gem5 = places
    if code := validate_share(spec, output, gem5, RUNS if runs is None else runs, limit):
        raise typer.Exit(code)


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
