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

from harness.sweep.description.resources import Resources
from harness.sweep.description.retry_policy import RetryPolicy, Rule
from harness.sweep.description.sampling import Range, sample
from harness.sweep.description.slurm_options import SlurmOptions
from harness.sweep.description.space import Space, points, product, zip_
from harness.sweep.description.sweep import Command, Stage, Sweep, command
from harness.sweep.session import run_sweep

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
