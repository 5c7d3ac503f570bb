"""What `harness list` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable


def listing(what: str) -> Table:
    """Return the table of workloads, models, targets or operators."""
    makers: dict[str, Callable[[], Table]] = {
        "workloads": _workloads,
        "models": _models,
        "targets": _targets,
        "operators": _operators,
    }
    return makers[what]()


def _workloads() -> Table:
    from harness.base.errors import HarnessError  # noqa: PLC0415
    from harness.run.reference import installed_workloads, load_workload  # noqa: PLC0415

    rows = []
    for name in installed_workloads():
        try:
            workload = load_workload(name)
        except HarnessError as error:
            rows.append((name, "", "", f"cannot be loaded: {error.what}"))
            continue
        nodes, inputs = str(len(workload.graph.nodes)), str(workload.input_count)
        rows.append((name, nodes, inputs, workload.description))
    return Table("", ("workload", ">nodes", ">inputs", "what it is"), tuple(rows))


def _models() -> Table:
    from importlib.metadata import entry_points  # noqa: PLC0415

    rows = tuple(
        (point.name, point.value) for point in sorted(entry_points(group="harness.models"))
    )
    return Table("", ("model", "class"), rows)


def _targets() -> Table:
    from harness.target import list_targets, load_target  # noqa: PLC0415

    rows = []
    for name in list_targets():
        target = load_target(name)
        cpu, accelerator = target.cpu, target.accelerator
        rows.append(
            (
                name,
                f"{cpu.cores} x {cpu.clock_hz / 1e9:g} GHz",
                target.dram.name,
                f"{accelerator.count} x {accelerator.model} at {accelerator.clock_hz / 1e9:g} GHz",
                accelerator.interface,
            )
        )
    return Table("", ("target", "CPU", "DRAM", "accelerators", "interface"), tuple(rows))


def _operators() -> Table:
    from harness.graph import OPERATORS  # noqa: PLC0415

    rows = tuple(
        (name, (operator.doc or "").strip().split("\n")[0])
        for name, operator in sorted(OPERATORS.items())
    )
    return Table("", ("operator", "what it does"), rows)
