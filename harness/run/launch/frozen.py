"""launch.json: all that a launch depends on; nothing of time, host or process is in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import __version__
from harness.base.errors import SpecError
from harness.run.launch.environment import frozen_environment, other_names
from harness.run.launch.file_hashes import describe_file, regular_file
from harness.run.launch.git_state import GitState, git_state
from harness.run.launch.spec import LaunchSpec

if TYPE_CHECKING:
    from harness.run.launch.command import LaunchCommand

LAUNCH_JSON = "launch.json"
KIND = "launch"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class FrozenLaunch:
    """The content of launch.json.

    Attributes:
        spec: What the user asked for.
        command: The command as it ran, with its output folder.
        script: The script's path; empty if none is in a file.
        files: gem5, the script and every word of the command that names a file: path, size, hash.
        git: The commit of each work tree that gem5, the script or the folder belong to.
        environment: Variables that gem5 saw, with their values.
        other_variables: Names of the others.
    """

    spec: LaunchSpec
    command: tuple[str, ...]
    script: str = ""
    files: tuple[dict[str, Any], ...] = ()
    git: tuple[GitState, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    other_variables: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return launch.json; the same launch gives the same bytes."""
        data = {
            "kind": KIND,
            "format_version": FORMAT_VERSION,
            "producer": f"harness {__version__}",
            **asdict(self),
        }
        return json.dumps(data, indent=1) + "\n"


def freeze(spec: LaunchSpec, command: LaunchCommand, outdir: str) -> FrozenLaunch:
    """Look up and hash all that a command names.

    Raises:
        SpecError: A file of the command cannot be read.
    """
    environment = spec.full_environment()
    frozen = frozen_environment(environment, spec.environment)
    try:
        files = tuple({"role": role, **describe_file(path)} for role, path in _files(spec, command))
    except OSError as error:
        raise SpecError(
            f"a file of the command cannot be read: {error.strerror}", where=str(error.filename)
        ) from error
    return FrozenLaunch(
        spec,
        tuple(command.argv(outdir)),
        str(command.script or ""),
        files,
        _trees(spec, command),
        frozen,
        other_names(environment, frozen),
    )


def _files(spec: LaunchSpec, command: LaunchCommand) -> list[tuple[str, Path]]:
    """Return the files that a command names, each once, with what they are to it."""
    found: dict[Path, str] = {}
    if command.gem5 is not None:
        found[command.gem5] = "gem5"
    if command.script is not None and command.script.is_file():
        found[command.script] = "script"
    for name in spec.inputs:
        path = regular_file(name, spec.cwd)
        if path is None:
            raise SpecError("an input is no file", where=str(Path(spec.cwd, name)))
        found.setdefault(path, "input")
    for word in command.words:
        for text in (word, word.partition("=")[2]):
            path = regular_file(text, spec.cwd)
            if path is not None:
                found.setdefault(path, "argument")
    return [(role, path) for path, role in found.items()]


def _trees(spec: LaunchSpec, command: LaunchCommand) -> tuple[GitState, ...]:
    places = [Path(spec.cwd)]
    if command.gem5 is not None:
        places.append(command.gem5.resolve().parent)
    if command.script is not None:
        places.append(command.script.resolve().parent)
    states = (git_state(folder) for folder in dict.fromkeys(places) if folder.is_dir())
    return tuple(dict.fromkeys(state for state in states if state is not None))


def is_launch(directory: Path) -> bool:
    """Whether a directory is a launch's."""
    return (directory / LAUNCH_JSON).is_file()


def find_launch(path: str | Path) -> Path:
    """Return the directory of a launch from its path, or from a file's in it.

    Raises:
        SpecError: That is no launch.
    """
    chosen = Path(path)
    directory = chosen.parent if chosen.is_file() else chosen
    if not is_launch(directory):
        raise SpecError(
            "not the directory of a launch", where=str(path), expected=f"one with {LAUNCH_JSON}"
        )
    return directory


def read_launch(path: str | Path) -> tuple[FrozenLaunch, Path]:
    """Read a launch.json; return it and its directory.

    Raises:
        SpecError: It is missing, malformed or of another version.
    """
    directory = find_launch(path)
    where = directory / LAUNCH_JSON
    try:
        data = json.loads(where.read_text(encoding="utf-8"))
        if data.pop("kind") != KIND or data.pop("format_version") != FORMAT_VERSION:
            raise SpecError(
                "launch.json has another kind or format version",
                where=str(where),
                expected=f"{KIND}, version {FORMAT_VERSION}",
            )
        data.pop("producer")
        data["spec"] = LaunchSpec.from_dict(data["spec"], str(where))
        data["git"] = tuple(GitState(**each) for each in data["git"])
        for name in ("command", "files", "other_variables"):
            data[name] = tuple(data[name])
        return FrozenLaunch(**data), directory
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SpecError(f"not a launch.json: {error}", where=str(where)) from error
