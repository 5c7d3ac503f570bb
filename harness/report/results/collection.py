"""Finds runs in what a user names: run directories, sweeps, gem5's output folders, any folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError
from harness.report.results.sweep_files import POINTS_JSON, last_ends, planned_points
from harness.run.directory import RESULT_JSON, RUN_JSON, STATS_TXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Scalar = str | int | float | bool

SWEEP_JSON = "sweep.json"
POINT_JSON = "point.json"
LAUNCH_JSON = "launch.json"
SWEEP_RUNS = "runs"
FORMAT_VERSION = 1
STATS_NAMES = (STATS_TXT, f"{STATS_TXT}.gz")


class Kind(Enum):
    """Who made a directory; the value is the word that tables use."""

    RUN = "run"  # harness run
    LAUNCH = "launch"  # harness launch
    GEM5 = "gem5"  # gem5 alone: an output folder, or a stats.txt


@dataclass(frozen=True, slots=True)
class FoundRun:
    """One directory that holds a run.

    Attributes:
        name: Unique among the runs that were asked for.
        path: As the user reached it, so that reports of the same files are the same bytes.
        kind: Who made it.
        sweep: Name of its sweep; empty if it belongs to none.
        index: Its place in the sweep; -1 if it belongs to none.
        parameters: What the sweep chose for it.
        end: The sweep's file about the end of its newest attempt, if there is one.
    """

    name: str
    path: Path
    kind: Kind
    sweep: str = ""
    index: int = -1
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    end: Path | None = None


def find_runs(places: Sequence[str | Path]) -> list[FoundRun]:
    """Return the runs of all places, each once, in the order of the places and of their sweeps.

    Raises:
        SpecError: A place holds no run, or a point.json is malformed.
    """
    found: dict[Path, FoundRun] = {}
    for place in places:
        here = list(_runs_at(Path(place)))
        if not here:
            raise SpecError(
                "not a run directory",
                where=str(place),
                expected="a run's directory, a sweep's, a gem5 output folder with stats.txt, or a"
                " folder of these",
            )
        for run in here:
            found.setdefault(run.path.resolve(), run)
    return _with_unique_names(found.values())


def find_stats(path: Path) -> Path | None:
    """Return the statistics of a run's directory or of a gem5 output folder, if there are any."""
    if path.is_file():
        return path
    places = (path / name for folder in ("", "m5out") for name in _stats_in(folder))
    return next((place for place in places if place.is_file()), None)


def _stats_in(folder: str) -> Iterator[str]:
    return (f"{folder}/{name}" if folder else name for name in STATS_NAMES)


def _runs_at(path: Path) -> Iterator[FoundRun]:
    if path.name in {RUN_JSON, RESULT_JSON, SWEEP_JSON}:
        path = path.parent
    if (path / SWEEP_JSON).is_file():
        yield from _runs_of_sweep(path)
    elif (own := _run_at(path)) is not None:
        yield own
    elif path.is_dir():
        for child in sorted(path.iterdir()):
            if (child / SWEEP_JSON).is_file():
                yield from _runs_of_sweep(child)
            elif child.is_dir() and (below := _run_at(child)) is not None:
                yield below


def _run_at(path: Path) -> FoundRun | None:
    if (path / POINT_JSON).is_file():
        return _point(path)
    if path.is_file():
        return FoundRun(path.name, path, Kind.GEM5)
    if (path / RUN_JSON).is_file():
        return FoundRun(path.resolve().name, path, Kind.RUN)
    if (path / LAUNCH_JSON).is_file() or (path / RESULT_JSON).is_file():
        return FoundRun(path.resolve().name, path, Kind.LAUNCH)
    if any((path / name).is_file() for name in STATS_NAMES):
        return FoundRun(path.resolve().name, path, Kind.GEM5)
    return None


def _runs_of_sweep(path: Path) -> Iterator[FoundRun]:
    """Yield the points that have ended; a refused one may have no directory, only an end."""
    name = str(_read_object(path / SWEEP_JSON).get("name", ""))
    ends = last_ends(path)
    found = [_point(each.parent) for each in (path / SWEEP_RUNS).glob(f"*/{POINT_JSON}")]
    known = {run.name for run in found}
    for point in planned_points(path):
        identifier = str(point["id"])
        if identifier not in known and identifier in ends:
            place = path / SWEEP_RUNS / identifier
            found.append(_found_point({**point, "sweep": name}, place, path / POINTS_JSON))
    runs = [replace(run, end=ends.get(run.name)) for run in found]
    yield from sorted(runs, key=lambda run: (run.index, run.name))


def count_waiting(places: Sequence[str | Path]) -> int:
    """Return how many points of the sweeps among these places have not ended yet."""
    count = 0
    for place in map(Path, places):
        if (place / SWEEP_JSON).is_file():
            ended = {run.name for run in _runs_of_sweep(place)}
            count += sum(str(point["id"]) not in ended for point in planned_points(place))
    return count


def _point(path: Path) -> FoundRun:
    return _found_point(_read_object(path / POINT_JSON), path, path / POINT_JSON)


def _found_point(data: Mapping[str, Any], path: Path, where: Path) -> FoundRun:
    try:
        kind = Kind(data["kind"])
        name, sweep, index = str(data["id"]), str(data["sweep"]), int(data["index"])
        parameters = dict(data["parameters"])
    except (KeyError, TypeError, ValueError) as error:
        raise SpecError(f"not a sweep's point: {error}", where=str(where)) from error
    odd = [key for key, value in parameters.items() if not isinstance(value, str | int | float)]
    if odd:
        raise SpecError("a parameter is no scalar", where=str(where), got=", ".join(odd))
    return FoundRun(name, path, kind, sweep, index, parameters)


def _read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object of this version.

    Raises:
        SpecError: It is something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        version = data["format_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpecError(f"cannot be read: {error}", where=str(path)) from error
    if version != FORMAT_VERSION:
        raise SpecError(
            "another format version",
            where=str(path),
            expected=str(FORMAT_VERSION),
            got=repr(version),
        )
    return dict(data)


def _with_unique_names(runs: Iterable[FoundRun]) -> list[FoundRun]:
    """Name runs by their directory; where that is not enough, by their path."""
    listed = list(runs)
    names = [run.name for run in listed]
    return [
        run if names.count(run.name) == 1 else replace(run, name=str(run.path)) for run in listed
    ]
