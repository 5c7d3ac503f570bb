"""The commands that README shows are run as they stand there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.base.errors import HarnessError
from harness.run.guest.build import guest_sources, kept_guest
from tests.gem5.gem5_runs import gem5_obstacle

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
HARNESS = str(Path(sys.executable).with_name("harness"))
_BOOT_AND_RUN_S = 1200


def _section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def _commands(text: str) -> list[str]:
    lines = [line.strip().split(" #")[0].strip() for line in text.splitlines()]
    return [line for line in lines if line.startswith("harness ") and "COMMAND" not in line]


def _choices(command: str) -> list[str]:
    """Spell out `harness list a | b | c`."""
    if " | " not in command:
        return [command]
    head, *rest = command.split(" | ")
    verb = head.rsplit(" ", 1)[0]
    return [head, *(f"{verb} {choice}" for choice in rest)]


def _failure(command: str, folder: Path) -> tuple[str, int, str] | None:
    argv = [HARNESS, *shlex.split(command)[1:]]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    return (command, done.returncode, done.stderr[-500:]) if done.returncode else None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("readme")
    shutil.copy(ROOT / "accel_models" / "tutorial.py", place / "my_npu.py")
    return place


def test_readme_shows_the_first_hour_and_gem5() -> None:
    assert len(_commands(_section("First hour"))) >= 10
    assert len(_commands(_section("gem5"))) >= 10


@pytest.mark.slow
def test_the_first_hours_commands_work_in_their_order(folder: Path) -> None:
    commands = [each for line in _commands(_section("First hour")) for each in _choices(line)]
    failures = [_failure(command, folder) for command in commands]
    assert [failure for failure in failures if failure] == []


def test_every_option_that_readme_shows_is_one_of_its_command() -> None:
    helps: dict[str, str] = {}
    unknown = []
    for command in _commands(README):
        words = shlex.split(command)[1:]
        verbs = words[:2] if words[0] in {"guest", "sweep", "trace"} else words[:1]
        name = " ".join(verbs)
        if name not in helps:
            argv = [HARNESS, *verbs, "--help"]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            assert done.returncode == 0, name
            helps[name] = done.stdout
        options = [word.split("=")[0] for word in words if word.startswith("-")]
        unknown += [
            (command, option)
            for option in options
            if not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", helps[name])
        ]
    assert unknown == []


def _has_guest() -> bool:
    """Whether the guest was built before: a test does not compile a kernel."""
    try:
        return kept_guest(guest_sources()) is not None
    except HarnessError:
        return False


@pytest.mark.gem5
@pytest.mark.slow
@pytest.mark.timeout(_BOOT_AND_RUN_S)
def test_the_commands_of_gem5_work_in_their_order(tmp_path: Path) -> None:
    if obstacle := gem5_obstacle():
        pytest.skip(obstacle)
    commands = _commands(_section("gem5"))
    if not _has_guest():
        commands = [each for each in commands if "/fs" not in each]
    failures = [_failure(command, tmp_path) for command in commands]
    assert [failure for failure in failures if failure] == []
