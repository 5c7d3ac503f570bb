"""What a user asks for: a sweep as a value, made by a TOML file or by Python."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError
from harness.sweep.description.point import LAUNCH, RUN
from harness.sweep.description.resources import Resources
from harness.sweep.description.retry_policy import RetryPolicy
from harness.sweep.description.slurm_options import SlurmOptions
from harness.sweep.description.space import ONE_POINT, Scalar, Space

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Command:
    """A command with `{placeholders}`, for `harness launch`.

    Attributes:
        argv: The command; every word may hold placeholders.
        cwd: Where it starts; empty for where the sweep was planned.
        environment: Variables besides the inherited ones.
        files: Further files, as globs, whose content decides the result.
        expect: What an orderly end says, as for `harness launch --expect`.
        needs_stats: Whether a success needs a complete dump of statistics; None: points do,
            stages do not.
        no_progress_s: Host time without progress after which it is ended; 0 means never.
        checkpoint: Glob, below the point's directory, of folders of checkpoints of gem5.
        resume: Words that are added to the command when it goes on from `{checkpoint}`.
    """

    argv: tuple[str, ...]
    cwd: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    expect: tuple[str, ...] = ()
    needs_stats: bool | None = None
    no_progress_s: float = 0.0
    checkpoint: str = ""
    resume: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.argv:
            raise SpecError("the command is empty")
        if bool(self.checkpoint) != bool(self.resume):
            raise SpecError("checkpoint and resume come together")


@dataclass(frozen=True, slots=True)
class Stage:
    """A command that is done once before the points that need it.

    Points share a stage if its command, with their values filled in, is the same.

    Attributes:
        name: Points find its directory as `{prepare.NAME}`.
        command: What is done.
        resources: What it needs.
    """

    name: str
    command: Command
    resources: Resources = field(default_factory=Resources)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Many runs of harness, or many commands.

    Attributes:
        name: Names the sweep's directory.
        space: The points' values.
        run: Values that all points share, of runs of harness.
        launch: The command of all points; None for runs of harness.
        prepare: Commands that come first, in their order.
        resources: What a point needs.
        policy: What is tried again.
        slurm: How jobs are submitted to Slurm.
        places: Where the file has the keys, for messages.
    """

    name: str
    space: Space = ONE_POINT
    run: Mapping[str, Scalar] = field(default_factory=dict)
    launch: Command | None = None
    prepare: tuple[Stage, ...] = ()
    resources: Resources = field(default_factory=Resources)
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    slurm: SlurmOptions = field(default_factory=SlurmOptions)
    places: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SpecError(
                "not a name for a sweep", expected="letters, digits, . _ -", got=self.name
            )
        if self.launch is not None and self.run:
            raise SpecError("a sweep has runs of harness or a command, not both")
        names = [stage.name for stage in self.prepare]
        if len(set(names)) < len(names):
            raise SpecError("two stages of preparation have one name", got=", ".join(names))
        if not len(self.space):
            raise SpecError("the sweep has no points", way_out="look at its lists and its filter")

    @property
    def kind(self) -> str:
        """What its points are: "run" or "launch"."""
        return RUN if self.launch is None else LAUNCH

    @property
    def default_directory(self) -> Path:
        """Where it goes if nobody says where."""
        return Path("sweeps") / self.name

    def place(self, key: str) -> str:
        """Return where the file has a key, or the sweep's name."""
        return self.places.get(key) or self.places.get("", f'sweep "{self.name}"')


def command(argv: Sequence[str], **options: Any) -> Command:
    """Return a command of a sweep: `command(["gem5.opt", "x.py", "--size={size}"])`."""
    return Command(tuple(argv), **options)
