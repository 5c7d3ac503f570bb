"""Reads a sweep from a TOML file; every message names the file and the line.

    name = "dse"
    where = "accelerators <= cores"       # a filter over the values

    [run]                                 # what all points share, as the options of harness run
    target = "smaug"
    "dma.coherent" = false                # any field of the target, as --set has it

    [product]                             # every combination
    workload = ["minerva", "lenet5"]
    accelerators = [1, 2, 4]

    [[zip]]                               # lists in step; several of them are combined
    interface = ["dma", "acp"]
    threads = [1, 2]

    [sample]                              # drawn, and combined with the rest
    method = "latin_hypercube"
    count = 20
    seed = 1
    axes = { "cpu.clock" = {low = 1.0, high = 3.0, format = "{:g} GHz"} }

    [[points]]                            # further points, one by one
    workload = "cnn10"

In place of [run], [launch] has a command with placeholders: argv = ["gem5.opt", "x.py", "{size}"].
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

from harness.base.errors import SpecError
from harness.sweep.description.resources import parse_duration_s, read_resources
from harness.sweep.description.retry_policy import read_policy
from harness.sweep.description.sampling import METHODS, read_axis, sample
from harness.sweep.description.slurm_options import read_slurm_options
from harness.sweep.description.space import (
    NO_POINTS,
    ONE_POINT,
    Space,
    checked,
    points,
    product,
    zip_,
)
from harness.sweep.description.sweep import Command, Stage, Sweep
from harness.sweep.description.toml_places import places_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

_T = TypeVar("_T")

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KEYS = (
    *("name", "where", "run", "launch", "product", "zip", "sample", "points"),
    *("prepare", "resources", "retry", "slurm"),
)
_COMMAND_KEYS = (
    *("argv", "cwd", "environment", "files", "expect", "needs_stats"),
    *("no_progress", "checkpoint", "resume"),
)
_STAGE_KEYS = ("name", *_COMMAND_KEYS, "resources")


def read_toml(path: Path) -> Sweep:
    """Read a sweep.

    Raises:
        SpecError: It is no TOML file, or a key or a value is unknown.
    """
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise SpecError(f"cannot read the sweep: {why}", where=str(path)) from error
    return _Reader(path, table, places_of(text)).sweep()


class _Reader:
    """One file's table, and where its keys are."""

    def __init__(self, path: Path, table: dict[str, Any], lines: Mapping[str, int]) -> None:
        self._path = path
        self._table = table
        self._lines = lines

    def sweep(self) -> Sweep:
        self._known(self._table, KEYS, "")
        space = self._space()
        parts: dict[str, Any] = {
            "space": space,
            "run": self._run(),
            "launch": self._launch(),
            "prepare": tuple(self._stages()),
            "resources": self._read("resources", read_resources),
            "policy": self._read("retry", read_policy),
            "slurm": self._read("slurm", read_slurm_options),
            "places": self._places(),
        }
        name = self._table.get("name", self._path.stem)
        return self._tried("name", lambda: Sweep(self._text("name", name), **parts))

    def _space(self) -> Space:
        table = self._table
        has_axes = any(key in table for key in ("product", "zip", "sample"))
        space = ONE_POINT if has_axes or "points" not in table else NO_POINTS
        for key, make in (("product", product), ("zip", zip_), ("sample", self._sample)):
            for each in self._tables(key):
                space = self._tried(key, lambda m=make, t=each, s=space: s * m(t))  # type: ignore[misc]
        space = self._tried("points", lambda: space + points(self._tables("points")))
        where = table.get("where")
        if where is None:
            return space
        shared = self._run()
        full = [{**shared, **values} for values in space.points]
        passed = self._tried("where", lambda: self._passed(full, self._text("where", where)))
        return Space(tuple(v for v, ok in zip(space.points, passed, strict=True) if ok))

    @staticmethod
    def _passed(full: list[dict[str, Any]], where: str) -> list[bool]:
        from harness.sweep.description.expression import Expression  # noqa: PLC0415 - for filters

        expression = Expression(where)
        return [expression.holds(values) for values in full]

    def _sample(self, table: dict[str, Any]) -> Space:
        self._known(table, ("method", "count", "seed", "axes"), "sample")
        axes = table.get("axes", {})
        if not isinstance(axes, dict):
            raise SpecError("sample.axes is no table", got=repr(axes))
        seed = table.get("seed", 0)
        if type(seed) is not int:
            raise SpecError("sample.seed is no whole number", got=repr(seed))
        return sample(
            {name: read_axis(name, value) for name, value in axes.items()},
            count=table.get("count", 0),
            seed=seed,
            method=table.get("method", METHODS[0]),
        )

    def _run(self) -> dict[str, Any]:
        table = self._read("run", lambda each: each)
        return self._tried("run", lambda: {k: checked(k, v) for k, v in _flat(table)})

    def _launch(self) -> Command | None:
        if "launch" not in self._table:
            return None
        return self._read("launch", lambda table: self._command(table, _COMMAND_KEYS, "launch"))

    def _stages(self) -> Iterator[Stage]:
        for table in self._tables("prepare"):
            yield self._tried("prepare", lambda t=table: self._stage(t))  # type: ignore[misc]

    def _stage(self, table: dict[str, Any]) -> Stage:
        made = self._command(table, _STAGE_KEYS, "prepare")
        name = self._text("prepare.name", table.get("name"))
        return Stage(name, made, read_resources(table.get("resources", {})))

    def _command(self, table: dict[str, Any], keys: tuple[str, ...], place: str) -> Command:
        self._known(table, keys, place)
        environment = table.get("environment", {})
        if not isinstance(environment, dict):
            raise SpecError(f"{place}.environment is no table", got=repr(environment))
        texts = {
            name: tuple(self._texts(f"{place}.{name}", table.get(name, [])))
            for name in ("argv", "files", "expect", "resume")
        }
        limit = table.get("no_progress")
        needs_stats = table.get("needs_stats")
        if needs_stats is not None and type(needs_stats) is not bool:
            raise SpecError(f"{place}.needs_stats is not true or false", got=repr(needs_stats))
        return Command(
            **texts,
            cwd=self._text(f"{place}.cwd", table.get("cwd", "")),
            environment={name: str(checked(name, value)) for name, value in environment.items()},
            needs_stats=needs_stats,
            no_progress_s=0.0 if limit is None else parse_duration_s(limit),
            checkpoint=self._text(f"{place}.checkpoint", table.get("checkpoint", "")),
        )

    def _texts(self, place: str, values: object) -> Iterable[str]:
        found = [values] if isinstance(values, str) else values
        if not isinstance(found, list):
            raise SpecError(f"{place} is no list", got=repr(values))
        return [self._text(place, each) for each in found]

    def _text(self, place: str, value: object) -> str:
        if not isinstance(value, str):
            raise SpecError(f"{place} is no text", got=repr(value))
        return value

    def _tables(self, key: str) -> list[dict[str, Any]]:
        value = self._table.get(key, [])
        found = [value] if isinstance(value, dict) else value
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise SpecError(f"{key} is no table", where=self._at(key), got=repr(value))
        return found

    def _read(self, key: str, reader: Callable[[dict[str, Any]], _T]) -> _T:
        value = self._table.get(key, {})
        if not isinstance(value, dict):
            raise SpecError(f"{key} is no table", where=self._at(key), got=repr(value))
        return self._tried(key, lambda: reader(value))

    def _known(self, table: Mapping[str, Any], valid: tuple[str, ...], place: str) -> None:
        for key in table:
            if key not in valid:
                where = self._at(f"{place}.{key}" if place else key)
                raise SpecError(f"unknown key {key!r}", where=where, expected=", ".join(valid))

    def _tried(self, key: str, make: Callable[[], _T]) -> _T:
        """Return what `make` returns; its errors get the place of the key they are about."""
        try:
            return make()
        except SpecError as error:
            if error.where:
                raise
            named = [name for name in self._lines if name.startswith(key) and _names(error, name)]
            where = self._at(max(named, key=len) if named else key)
            parts = {"expected": error.expected, "got": error.got, "way_out": error.way_out}
            raise SpecError(error.what, where=where, **parts) from error

    def _at(self, key: str) -> str:
        line = self._lines.get(key)
        return f"{self._path}:{line}" if line else str(self._path)

    def _places(self) -> dict[str, str]:
        """Return where the points' values are named, by their names."""
        places = {"": str(self._path)}
        for key in self._lines:
            table, _, name = key.partition(".")
            if table in {"run", "product", "zip", "points"} and name:
                places.setdefault(name, self._at(key))
            elif key.startswith("sample.axes."):
                places.setdefault(key.removeprefix("sample.axes."), self._at(key))
            places.setdefault(f"[{key}]", self._at(key))
        return places


def _names(error: SpecError, key: str) -> bool:
    """Tell whether an error is about a key of the file."""
    return key.rpartition(".")[2] in error.what.replace("'", " ").replace(".", " ").split()


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Return the values of [run]; tables in it are dotted keys, as [run.dma]."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value
