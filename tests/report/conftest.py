"""Real runs, made once per session: a sweep's directory, a run, a run on gem5's conventions."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

HARNESS = str(Path(sys.executable).with_name("harness"))
POINTS: tuple[dict[str, Any], ...] = (
    *(
        {"workload": "minerva", "interface": interface, "accelerators": accelerators}
        for interface in ("dma", "acp")
        for accelerators in (1, 2, 4)
    ),
    {"workload": "workloads.micro:conv", "interface": "dma", "accelerators": 1},
    {"workload": "workloads.micro:conv", "interface": "acp", "accelerators": 1},
    {"workload": "workloads.micro:conv", "interface": "acp", "accelerators": 2},
)
STOPPED = len(POINTS) - 1
"""The point that a limit of simulated time ends."""


def harness(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command as users do."""
    argv = [HARNESS, *map(str, arguments)]
    return subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)


def make_point(sweep: Path, index: int, parameters: dict[str, Any], *more: str) -> Path:
    """Make one point of a sweep by a real run."""
    place = sweep / "runs" / f"p{index:04}"
    settings = [
        word
        for name, value in parameters.items()
        if name not in {"workload", "seed"}
        for word in ("--set", f"{name}={value}")
    ]
    harness("run", parameters["workload"], "-q", "-o", str(place), *settings, *more)
    point = {
        "format_version": 1,
        "sweep": sweep.name,
        "id": place.name,
        "index": index,
        "kind": "run",
        "parameters": parameters,
    }
    (place / "point.json").write_text(json.dumps(point))
    return place


def _made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Make a folder once for all workers of a test session, whoever comes first."""
    base = factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    place = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            make(place)
    return place


def _make_sweep(place: Path) -> None:
    (place / "runs").mkdir(parents=True)
    (place / "sweep.json").write_text(json.dumps({"name": "grid", "format_version": 1}))
    for index, parameters in enumerate(POINTS):
        limit = ("--max-ticks", "1000000") if index == STOPPED else ()
        make_point(place, index, parameters, *limit)


def _make_run(place: Path) -> None:
    done = harness("run", "lenet5", "-q", "-o", str(place), "-n", "2", "--set", "accelerators=2")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of 9 points, the last of which failed."""
    return _made_once(tmp_path_factory, "grid", _make_sweep)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run of LeNet-5 on two accelerators, two inferences."""
    return _made_once(tmp_path_factory, "lenet5", _make_run)
