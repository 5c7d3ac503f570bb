"""How many threads numpy's matrix routines get; to be put into the environment before numpy."""

from __future__ import annotations

SINGLE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""One thread per process: sums do not depend on the machine, cores are not fought over, and our
matrices are too small to gain from a second one."""
