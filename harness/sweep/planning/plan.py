"""From a description to checked points: nothing is submitted while any of them is invalid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError
from harness.sweep.description.point import RUN
from harness.sweep.planning.command_points import CommandPoints
from harness.sweep.planning.run_points import run_points

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.sweep.description.point import Point
    from harness.sweep.description.sweep import Sweep


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sweep will do.

    Attributes:
        sweep: The description.
        points: In the description's order; their index is their number.
        stages: What is prepared for them.
        repeated: How many points the description named a second time.
    """

    sweep: Sweep
    points: tuple[Point, ...]
    stages: tuple[Point, ...]
    repeated: int

    @property
    def everything(self) -> tuple[Point, ...]:
        """Stages and points."""
        return (*self.stages, *self.points)


def make_plan(sweep: Sweep) -> Plan:
    """Check a sweep and return all that it will do.

    Raises:
        HarnessError: A point cannot run; the message says which, where, and why.
    """
    commands = CommandPoints(sweep)
    made = _runs(sweep, commands) if sweep.kind == RUN else commands.points()
    points, repeated = _each_once(made)
    return Plan(sweep, _after_boots(points), tuple(commands.stages.values()), repeated)


def _runs(sweep: Sweep, commands: CommandPoints) -> Iterator[Point]:
    for point in run_points(sweep):
        needs = commands.needs({**sweep.run, **sweep.space.points[point.index]})
        yield replace(point, needs=tuple(needs.values()))


def _each_once(points: Iterable[Point]) -> tuple[list[Point], int]:
    """Number the points and drop those that are named again; two names for one run are refused."""
    found: dict[str, Point] = {}
    repeated = 0
    for point in points:
        before = found.get(point.id)
        if before is None:
            found[point.id] = replace(point, index=len(found))
        elif dict(before.parameters) == dict(point.parameters):
            repeated += 1
        else:
            raise SpecError(
                "two points are the same run",
                got=f"{before.title}; {point.title}",
                way_out="leave out the value that changes nothing",
            )
    return list(found.values()), repeated


def _after_boots(points: list[Point]) -> tuple[Point, ...]:
    """Let one run of gem5's full system boot each guest; the others start when it has ended.

    The checkpoint's cache has a lock, so all could start at once; but then those that wait for the
    boot would keep cores that others can use.
    """
    leaders: dict[str, str] = {}
    found = []
    for point in points:
        key = _boot_key(point)
        leader = leaders.setdefault(key, point.id) if key else point.id
        found.append(point if leader == point.id else replace(point, follows=(leader,)))
    return tuple(found)


def _boot_key(point: Point) -> str:
    """Return what tells a point's boot from others; empty if it boots nothing.

    Coarser than the checkpoint's own key is safe: then one boot waits that could have begun.
    """
    spec: dict[str, Any] = point.work.get("spec", {})
    if spec.get("backend") != "gem5" or spec.get("simulation_mode") != "fs":
        return ""
    from harness.target import load_target  # noqa: PLC0415 - only for full systems

    target = load_target(spec["target"], spec["overrides"])
    facts = (point.work["gem5"], spec["boot"], target.cpu.cores, target.cpu.clock_hz)
    return repr((*facts, target.accelerator.count, point.needs))
