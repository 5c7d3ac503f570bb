"""Compiling without running: for `harness compile`, `show` and `export`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.run.directory import disk_error
from harness.run.model_session import hello_parameters
from harness.run.reference import load_workload

if TYPE_CHECKING:
    from pathlib import Path

    from harness.bridge.description import ModelDescription
    from harness.compiler.program import Program
    from harness.graph import Graph
    from harness.target import Target


@dataclass(frozen=True, slots=True)
class Plan:
    """What to compile for."""

    target: str = "smaug"
    overrides: tuple[str, ...] = ()
    accelerator: str = ""
    policy: str = "traffic"

    def load_target(self) -> Target:
        """Return the resolved target."""
        from harness.target import load_target  # noqa: PLC0415

        return load_target(self.target, self.overrides)

    def describe_model(self, target: Target) -> ModelDescription:
        """Ask the model what it can do."""
        reference = self.accelerator or target.accelerator.model
        return describe_model(reference, target)


def describe_model(reference: str, target: Target) -> ModelDescription:
    """Ask a model what it can do: in this process, or in its own if it is a program."""
    from harness.bridge.load import is_program  # noqa: PLC0415

    hello = hello_parameters(target, "kernel", 0)
    if is_program(reference):
        from harness.run.probe import describe_process  # noqa: PLC0415

        return describe_process(reference, hello)
    from harness.bridge.in_process import connect_in_process  # noqa: PLC0415

    connection = connect_in_process(reference, hello)
    try:
        return connection.description
    finally:
        connection.abort()


def compile_workload(graph: Graph, plan: Plan) -> Program:
    """Compile a network as a run with this plan would."""
    from harness.compiler import compile_graph  # noqa: PLC0415

    target = plan.load_target()
    return compile_graph(graph, target, plan.describe_model(target), policy=plan.policy)


def compile_to_directory(workload: str, plan: Plan, directory: Path) -> Program:
    """Compile a workload and write graph and program."""
    from harness.compiler import save_program  # noqa: PLC0415
    from harness.graph import save_graph  # noqa: PLC0415

    graph = load_workload(workload).graph
    program = compile_workload(graph, plan)
    save_graph(graph, directory)
    save_program(program, directory)
    return program


def export_onnx(workload: str, path: Path) -> None:
    """Write a workload's network as an ONNX file."""
    from harness.graph.onnx_export import export_onnx as to_onnx  # noqa: PLC0415 - onnx is an extra

    data = to_onnx(load_workload(workload).graph).SerializeToString(deterministic=True)
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_error(error, path) from error
