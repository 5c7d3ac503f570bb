"""`harness list`, `show`, `compile` and `export`: what there is, before anything runs."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path  # noqa: TC003 - typer reads it at run time
from typing import Annotated

import typer

Overrides = Annotated[
    list[str], typer.Option("--set", "-s", metavar="KEY=VALUE", help="Override a target's field.")
]
TargetOption = Annotated[str, typer.Option("--target", "-t", help="Shipped target or .toml file.")]
AcceleratorOption = Annotated[
    str, typer.Option("--accelerator", "-a", help="Model; the target's unless given.")
]
PolicyOption = Annotated[str, typer.Option("--policy", help="Tiling policy: traffic or smaug.")]


class Listed(str, Enum):
    """What `harness list` lists."""

    WORKLOADS = "workloads"
    MODELS = "models"
    TARGETS = "targets"
    OPERATORS = "operators"


class Shown(str, Enum):
    """What `harness show` shows."""

    GRAPH = "graph"
    SUMMARY = "summary"
    PROGRAM = "program"
    PASSES = "passes"
    TARGET = "target"
    MODEL = "model"


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("list")(list_)
    app.command("show")(show)
    app.command("compile")(compile_)
    app.command("export")(export)


def list_(what: Annotated[Listed, typer.Argument(help="What to list.")]) -> None:
    """List workloads, models, targets or operators."""
    from harness.cli.listing import listing  # noqa: PLC0415
    from harness.report.table import print_table  # noqa: PLC0415

    print_table(listing(what.value))


def show(
    what: Annotated[Shown, typer.Argument(help="What to show.")],
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Workload, target or model.")] = "",
    target: TargetOption = "smaug",
    overrides: Overrides = [],  # noqa: B006 - typer copies it
    accelerator: AcceleratorOption = "",
    policy: PolicyOption = "traffic",
) -> None:
    """Print a graph, program, target or model."""
    from harness.cli.showing import show_text  # noqa: PLC0415
    from harness.run.compilation import Plan  # noqa: PLC0415

    plan = Plan(target, tuple(overrides), accelerator, policy)
    sys.stdout.write(show_text(what.value, name, plan).rstrip("\n") + "\n")


def compile_(
    workload: Annotated[str, typer.Argument(help="The workload.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="For the files.")],
    target: TargetOption = "smaug",
    overrides: Overrides = [],  # noqa: B006
    accelerator: AcceleratorOption = "",
    policy: PolicyOption = "traffic",
) -> None:
    """Compile a workload and write graph and program."""
    from harness.run.compilation import Plan, compile_to_directory  # noqa: PLC0415

    plan = Plan(target, tuple(overrides), accelerator, policy)
    program = compile_to_directory(workload, plan, output)
    typer.echo(
        f"{output}: {len(program.steps)} steps, {len(program.commands)} commands, "
        f"{sum(window.size_bytes for window in program.windows)} bytes of memory"
    )


def export(
    workload: Annotated[str, typer.Argument(help="The workload.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE.onnx", help="The ONNX file.")
    ],
) -> None:
    """Export a workload's network as ONNX."""
    from harness.run.compilation import export_onnx  # noqa: PLC0415

    export_onnx(workload, output)
    typer.echo(str(output))
