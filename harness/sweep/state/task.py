"""One attempt to be made, as executors hand it around."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.sweep.description.point import Point
    from harness.sweep.description.resources import Resources


@dataclass(frozen=True, slots=True)
class Task:
    """An attempt.

    Attributes:
        point: At what.
        number: The attempt's number, from 1.
        resources: What it gets.
    """

    point: Point
    number: int
    resources: Resources


@dataclass(frozen=True, slots=True)
class Origin:
    """Who makes attempts.

    Attributes:
        executor: "local" or "slurm".
        job: The batch system's name of the job.
        restarts: How often the batch system had started it before.
    """

    executor: str = "local"
    job: str = ""
    restarts: int = 0
