"""The points of a sweep: each a run or a command, its identity, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.sweep.description.resources import Resources, resources_from_dict

if TYPE_CHECKING:
    from collections.abc import Mapping

RUN, LAUNCH, PREPARE = "run", "launch", "prepare"
"""Kinds of points: a run of harness, a command, a command that others need."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to do.

    Attributes:
        id: Its name in the sweep's directory: a hash of all that decides its result.
        index: Its number among the sweep's points; -1 for a stage of preparation.
        kind: "run", "launch" or "prepare".
        parameters: The values that the sweep gave it.
        work: What is done, as plain data.
        resources: What it needs at first.
        needs: Ids of the stages that have to succeed before it.
        follows: Ids of points that have to end, in whatever way, before it: they make what it
            would else wait for.
    """

    id: str
    index: int
    kind: str
    parameters: Mapping[str, Any]
    work: Mapping[str, Any]
    resources: Resources = field(default_factory=Resources)
    needs: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The point for people."""
        return " ".join(f"{name}={value}" for name, value in self.parameters.items()) or self.id

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for points.json."""
        return {
            "id": self.id,
            "index": self.index,
            "kind": self.kind,
            "parameters": dict(self.parameters),
            "work": dict(self.work),
            "resources": self.resources.to_dict(),
            "needs": list(self.needs),
            "follows": list(self.follows),
        }


def point_from_dict(data: Mapping[str, Any]) -> Point:
    """Return what `to_dict` wrote."""
    return Point(
        data["id"],
        data["index"],
        data["kind"],
        data["parameters"],
        data["work"],
        resources_from_dict(data["resources"]),
        tuple(data["needs"]),
        tuple(data["follows"]),
    )
