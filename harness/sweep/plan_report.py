"""What `harness sweep plan` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.sweep.description.resources import format_resources
from harness.sweep.state.directory import SWEEP_JSON, SweepDirectory
from harness.sweep.state.point_state import Phase
from harness.sweep.state.state_table import StateTable

if TYPE_CHECKING:
    from pathlib import Path

    from harness.sweep.planning.plan import Plan

_SHOWN = 10


def plan_lines(plan: Plan, directory: Path, *, is_long: bool = False) -> list[str]:
    """Return a plan for people.

    Args:
        plan: The plan.
        directory: Where it would go; if a sweep is there, what it has done counts.
        is_long: One line for every point.
    """
    sweep = plan.sweep
    done = _done(directory)
    old = sum(point.id in done for point in plan.points)
    again = f", {plan.repeated} more named twice" if plan.repeated else ""
    lines = [
        f"sweep        {sweep.name}: {len(plan.points)} points{again}, {old} of them done",
        f"directory    {directory}",
        f"each         {format_resources(sweep.resources)}",
        f"tried again  {'; '.join(sweep.policy.lines())}",
    ]
    lines += [
        f"before       {stage.id}  {stage.title}: {' '.join(stage.work['argv'])}"
        for stage in plan.stages
    ]
    shown = plan.points if is_long else plan.points[:_SHOWN]
    for point in shown:
        mark = "  done" if point.id in done else ""
        lines.append(f"{point.index:>6}  {point.id}  {point.title}{mark}")
    if len(shown) < len(plan.points):
        lines.append(f"        and {len(plan.points) - len(shown)} more; --all shows them")
    return lines


def _done(directory: Path) -> set[str]:
    if not (directory / SWEEP_JSON).is_file():
        return set()
    states = StateTable(SweepDirectory.open(directory)).states
    return {point for point, state in states.items() if state.phase is Phase.SUCCEEDED}
