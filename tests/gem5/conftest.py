"""A gem5 with our extension, or the printed reason why there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CONFIGS = Path(__file__).resolve().parents[2] / "gem5_configs"
_MARK = "has our extension: "
_PROBE = f"import m5.objects\nprint({_MARK!r} + str(hasattr(m5.objects, 'AcceleratorBridge')))\n"


@pytest.fixture(scope="session")
def gem5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gem5 of $GEM5 or PATH."""
    name = os.environ.get("GEM5") or shutil.which("gem5.opt")
    if not name:
        pytest.skip("there is no gem5.opt on PATH and no $GEM5")
    folder = tmp_path_factory.mktemp("probe")
    script = folder / "probe.py"
    script.write_text(_PROBE)
    try:
        done = subprocess.run(
            [name, "-d", str(folder), str(script)], capture_output=True, text=True, check=False
        )
    except OSError as error:
        pytest.skip(f"gem5 does not start: {error}")
    if f"{_MARK}True" not in done.stdout:
        pytest.skip(f"{name} lacks our extension")
    return Path(name)
