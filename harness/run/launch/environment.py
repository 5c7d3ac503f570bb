"""Which variables are frozen with a run: those that gem5, Python and the loader look at.

All variables reach gem5, as they would without harness. Of those that are not frozen only the
names are kept, because any value may be a secret.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FROZEN = re.compile(
    r"PATH|HOME|TMPDIR|TZ|LANG|LC_\w+|LD_\w+|PYTHON\w*|VIRTUAL_ENV|CONDA_PREFIX|GEM5\w*|M5_?\w*"
    r"|OMP_\w+|OPENBLAS_\w+|MKL_\w+|MALLOC_\w+|GLIBC_TUNABLES|XDG_CACHE_HOME|CUDA_VISIBLE_DEVICES"
)
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|PRIVATE|AUTH|COOKIE", re.IGNORECASE)


def frozen_environment(environment: Mapping[str, str], chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the variables whose values are kept: the known ones, and what the user chose."""
    return {
        name: value
        for name, value in sorted(environment.items())
        if name in chosen or (_FROZEN.fullmatch(name) and not _SECRET.search(name))
    }


def other_names(environment: Mapping[str, str], frozen: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the variables that gem5 saw besides."""
    return tuple(sorted(set(environment) - set(frozen)))
