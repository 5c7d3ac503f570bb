"""What gem5 noted of itself and of its exit events (in_gem5/sitecustomize.py)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTES_FOLDER = "notes"
"""In the run's directory while gem5 runs."""
NOTES_VARIABLE = "HARNESS_LAUNCH_NOTES"
_MODULES = Path(__file__).with_name("in_gem5")


@dataclass(frozen=True, slots=True)
class Simulation:
    """One process of gem5.

    Attributes:
        outdir: Its output folder.
        is_fork: Whether it is a fork of another one (m5.fork, MultiSim).
        exits: How often m5.simulate() returned.
        causes: How often with which cause.
        cause: The last exit's cause; empty if there was none.
        code: The last exit's code: the guest program's status, or that of m5_fail.
        tick: When the last exit was.
        is_simulating: Whether it was in its first m5.simulate() when the note was written.
        is_used: Whether it called m5.simulate() at all.
        gem5: Version, build date, Python's version.
        build: What gem5 was built with.
    """

    outdir: str
    is_fork: bool = False
    exits: int = 0
    causes: dict[str, int] = field(default_factory=dict)
    cause: str = ""
    code: int = 0
    tick: int = 0
    is_simulating: bool = False
    is_used: bool = True
    gem5: dict[str, str] = field(default_factory=dict)
    build: dict[str, Any] = field(default_factory=dict)


def noting_variables(run: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make gem5 note its exits in a run's directory."""
    path = environment.get("PYTHONPATH", "")
    return {
        NOTES_VARIABLE: str(run / NOTES_FOLDER),
        "PYTHONPATH": f"{_MODULES}{os.pathsep}{path}" if path else str(_MODULES),
    }


def read_simulations(run: Path) -> tuple[Simulation, ...]:
    """Return what the processes of gem5 noted: the launched ones, then forks, by their folders."""
    read = (_read(path) for path in (run / NOTES_FOLDER).glob("*.json"))
    found = [each for each in read if each is not None]
    if any(each.is_used for each in found):  # MultiSim's own process and its helpers are not
        found = [each for each in found if each.is_used]
    return tuple(sorted(found, key=lambda each: (each.is_fork, each.outdir)))


def latest_tick(run: Path) -> int:
    """Return the largest tick noted until now; 0 if there is none."""
    return max((each.tick for each in read_simulations(run)), default=0)


def noted_processes(run: Path) -> list[int]:
    """Return the numbers of the processes that are gem5, as they number themselves."""
    names = (path.stem for path in (run / NOTES_FOLDER).glob("*.json"))
    return sorted(int(name) for name in names if name.isdigit())


def _read(path: Path) -> Simulation | None:
    try:
        return _simulation(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None  # it is just being written, or was cut off


def _simulation(data: dict[str, Any]) -> Simulation:
    return Simulation(
        outdir=str(data["outdir"]),
        is_fork=bool(data["is_fork"]),
        exits=int(data["exits"]),
        causes={str(key): int(value) for key, value in data["causes"].items()},
        cause=str(data.get("cause", "")),
        code=int(data.get("code", 0)),
        tick=int(data.get("tick", 0)),
        is_simulating=data.get("state") == "simulating",
        is_used=data.get("state") != "loaded",
        gem5={name: str(data.get(name, "")) for name in ("version", "compiled", "python")},
        build=dict(data.get("build", {})),
    )
