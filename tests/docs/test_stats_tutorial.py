"""The tutorial of `harness.stats` is run as it stands there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = (ROOT / "harness" / "stats" / "README.md").read_text()
HARNESS = str(Path(sys.executable).with_name("harness"))


def _section(title: str) -> str:
    return TUTORIAL.split(f"\n## {title}\n")[1].split("\n## ")[0]


def _blocks(title: str) -> list[str]:
    """Return the indented blocks of a section."""
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", _section(title), re.MULTILINE)
    return [textwrap.dedent(block).strip() for block in found]


def _commands(title: str) -> list[str]:
    lines = "\n".join(_blocks(title)).splitlines()
    return [line.split(" #")[0].strip() for line in lines if line.startswith("harness ")]


def _run(argv: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_every_command_and_the_python_of_the_tutorial_work(tmp_path: Path) -> None:
    commands = _commands("In a shell")
    assert len(commands) >= 14
    for command in commands:
        done = _run([HARNESS, *shlex.split(command)[1:]], tmp_path)
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout, command
    script = "\n".join(_blocks("In Python"))
    done = _run([sys.executable, "-c", script], tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 8


@pytest.mark.slow
def test_the_metric_that_must_be_refused_is(tmp_path: Path) -> None:
    _run([HARNESS, "run", "lenet5", "-o", "runs/dma"], tmp_path)
    (command,) = _commands("Metrics")
    done = _run([HARNESS, *shlex.split(command)[1:]], tmp_path)

    assert done.returncode == 2
    assert "cannot be added" in done.stderr
