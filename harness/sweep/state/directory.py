"""A sweep's directory: what is where, and how a plan gets into it.

sweep.json            the description, resolved
points.json           all stages and points, with what they do
state/                attempts, see attempts.py
runs/ID/              the newest attempt's run directory; point.json in it when that has ended
prepare/ID/           the same of stages
keep/ID/              what a point hands from one attempt to the next
logs/ID.log           what attempts printed that went nowhere else
jobs/                 what was submitted to a batch system
unused/ID/            results of points that the description no longer has
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError
from harness.run.cache import locked
from harness.run.directory import disk_error
from harness.sweep.description.point import PREPARE, Point, point_from_dict
from harness.sweep.description.resources import format_resources
from harness.sweep.description.retry_policy import RetryPolicy, policy_from_dict
from harness.sweep.description.slurm_options import SlurmOptions, read_slurm_options
from harness.sweep.state.attempts import AttemptStore

if TYPE_CHECKING:
    from harness.sweep.planning.plan import Plan

FORMAT_VERSION = 1
SWEEP_JSON, POINTS_JSON, POINT_JSON = "sweep.json", "points.json", "point.json"
_FOLDERS = ("state", "runs", "prepare", "keep", "logs", "jobs")


class SweepDirectory:
    """A sweep that was planned.

    Raises:
        SpecError: The path holds no sweep, or one of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.store = AttemptStore(self.path / "state")

    @classmethod
    def open(cls, path: Path) -> SweepDirectory:
        """Return the sweep in a directory."""
        found = cls(path)
        _ = found.description
        return found

    @cached_property
    def description(self) -> dict[str, Any]:
        """The content of sweep.json."""
        return self._read(SWEEP_JSON)

    @cached_property
    def everything(self) -> tuple[Point, ...]:
        """Stages and points."""
        return tuple(point_from_dict(each) for each in self._read(POINTS_JSON)["points"])

    @cached_property
    def by_id(self) -> dict[str, Point]:
        """Stages and points by their ids."""
        return {point.id: point for point in self.everything}

    @property
    def points(self) -> tuple[Point, ...]:
        """The points, in order."""
        return tuple(point for point in self.everything if point.kind != PREPARE)

    @property
    def name(self) -> str:
        """The sweep's name."""
        return str(self.description["name"])

    @property
    def policy(self) -> RetryPolicy:
        """What is tried again."""
        return policy_from_dict(self.description["retry"])

    @property
    def slurm(self) -> SlurmOptions:
        """How jobs are submitted."""
        return read_slurm_options(
            {k: list(v) if isinstance(v, list) else v for k, v in self.description["slurm"].items()}
        )

    @property
    def cwd(self) -> Path:
        """Where the sweep was planned; relative names in it are meant from there."""
        return Path(self.description["cwd"])

    def place(self, point: Point) -> Path:
        """Return a point's run directory."""
        return self.path / ("prepare" if point.kind == PREPARE else "runs") / point.id

    def log(self, point: Point) -> Path:
        """Return the file of what a point's attempts printed."""
        return self.path / "logs" / f"{point.id}.log"

    def kept(self, point: Point) -> Path:
        """Return the folder that outlives a point's attempts."""
        return self.path / "keep" / point.id

    def install(self, plan: Plan) -> None:
        """Make the directory of a plan, or extend the one of an earlier plan.

        Raises:
            SpecError: The directory holds something else.
            BackendError: It cannot be written.
        """
        path = self.path
        is_new = not path.exists() or not any(path.iterdir())
        if not is_new and not (path / SWEEP_JSON).is_file():
            raise SpecError(
                "the directory holds files that are not a sweep's",
                where=str(path),
                way_out="choose an empty directory or a new one with --output",
            )
        try:
            for name in _FOLDERS:
                (path / name).mkdir(parents=True, exist_ok=True)
            self._try_hard_link()
            with locked(path / ".lock", None, ""):
                self._install(plan)
        except OSError as error:
            raise disk_error(error, path) from error

    def _try_hard_link(self) -> None:
        """Refuse a file system on which claims cannot be exclusive."""
        probe, twin = (self.path / f".probe{n}.{os.getpid()}" for n in (1, 2))
        try:
            probe.touch()
            twin.hardlink_to(probe)
        except PermissionError as error:
            raise SpecError(
                "the file system has no hard links, which a sweep needs for its claims",
                where=str(self.path),
                way_out="choose a directory on another one with --output",
            ) from error
        finally:
            probe.unlink(missing_ok=True)
            twin.unlink(missing_ok=True)

    def _install(self, plan: Plan) -> None:
        if (self.path / SWEEP_JSON).is_file() and self.name != plan.sweep.name:
            raise SpecError(
                "the directory holds another sweep",
                where=str(self.path),
                expected=plan.sweep.name,
                got=self.name,
            )
        points = [each.to_dict() for each in plan.everything]
        rows = ",\n".join(json.dumps(each) for each in points)
        text = f'{{"format_version": {FORMAT_VERSION}, "points": [\n{rows}\n]}}\n'
        self.write(POINTS_JSON, text)
        self.write(SWEEP_JSON, json.dumps(described(plan), indent=1) + "\n")
        for cached in ("description", "everything", "by_id"):
            self.__dict__.pop(cached, None)  # it was read from the old plan
        self._sort_results()

    def _sort_results(self) -> None:
        """Put results away that the plan has no more, and fetch back those it has again."""
        for folder in ("runs", "prepare"):
            for found in (self.path / folder).iterdir():
                if found.name not in self.by_id:
                    (self.path / "unused").mkdir(exist_ok=True)
                    found.replace(self.path / "unused" / found.name)
        for point in self.everything:
            place = self.place(point)
            put_away = self.path / "unused" / point.id
            if put_away.is_dir() and not place.exists():
                put_away.replace(place)
            if (place / POINT_JSON).is_file():
                self.write_point(point)

    def write_point(self, point: Point) -> None:
        """Write point.json: the point's newest attempt has ended and its directory is whole."""
        data = {
            "format_version": FORMAT_VERSION,
            "sweep": self.name,
            "id": point.id,
            "index": point.index,
            "kind": point.kind,
            "parameters": dict(point.parameters),
        }
        text = json.dumps(data, indent=1) + "\n"
        path = self.place(point) / POINT_JSON
        with suppress(OSError):
            if path.read_text() == text:
                return
        self.write(str(path.relative_to(self.path)), text)

    def write(self, name: str, text: str) -> None:
        """Write a file whole or not at all."""
        path = self.path / name
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            temporary.write_text(text)
            temporary.replace(path)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise disk_error(error, path) from error

    def _read(self, name: str) -> dict[str, Any]:
        path = self.path / name
        try:
            data: dict[str, Any] = json.loads(path.read_text())
            version = data["format_version"]
        except FileNotFoundError as error:
            raise SpecError(
                "not a sweep's directory", where=str(self.path), expected=f"one with {SWEEP_JSON}"
            ) from error
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise SpecError(f"not a {name}: {error}", where=str(path)) from error
        if version != FORMAT_VERSION:
            raise SpecError(
                f"{name} has another format version",
                where=str(path),
                expected=str(FORMAT_VERSION),
                got=str(version),
            )
        return data


def described(plan: Plan) -> dict[str, Any]:
    """Return the content of sweep.json."""
    sweep = plan.sweep
    return {
        "format_version": FORMAT_VERSION,
        "name": sweep.name,
        "kind": sweep.kind,
        "cwd": str(Path.cwd()),
        "run": dict(sweep.run),
        "argv": list(sweep.launch.argv) if sweep.launch else [],
        "points": len(plan.points),
        "stages": [
            {"id": each.id, **each.parameters, "needs": format_resources(each.resources)}
            for each in plan.stages
        ],
        "resources": sweep.resources.to_dict(),
        "retry": sweep.policy.to_dict(),
        "slurm": sweep.slurm.to_dict(),
    }
