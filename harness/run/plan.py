"""What a dry run says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.run.reference import default_name, load_workload
from harness.target import load_target

if TYPE_CHECKING:
    from harness.run.request import RunRequest


def plan_lines(request: RunRequest) -> list[str]:
    """Return what a run would do, after checking all of it that can be checked without running."""
    spec, output = request.spec, request.output
    target = load_target(spec.target, spec.overrides)
    workload = load_workload(spec.workload)
    accelerator = spec.accelerator or target.accelerator.model
    lines = [
        f"workload     {spec.workload}: graph {workload.graph.name}, "
        f"{len(workload.graph.nodes)} nodes, input {spec.input} of {workload.input_count}",
        f"target       {target.name}: {target.accelerator.count} x {accelerator}, "
        f"interface {target.accelerator.interface}",
        f"compiler     policy {spec.policy}, {spec.threads} threads",
        f"model        mode {spec.mode}, transport {spec.transport}, "
        f"deadline {spec.deadline_s:g} s",
        f"simulation   backend {spec.backend}, {spec.repeat} inference(s), seed {spec.seed}",
        f"directory    {output or f'runs/{default_name(spec.workload)} (numbered if it exists)'}",
    ]
    if spec.backend == "gem5":
        from harness.run.gem5.plan import gem5_lines  # noqa: PLC0415 - only for gem5

        lines += gem5_lines(request)
    return lines
