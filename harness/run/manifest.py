"""run.json: everything that is needed to repeat a run; nothing of time, host or user is in it."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from harness import __version__
from harness.base.errors import SpecError
from harness.run.directory import RUN_JSON, find_run
from harness.run.spec import RunSpec

if TYPE_CHECKING:
    from pathlib import Path

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input of the network as it was fed, kept beside run.json."""

    name: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of run.json.

    Attributes:
        spec: What the user asked for.
        command_line: The arguments as typed.
        target: The resolved target as plain data.
        model: Name, version and resolved parameters of the model.
        graph: The network's name.
        inputs: The inputs' files, in the network's order.
        classes: Names of the classes.
        expected: The right classes of the input; empty if unknown.
        hashes: SHA-256 of graph, weights, program and target.
        versions: Versions that results may depend on.
        gem5: What gem5's scripts need to know besides; empty for other backends.
    """

    spec: RunSpec
    command_line: tuple[str, ...] = ()
    target: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    graph: str = ""
    inputs: tuple[InputFile, ...] = ()
    classes: tuple[str, ...] = ()
    expected: tuple[int, ...] = ()
    hashes: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    gem5: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return run.json; the same run gives the same bytes."""
        data = {
            "format_version": FORMAT_VERSION,
            "producer": f"harness {__version__}",
            **asdict(self),
            "spec": self.spec.to_dict(),
        }
        if not self.gem5:
            del data["gem5"]
        return json.dumps(data, indent=1) + "\n"


def read_manifest(run: str | Path) -> tuple[Manifest, Path]:
    """Read a run's run.json; return it and the run's directory.

    Raises:
        SpecError: It is missing, malformed or of another version.
    """
    directory = find_run(run)
    path = directory / RUN_JSON
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        version = data.pop("format_version")
        if version != FORMAT_VERSION:
            raise SpecError(
                "run.json has another format version",
                where=str(path),
                expected=str(FORMAT_VERSION),
                got=str(version),
            )
        data.pop("producer")
        return _manifest(data, str(path)), directory
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SpecError(f"not a run.json: {error}", where=str(path)) from error


def _manifest(data: dict[str, Any], where: str) -> Manifest:
    values = dict(data)
    values["spec"] = RunSpec.from_dict(data["spec"], where)
    values["inputs"] = tuple(InputFile(**each) for each in data["inputs"])
    for name in ("command_line", "classes", "expected"):
        values[name] = tuple(data[name])
    return Manifest(**values)


def versions(model: str = "") -> dict[str, str]:
    """Return the versions that results may depend on."""
    import numpy as np  # noqa: PLC0415 - by now somebody has imported it

    return {
        "harness": __version__,
        "python": ".".join(platform.python_version_tuple()[:2]),
        "numpy": np.__version__,
        **({"model": model} if model else {}),
    }
