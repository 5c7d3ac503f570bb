"""The grid of `harness validate soc`: a TOML file whose lists span the points.

    # Every combination of the lists is one point; a key with a single value is the same for all.
    workload = ["minerva", "lenet5"]      # as for harness run
    mode = "fs"                           # gem5: "se" or "fs"
    interface = ["dma", "acp"]            # any short name of --set
    accelerators = [1, 4]
    repeat = 2                            # the last inference is compared

    calibration = "o3-fs"                 # measured costs of software; [set] comes after them

    [set]                                 # any field of the target, as --set; lists span too
    "dma.coherent" = [false, true]

    [limits]                              # of the comparison; each may be left out
    mean = 0.10                           # mean error of latency, as a fraction
    worst = 0.25                          # worst error of latency
    tau = 0.9                             # Kendall's tau of the points' latencies
    speed = 100                           # host CPU seconds of gem5 over those of the engine

Both backends get the same target and so the same program. Where the embedded SoC is to leave out
what syscall emulation does not have, the costs in question are set to 0 for both; gem5 does not
read them.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError, ValidationError
from harness.run.spec import RunSpec
from harness.target.calibration import read_calibration
from harness.target.load import ALIASES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SPEC_KEYS = {
    "workload": "workload",
    "target": "target",
    "accelerator": "accelerator",
    "policy": "policy",
    "model_mode": "mode",
    "threads": "threads",
    "repeat": "repeat",
    "input": "input",
    "seed": "seed",
    "timeout": "timeout_s",
    "mode": "simulation_mode",
    "cpu": "cpu",
    "boot": "boot",
    "submission": "submission",
}
"""Keys of a grid that are fields of a run; the names are those of the options."""

DEFAULTS: Mapping[str, Any] = {"mode": "fs", "repeat": 2}
CALIBRATION = "calibration"
TABLES = ("set", "limits")
MOST_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What the comparison is held to; errors are fractions of gem5's latency."""

    mean: float = 0.10
    worst: float = 0.25
    tau: float = 0.9
    speed: float = 100.0

    def updated(self, **changes: float | None) -> Limits:
        """Return these limits with the given ones in place of their own."""
        return replace(self, **{key: each for key, each in changes.items() if each is not None})


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a grid.

    Attributes:
        name: The values that tell it from the other points.
        spec: Its run on the embedded SoC.
        gem5: Its run on gem5.
    """

    name: str
    spec: RunSpec
    gem5: RunSpec

    @property
    def folder(self) -> str:
        """The name as a part of a path."""
        return re.sub(r"[^A-Za-z0-9_.=-]+", ",", self.name).strip(",.") or "point"


@dataclass(frozen=True, slots=True)
class Grid:
    """All points, in the order in which the file's lists span them: the last list runs fastest."""

    points: tuple[Point, ...]
    limits: Limits = field(default_factory=Limits)


def read_grid(path: Path) -> Grid:
    """Read a grid.

    Raises:
        ValidationError: It is no TOML file, or a key or a value is unknown.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ValidationError(f"cannot read the grid: {why}", where=str(path)) from error
    try:
        limits = _limits(table.pop("limits", {}))
        settings = _settings({**DEFAULTS, **table})
        points = tuple(_point(values) for values in _combinations(settings))
    except SpecError as error:
        parts = {"expected": error.expected, "got": error.got, "way_out": error.way_out}
        where = f"{path}: {error.where}" if error.where else str(path)
        raise ValidationError(error.what, where=where, **parts) from error
    twins = [name for name, count in Counter(each.folder for each in points).items() if count > 1]
    if twins:
        raise ValidationError(
            "two points of the grid have one name", where=str(path), got=", ".join(twins)
        )
    return Grid(points, limits)


def _limits(table: Any) -> Limits:
    names = [each.name for each in fields(Limits)]
    if not isinstance(table, dict) or set(table) - set(names):
        raise SpecError("unknown limits", expected=", ".join(names), got=str(table))
    for name, value in table.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SpecError(f"limits.{name} is no number", got=repr(value))
    return Limits(**{name: float(value) for name, value in table.items()})


def _settings(table: Mapping[str, Any]) -> dict[tuple[str, str], list[Any]]:
    """Return the values of each key; (kind, name) with kind "spec" or "set"."""
    target = table.get("set", {})
    if not isinstance(target, dict):
        raise SpecError("[set] is no table", got=repr(target))
    settings: dict[tuple[str, str], list[Any]] = {}
    for override in read_calibration(table[CALIBRATION]) if CALIBRATION in table else ():
        key, _, text = override.partition("=")
        settings["set", key] = [text]
    for name, value in table.items():
        if name in {"set", CALIBRATION}:
            continue
        if name not in SPEC_KEYS and name not in ALIASES:
            valid = [*SPEC_KEYS, *ALIASES, CALIBRATION, *TABLES]
            raise SpecError(f"unknown key {name!r}", expected=", ".join(valid))
        settings["spec" if name in SPEC_KEYS else "set", name] = _values(name, value)
    for name, value in target.items():
        settings["set", name] = _values(f"set.{name}", value)
    if ("spec", "workload") not in settings:
        raise SpecError("the grid names no workload", expected='workload = ["lenet5", ...]')
    return settings


def _values(name: str, value: Any) -> list[Any]:
    values = value if isinstance(value, list) else [value]
    if not values or any(not isinstance(each, str | int | float) for each in values):
        raise SpecError(
            f"{name} is neither a value nor a list of values",
            expected="text, numbers, true or false",
            got=repr(value),
        )
    return values


def _combinations(
    settings: Mapping[tuple[str, str], list[Any]],
) -> Iterator[dict[tuple[str, str], tuple[Any, bool]]]:
    """Return for each point its values, and of each whether it tells points apart."""
    number = 1
    for values in settings.values():
        number *= len(values)
    if number > MOST_POINTS:
        raise SpecError("the grid is too large", expected=f"{MOST_POINTS} points", got=str(number))
    for chosen in itertools.product(*settings.values()):
        yield {
            key: (value, len(settings[key]) > 1 or key == ("spec", "workload"))
            for key, value in zip(settings, chosen, strict=True)
        }


def _point(values: Mapping[tuple[str, str], tuple[Any, bool]]) -> Point:
    own: dict[str, Any] = {}
    overrides = []
    names = []
    for (kind, name), (value, is_telling) in values.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if kind == "spec":
            own[SPEC_KEYS[name]] = value
        else:
            overrides.append(f"{name}={text}")
        if is_telling:
            names.append(text if name == "workload" else f"{name}={text}")
    own["input"] = str(own.get("input", "0"))
    own = {"check": False, **own, "overrides": tuple(overrides)}
    simulated = {key: own.pop(key) for key in _GEM5_KEYS if key in own}
    return Point(
        " ".join(names), _run_spec(own), _run_spec({**own, **simulated, "backend": "gem5"})
    )


_GEM5_KEYS = ("simulation_mode", "cpu", "boot", "submission")


def _run_spec(values: dict[str, Any]) -> RunSpec:
    plain = RunSpec("").to_dict()
    return RunSpec.from_dict({**plain, **values}, "")
