"""The batch scripts that Slurm gets: an array of workers, each with a pack of points.

No srun: a step's signals would reach gem5, and SIGUSR2 resets its statistics. The worker is the
batch script's own process (exec), so `--signal=B:` reaches it and nothing else.
"""

from __future__ import annotations

import math
import os
import shlex
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from harness.sweep.description.resources import Resources
    from harness.sweep.description.slurm_options import SlurmOptions

WORKER_BYTES = 128 << 20
"""Memory of the worker that watches a point, on top of the point's."""
START_S = 60
"""Host time for a worker to start, on top of its points'."""
SIGNAL_SPREAD_S = 60
"""Slurm sends the warning before the time limit up to so much earlier (man sbatch, --signal)."""
_INHERITED = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV"),
    *("PYTHONPATH", "LD_LIBRARY_PATH", "XDG_CACHE_HOME", "SLURM_CONF", "GEM5"),
)
_OWN = ("HARNESS_", "GEM5_", "M5_")
"""Variables that begin so are inherited too."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One submission.

    Attributes:
        sweep: The sweep's directory.
        name: The job's name.
        number: The submission's number in the sweep.
        packs: How many tasks the array has.
        points: How many points the largest of them has.
        resources: What each point needs.
        dependency: What Slurm waits for, "afterok:12_0"; empty for nothing.
    """

    sweep: Path
    name: str
    number: int
    packs: int
    points: int
    resources: Resources
    dependency: str = ""


def batch_script(batch: Batch, options: SlurmOptions) -> str:
    """Return a submission's script."""
    worker = [sys.executable, "-m", "harness.sweep.worker", str(batch.sweep), str(batch.number)]
    lines = ["#!/bin/sh", *(f"#SBATCH {each}" for each in _options(batch, options))]
    lines += options.setup
    lines.append(f'exec {shlex.join(worker)} "$SLURM_ARRAY_TASK_ID"')
    return "\n".join([*lines, ""])


def _options(batch: Batch, options: SlurmOptions) -> list[str]:
    jobs = batch.sweep / "jobs"
    limit = f"%{options.parallel}" if options.parallel else ""
    resources = batch.resources
    found = [
        f"--job-name={batch.name}",
        f"--array=0-{batch.packs - 1}{limit}",
        f"--output={shlex.quote(str(jobs))}/{batch.number}.%a.log",
        "--open-mode=append",
        "--requeue",
        "--kill-on-invalid-dep=yes",
        f"--signal=B:USR1@{options.grace_s}",
        "--nodes=1",
        "--ntasks=1",
        f"--cpus-per-task={resources.cores}",
        f"--export={','.join(_variables(options))}",
    ]
    if resources.memory_bytes:
        found.append(f"--mem={math.ceil((resources.memory_bytes + WORKER_BYTES) / 2**20)}M")
    if resources.time_s:
        found.append(f"--time={job_minutes(resources.time_s * batch.points, options.grace_s)}")
    if batch.dependency:
        found.append(f"--dependency={batch.dependency}")
    for name in ("partition", "account", "qos", "constraint"):
        value = getattr(options, name)
        if value:
            found.append(f"--{name}={value}")
    return [*found, *options.extra]


def job_minutes(points_s: float, grace_s: int) -> int:
    """Return a job's time limit: its points', and enough for the warning to come after them."""
    return math.ceil((points_s + START_S + grace_s + SIGNAL_SPREAD_S) / 60)


def _variables(options: SlurmOptions) -> list[str]:
    names = [*_INHERITED, *options.environment]
    names += [name for name in sorted(os.environ) if name.startswith(_OWN)]
    return [name for name in dict.fromkeys(names) if name in os.environ]
