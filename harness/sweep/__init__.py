"""Sweeps: many runs from one description, as batch jobs, with files as their only state.

Owns grids, run identities, executors and retries. Knows nothing of what a run computes.

    from harness.sweep import Sweep, product, run_sweep, zip_

    sweep = Sweep(
        "dse",
        product(workload=["minerva", "lenet5"]) * zip_(accelerators=[1, 2], cores=[2, 4]),
        run={"interface": "acp"},
    )
    run_sweep(sweep, cores=2)
"""

from __future__ import annotations

from harness.sweep.description import Command, Stage, Sweep, command
from harness.sweep.resources import Resources
from harness.sweep.retry_policy import RetryPolicy, Rule
from harness.sweep.sampling import Range, sample
from harness.sweep.session import run_sweep
from harness.sweep.slurm_options import SlurmOptions
from harness.sweep.space import Space, points, product, zip_

__all__ = [
    "Command",
    "Range",
    "Resources",
    "RetryPolicy",
    "Rule",
    "SlurmOptions",
    "Space",
    "Stage",
    "Sweep",
    "command",
    "points",
    "product",
    "run_sweep",
    "sample",
    "zip_",
]
