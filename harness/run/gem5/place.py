"""Where in the program a running simulation is: its step and operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.compiler.program import Invoke

if TYPE_CHECKING:
    from harness.compiler.program import Program
    from harness.run.gem5.output import Position


class ProgramPlaces:
    """Turns positions into steps of a program.

    The guest marks no steps, because a mark costs simulated time; so the commands that have ended
    tell the step: the first one whose command has not. With several accelerators that is near it.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        steps = enumerate(program.steps)
        self._invokes = [i for i, step in steps if isinstance(step.action, Invoke)]

    def step(self, position: Position) -> int:
        """Return the step; -1 before the first inference."""
        if position.inference < 0:
            return -1
        if position.commands < 0 or not self._invokes:
            return position.step
        if position.commands >= len(self._invokes):
            return len(self._program.steps) - 1
        return self._invokes[position.commands]

    def operator(self, step: int) -> str:
        """Return the name of a step's operator; empty if there is no such step."""
        if not 0 <= step < len(self._program.steps):
            return ""
        return self._program.operators[self._program.steps[step].operator].name
