"""What gem5's script says while it runs: lines that begin with "harness: "."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TICK = re.compile(
    r"harness: tick (?P<tick>\d+)(?: step (?P<step>-?\d+) of (?P<steps>\d+))?"
    r"(?: inference (?P<inference>-?\d+))?(?: commands (?P<commands>\d+))?\s*"
)
_STAGE = "harness: stage "
_START_MODEL = "harness: start the model: "


@dataclass(frozen=True, slots=True)
class Position:
    """Where the simulation is; -1 for what is not known.

    Attributes:
        tick: Simulated time.
        step: The program's step that the guest marked last.
        steps: How many steps an inference has.
        inference: Index of the inference, from 0.
        commands: Commands of this inference that have ended, over all accelerators.
    """

    tick: int = 0
    step: int = -1
    steps: int = 0
    inference: int = -1
    commands: int = -1


@dataclass(frozen=True, slots=True)
class Stage:
    """The script begins something else."""

    text: str


@dataclass(frozen=True, slots=True)
class ModelCommand:
    """The line that the user is to type to start the model."""

    text: str


Said = Position | Stage | ModelCommand


def parse_line(line: str) -> Said | None:
    """Return what a line of gem5's standard output says to harness; None if nothing."""
    if line.startswith(_STAGE):
        return Stage(line[len(_STAGE) :].strip())
    if line.startswith(_START_MODEL):
        return ModelCommand(line[len(_START_MODEL) :].strip())
    match = _TICK.fullmatch(line)
    if match is None:
        return None
    numbers = {name: int(text) for name, text in match.groupdict().items() if text is not None}
    return Position(**numbers)
