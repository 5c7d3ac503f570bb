"""Where gem5 is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from harness.base.errors import SpecError

BINARY_VARIABLE = "GEM5"
BINARY_NAMES = ("gem5.opt", "gem5.fast", "gem5.debug", "gem5")


def find_gem5(chosen: Path | None = None) -> Path:
    """Return the gem5 binary: the chosen one, $GEM5, or the first on PATH.

    Raises:
        SpecError: There is none, or it is no program.
    """
    if chosen is not None:
        return _program(chosen, "--gem5")
    named = os.environ.get(BINARY_VARIABLE, "")
    if named:
        return _program(Path(named), f"${BINARY_VARIABLE}")
    for name in BINARY_NAMES:
        if found := shutil.which(name):
            return Path(found)
    raise SpecError(
        "there is no gem5",
        expected=f"--gem5 PATH, ${BINARY_VARIABLE}, or {' or '.join(BINARY_NAMES[:2])} on PATH",
        way_out="build gem5 with EXTRAS=.../gem5_configs/simobjects, or use --backend soc",
    )


def _program(path: Path, source: str) -> Path:
    if not (path.is_file() and os.access(path, os.X_OK)):
        got = "a directory" if path.is_dir() else "no such file"
        raise SpecError(
            f"{source} names no gem5 binary",
            where=str(path),
            expected="a program, such as build/X86/gem5.opt",
            got="a file that is not executable" if path.is_file() else got,
        )
    return path.absolute()
