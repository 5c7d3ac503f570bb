"""From values to commands: `{placeholders}` are filled in, and every value has to be used."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError
from harness.sweep.description.point import LAUNCH, PREPARE, Point
from harness.sweep.planning.identity import CommandIdentities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.sweep.description.space import Scalar
    from harness.sweep.description.sweep import Command, Stage, Sweep

OUTPUT, KEEP, CHECKPOINT, STAGE = "output", "keep", "checkpoint", "prepare."
"""Placeholders that are places: the point's directory, its folder that outlives attempts, the
checkpoint it goes on from, and a stage's directory, `{prepare.NAME}`."""
OUTDIR = "outdir"
"""gem5's output folder; `harness launch` itself fills it in."""


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template; doubled braces are braces.

    Raises:
        SpecError: A placeholder has no value, or the braces do not match.
    """
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise SpecError(f"not a template: {error}", got=repr(template)) from error
    text = ""
    for literal, name, form, conversion in parts:
        text += literal
        if name is None:
            continue
        if name not in values or conversion:
            valid = ", ".join(values)
            raise SpecError(f"unknown placeholder {name!r}", expected=valid, got=repr(template))
        try:
            text += format(values[name], form or "")
        except ValueError as error:
            raise SpecError(f"{name}: {error}", got=repr(template)) from error
    return text


def placeholders(command: Command) -> set[str]:
    """Return the names that a command's templates use."""
    texts = (*command.argv, command.cwd, *command.environment.values(), *command.resume)
    texts = (*texts, *command.files)
    found: set[str] = set()
    for text in texts:
        fill_names = (name for _, name, _, _ in Formatter().parse(text) if name)
        found.update(fill_names)
    return found


class CommandPoints:
    """Makes the points of a sweep over commands, and the stages of any sweep."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._identities = CommandIdentities()
        self.stages: dict[str, Point] = {}

    def points(self) -> Iterator[Point]:
        """Yield the commands of the sweep's points.

        Raises:
            SpecError: A placeholder or a value does not fit, or the program is not there.
        """
        command = self._sweep.launch
        if command is None:
            return
        for index, values in enumerate(self._sweep.space.points):
            yield self._checked(command, values, index)

    def _checked(self, command: Command, values: Mapping[str, Scalar], index: int) -> Point:
        try:
            needs = self.needs(values)
            made = self._point(command, values, (LAUNCH, index), needs)
            self._all_used(command, values)
        except (SpecError, ValueError) as error:
            raise self._placed(error, index, values) from error
        return made

    def needs(self, values: Mapping[str, Scalar]) -> dict[str, str]:
        """Return the ids of the stages that a point with these values needs, by their names."""
        found: dict[str, str] = {}
        for stage in self._sweep.prepare:
            point = self._stage(stage, values, dict(found))
            self.stages.setdefault(point.id, point)
            found[stage.name] = point.id
        return found

    def _stage(self, stage: Stage, values: Mapping[str, Scalar], before: dict[str, str]) -> Point:
        used = placeholders(stage.command)
        own = {name: value for name, value in values.items() if name in used}
        made = self._point(stage.command, own, (PREPARE, -1), before)
        return Point(
            made.id,
            -1,
            PREPARE,
            {"stage": stage.name, **own},
            made.work,
            stage.resources,
            made.needs,
        )

    def _point(
        self,
        command: Command,
        values: Mapping[str, Scalar],
        what: tuple[str, int],
        needs: Mapping[str, str],
    ) -> Point:
        places = {name: f"{{{name}}}" for name in (OUTPUT, KEEP, OUTDIR)}
        stages = {f"{STAGE}{name}": f"{{{STAGE}{found}}}" for name, found in needs.items()}
        known = {**values, **places, **stages}
        cwd = Path(fill(command.cwd, known) or ".").absolute()
        argv = [fill(word, known) for word in command.argv]
        environment = {k: fill(v, known) for k, v in command.environment.items()}
        _check_program(argv[0], cwd)
        for word in command.resume:
            fill(word, {**known, CHECKPOINT: ""})
        rest = {
            "environment": environment,
            "files": [fill(each, known) for each in command.files],
            "expect": list(command.expect),
            "stages": sorted(needs.values()),
        }
        work = {
            "argv": list(command.argv),
            "cwd": str(cwd),
            "environment": dict(command.environment),
            "expect": list(command.expect),
            "needs_stats": what[0] == LAUNCH
            if command.needs_stats is None
            else command.needs_stats,
            "no_progress_s": command.no_progress_s,
            "checkpoint": command.checkpoint,
            "resume": list(command.resume),
            "values": dict(values),
            "stages": dict(needs),
        }
        found = self._identities.id_of(argv, cwd, rest)
        kind, index = what
        return Point(
            found, index, kind, dict(values), work, self._sweep.resources, tuple(needs.values())
        )

    def _all_used(self, command: Command, values: Mapping[str, Scalar]) -> None:
        used = placeholders(command).union(*(placeholders(s.command) for s in self._sweep.prepare))
        unused = [name for name in values if name not in used]
        if unused:
            raise SpecError(
                f"no part of the command uses {unused[0]!r}",
                way_out=f"write {{{unused[0]}}} into argv or environment, or leave the value out",
            )

    def _placed(
        self, error: SpecError | ValueError, index: int, values: Mapping[str, Scalar]
    ) -> SpecError:
        what = error.what if isinstance(error, SpecError) else str(error)
        parts = (
            (error.expected, error.got, error.way_out)
            if isinstance(error, SpecError)
            else ("",) * 3
        )
        key = next((name for name in values if f"'{name}'" in what), "[launch]")
        where = self._sweep.place(key)
        text = f"point {index} cannot run: {what}"
        return SpecError(text, where=where, expected=parts[0], got=parts[1], way_out=parts[2])


def _check_program(program: str, cwd: Path) -> None:
    place = str(cwd / program) if os.sep in program else program
    if shutil.which(place) is None:
        raise SpecError("there is no such program", got=program)
