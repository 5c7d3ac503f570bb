"""Where gem5 and the scripts that it runs are."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from harness.base.errors import SpecError

BINARY_VARIABLE = "GEM5"
CONFIGS_VARIABLE = "HARNESS_GEM5_CONFIGS"
BINARY_NAMES = ("gem5.opt", "gem5.fast", "gem5.debug", "gem5")
_CONFIGS = "gem5_configs"


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


def find_configs() -> Path:
    """Return the folder `gem5_configs`: $HARNESS_GEM5_CONFIGS, or that of harness's source tree.

    Raises:
        SpecError: There is none: an installed wheel does not hold it.
    """
    named = os.environ.get(CONFIGS_VARIABLE, "")
    if named:
        if not _is_configs(Path(named)):
            raise SpecError(
                f"${CONFIGS_VARIABLE} names no folder of gem5 scripts",
                where=named,
                expected="the folder gem5_configs of harness's source tree, with se.py in it",
            )
        return Path(named).absolute()
    beside = Path(__file__).resolve().parents[3] / _CONFIGS
    if _is_configs(beside):
        return beside
    raise SpecError(
        "the scripts that gem5 runs are not installed",
        where=str(beside),
        way_out=f"set {CONFIGS_VARIABLE} to the folder gem5_configs of harness's source tree,"
        " or install harness from it with pip install -e",
    )


def _is_configs(folder: Path) -> bool:
    return (folder / "se.py").is_file()
