"""What the stages of a run hand to each other, and who is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.bridge.connection import ModelConnection
    from harness.compiler.program import Program
    from harness.run.case import Case
    from harness.run.directory import RunDirectory
    from harness.run.manifest import Manifest
    from harness.run.measurement import Measurement
    from harness.run.request import RunRequest
    from harness.target import Target


class Progress(Protocol):
    """Somebody who wants to know how a run gets on."""

    def stage(self, text: str) -> None:
        """A new stage begins."""

    def notice(self, text: str) -> None:
        """The user has to do something."""

    def tick(self, tick: int, detail: str = "") -> None:
        """Simulated time moved on."""


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """Everything that a simulation needs."""

    request: RunRequest
    target: Target
    case: Case
    program: Program
    manifest: Manifest
    connection: ModelConnection
    directory: RunDirectory


class Simulation(Protocol):
    """A backend's simulation of a prepared run; its measurement is there whatever ended it."""

    def run(self) -> Measurement:
        """Simulate all inferences."""

    def measurement(self) -> Measurement:
        """Return what was measured so far."""
