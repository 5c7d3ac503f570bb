"""The commands of harness/report/README.md are run as they stand there, in their order."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = (ROOT / "harness" / "report" / "README.md").read_text()
HARNESS = str(Path(sys.executable).with_name("harness"))


def _commands() -> list[list[str]]:
    lines = [line.strip() for line in TUTORIAL.splitlines() if line.startswith("    harness ")]
    return [shlex.split(line) for line in lines]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_tutorials_commands_work_in_their_order(tmp_path: Path) -> None:
    commands = _commands()
    assert len(commands) >= 12
    failures = []
    for command in commands:
        argv = [HARNESS, *command[1:]]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
        if done.returncode:
            failures.append((command, done.returncode, done.stderr[-500:]))
    assert failures == []
    for name in ("acp4.html", "all.html", "figures/breakdown.pdf", "operators.parquet"):
        assert (tmp_path / name).stat().st_size > 1000, name
