"""LaunchSpec: a gem5 command as its user typed it, with limits and what counts as success."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping  # noqa: TC003 - from_plain's callers read the hints
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from harness.base.errors import SpecError
from harness.base.threads import users_variables

OUTDIR_WORD = "{outdir}"
"""Stands in a command for gem5's output folder, where harness cannot put an option itself."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """One gem5 command to run.

    Attributes:
        argv: The command: wrappers, gem5, its options, the script, its arguments.
        cwd: Where it runs; empty for the current folder. Relative paths in `argv` begin here.
        environment: Variables that are added to ours or replace them.
        without: Names of variables of ours that the command does not get.
        timeout_s: Limit of host time; 0 for none.
        memory_bytes: Limit of the resident memory of gem5 and all that it started; 0 for none.
        no_progress_s: End the run when for so long no CPU time was used, no file grew and no tick
            was heard; 0 for never.
        no_output_s: End the run when for so long no file of it grew, however busy it was.
        expect: Exit causes that are a success, as shell patterns ("cause", or "cause, code N"
            for another code than 0); empty for all that are not known to be failures.
        checks: Shell commands that run in the run's directory afterwards; each must return 0.
        needs_stats: Whether a success needs a complete dump of statistics.
        watches_guest: Whether a panic of the guest's kernel ends the run.
        gem5_word: The word of `argv` that takes gem5's options; empty: found by what it is.
        inputs: Further files whose contents the run depends on, to be hashed.
        notes_exits: Whether gem5 is asked, by a module on PYTHONPATH, to note its exit events.
    """

    argv: tuple[str, ...]
    cwd: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    timeout_s: float = 0.0
    memory_bytes: int = 0
    no_progress_s: float = 0.0
    no_output_s: float = 0.0
    expect: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    needs_stats: bool = True
    watches_guest: bool = True
    gem5_word: str = ""
    inputs: tuple[str, ...] = ()
    notes_exits: bool = True

    def __post_init__(self) -> None:
        for name in ("argv", "without", "expect", "checks", "inputs"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "cwd", str(Path(self.cwd or ".").absolute()))
        object.__setattr__(self, "environment", dict(sorted(self.environment.items())))
        self._check()

    def _check(self) -> None:
        if not self.argv:
            raise SpecError(
                "there is no command",
                expected="harness launch [OPTIONS] -- gem5.opt [OPTIONS] SCRIPT [ARGUMENTS]",
            )
        if not Path(self.cwd).is_dir():
            raise SpecError("the command's folder does not exist", where=self.cwd)
        if any("\0" in word for word in (*self.argv, *self.environment.values())):
            raise SpecError("a word of the command, or a variable, holds a NUL character")
        for name in self.environment:
            if not _VARIABLE.fullmatch(name):
                raise SpecError("not a variable's name", expected="NAME=VALUE", got=repr(name))
        for name in ("timeout_s", "memory_bytes", "no_progress_s", "no_output_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise SpecError(f"{name}: not a limit", expected="0 or more", got=repr(value))

    def full_environment(self) -> dict[str, str]:
        """Return all variables that the command gets, before harness adds its own."""
        ours = users_variables(os.environ)
        kept = {name: value for name, value in ours.items() if name not in self.without}
        return {**kept, **self.environment}

    def to_dict(self) -> dict[str, Any]:
        """Return the specification as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str) -> LaunchSpec:
        """Make a specification of plain data.

        Raises:
            SpecError: A field is unknown, or has a value of another type.
        """
        known = {each.name: each for each in fields(cls)}
        unknown = sorted(set(data) - set(known))
        if unknown:
            raise SpecError(f"unknown field {unknown[0]!r}", where=where, expected=", ".join(known))
        try:
            lists = {name: tuple(value) for name, value in data.items() if isinstance(value, list)}
            return cls(**{**data, **lists})
        except (TypeError, AttributeError) as error:
            raise SpecError(f"not a launch: {error}", where=where) from error
