"""The commands that README shows are run as they stand there."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
SECTION = README.split("## First hour")[1].split("## A network")[0]


def _commands() -> list[str]:
    lines = [line.strip().split("#")[0].strip() for line in SECTION.splitlines()]
    return [line for line in lines if line.startswith("harness ") and "COMMAND" not in line]


def _choices(command: str) -> list[str]:
    """Spell out `harness list a | b | c`."""
    if " | " not in command:
        return [command]
    head, *rest = command.split(" | ")
    verb = head.rsplit(" ", 1)[0]
    return [head, *(f"{verb} {choice}" for choice in rest)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("readme")
    shutil.copy(ROOT / "accel_models" / "tutorial.py", place / "my_npu.py")
    return place


def test_readme_shows_the_first_hour() -> None:
    assert len(_commands()) >= 10


@pytest.mark.slow
def test_the_first_hours_commands_work_in_their_order(folder: Path) -> None:
    failures = []
    for line in _commands():
        for command in _choices(line):
            argv = [str(Path(sys.executable).with_name("harness")), *shlex.split(command)[1:]]
            done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                failures.append((command, done.returncode, done.stderr[-500:]))
    assert failures == []
