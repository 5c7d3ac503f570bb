"""Where the folder `gem5_configs` is: what gem5 runs, its extension, and the guest's sources."""

from __future__ import annotations

import os
from pathlib import Path

from harness.base.errors import SpecError

CONFIGS_VARIABLE = "HARNESS_GEM5_CONFIGS"
_CONFIGS = "gem5_configs"


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
    beside = Path(__file__).resolve().parents[2] / _CONFIGS
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
