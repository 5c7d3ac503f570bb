"""How many threads numpy's matrix routines get; to be put into the environment before numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

SINGLE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""One thread per process: sums do not depend on the machine, cores are not fought over, and our
matrices are too small to gain from a second one."""

_OURS: set[str] = set()
"""Names that this process was started without."""


def use_single_threads(environment: MutableMapping[str, str]) -> None:
    """Set the variables that the user has not set; to be called before numpy is imported."""
    for name, value in SINGLE_THREAD.items():
        if name not in environment:
            environment[name] = value
            _OURS.add(name)


def users_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment as the user has it, for programs that are none of ours."""
    return {
        name: value
        for name, value in environment.items()
        if name not in _OURS or value != SINGLE_THREAD[name]
    }
