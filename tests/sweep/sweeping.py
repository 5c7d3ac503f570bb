"""Sweeps as tests start them: in this process, or as the command that users type."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

HARNESS = str(Path(sys.executable).with_name("harness"))


def harness(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of harness to its end."""
    argv = [HARNESS, "sweep", *words]
    return subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)


def table(sweep: str, cwd: Path) -> list[dict[str, str]]:
    """Return what `harness sweep collect` says of a sweep."""
    done = harness("collect", sweep, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def write_sweep(cwd: Path, text: str, name: str = "s") -> Path:
    """Write a description."""
    path = cwd / f"{name}.toml"
    path.write_text(f'name = "{name}"\n{text}')
    return path
