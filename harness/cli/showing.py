"""The texts of `harness show`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.base.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.run.compilation import Plan


def show_text(what: str, name: str, plan: Plan) -> str:
    """Return the text of a graph, program, target or model."""
    makers: dict[str, Callable[[str, Plan], str]] = {
        "graph": _graph,
        "summary": _summary,
        "program": _program,
        "passes": _passes,
        "target": _target,
        "model": _model,
    }
    if not name and what not in {"target", "model"}:
        raise SpecError(f"harness show {what} needs the name of a workload")
    return makers[what](name, plan)


def _graph(name: str, _: Plan) -> str:
    from harness.graph import format_graph  # noqa: PLC0415
    from harness.run.reference import load_workload  # noqa: PLC0415

    return format_graph(load_workload(name).graph)


def _summary(name: str, _: Plan) -> str:
    from harness.graph import summarize  # noqa: PLC0415
    from harness.run.reference import load_workload  # noqa: PLC0415

    return summarize(load_workload(name).graph)


def _program(name: str, plan: Plan) -> str:
    from harness.compiler import format_program  # noqa: PLC0415
    from harness.run.compilation import compile_workload  # noqa: PLC0415
    from harness.run.reference import load_workload  # noqa: PLC0415

    return format_program(compile_workload(load_workload(name).graph, plan))


def _passes(name: str, plan: Plan) -> str:
    from harness.compiler import PassResult, compile_graph, format_program  # noqa: PLC0415
    from harness.run.reference import load_workload  # noqa: PLC0415

    passes: list[PassResult] = []
    target = plan.load_target()
    graph = load_workload(name).graph
    description = plan.describe_model(target)
    program = compile_graph(graph, target, description, policy=plan.policy, on_pass=passes.append)
    passes.append(PassResult("program", format_program(program)))
    return "\n".join(f"--- {each.name} ---\n{each.text}" for each in passes)


def _target(name: str, plan: Plan) -> str:
    from dataclasses import replace  # noqa: PLC0415

    from harness.target import format_target  # noqa: PLC0415

    return format_target((replace(plan, target=name) if name else plan).load_target())


def _model(name: str, plan: Plan) -> str:
    from harness.run.compilation import describe_model  # noqa: PLC0415

    target = plan.load_target()
    description = describe_model(name or plan.accelerator or target.accelerator.model, target)
    return json.dumps(json.loads(description.to_json()), indent=2)
