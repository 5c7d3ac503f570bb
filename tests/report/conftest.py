"""Real runs, made once per session: a sweep's directory, a run, a run on gem5's conventions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HARNESS = str(Path(sys.executable).with_name("harness"))
POINTS: tuple[dict[str, Any], ...] = tuple(
    {"workload": workload, "interface": interface, "accelerators": accelerators}
    for workload in ("minerva", "workloads.micro:conv")
    for interface in ("dma", "acp")
    for accelerators in (1, 2, 4)
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


@pytest.fixture(scope="session")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of 12 points, the last of which failed."""
    place = tmp_path_factory.mktemp("sweeps") / "grid"
    (place / "runs").mkdir(parents=True)
    (place / "sweep.json").write_text(json.dumps({"name": "grid", "format_version": 1}))
    for index, parameters in enumerate(POINTS):
        limit = ("--max-ticks", "1000000") if index == STOPPED else ()
        make_point(place, index, parameters, *limit)
    return place


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run of LeNet-5 on two accelerators, two inferences."""
    place = tmp_path_factory.mktemp("runs") / "lenet5"
    done = harness("run", "lenet5", "-q", "-o", str(place), "-n", "2", "--set", "accelerators=2")
    assert done.returncode == 0, done.stderr
    return place
