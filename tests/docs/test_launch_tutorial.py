"""The tutorial of `harness launch`: its commands run as they stand there, in their order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = (ROOT / "harness" / "run" / "launch" / "README.md").read_text()
STAND_IN = ROOT / "tests" / "run" / "launch" / "any_gem5.py"
_SCRIPT_OF_STAND_IN = """\
import sys
gem5.say("Hello world!")
gem5.instantiate()
gem5.exits("exiting with last active thread context", code=int((arguments + ["", "0"])[1] or 0))
gem5.dump()
"""
_EXPECTED = re.compile(r"# exit code (\d+)$")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL)


def _commands() -> list[str]:
    lines = [line.strip() for line in TUTORIAL.splitlines() if line.startswith("    ")]
    begins = ("harness launch", "harness status", "harness stats", "harness compare", "sh ", "gcc ")
    return [line for line in lines if line.startswith(begins)]


def _run_all(folder: Path, environment: dict[str, str]) -> list[tuple[str, int, str]]:
    """Run the commands; return those that do not end as the tutorial says."""
    wrong = []
    for command in _commands():
        expected = _EXPECTED.search(command)
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        if done.returncode != int(expected[1] if expected else 0):
            wrong.append((command, done.returncode, done.stderr[-800:]))
    return wrong


def _environment(folder: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "XDG_CACHE_HOME": str(folder / "cache")}


def _python_works(folder: Path, environment: dict[str, str]) -> None:
    code = _blocks("python")[-1]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert "success" in done.stdout


def test_the_tutorial_shows_every_kind_of_command() -> None:
    assert len(_commands()) >= 18
    assert [len(_blocks(language)) for language in ("python", "c")] == [2, 1]


@pytest.mark.slow
def test_the_tutorials_commands_work_around_a_stand_in(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in (
        ("gem5.opt", f'#!/bin/sh\nexec {sys.executable} {STAND_IN} "$@"\n'),
        ("gcc", "#!/bin/sh\n: > hello\n"),
    ):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (tmp_path / "hello.py").write_text(_SCRIPT_OF_STAND_IN)
    environment = _environment(tmp_path)
    environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
    assert _run_all(tmp_path, environment) == []
    _python_works(tmp_path, environment)


@pytest.mark.gem5
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_tutorials_commands_work_around_gem5(tmp_path: Path) -> None:
    for program in ("gem5.opt", "gcc"):
        if not shutil.which(program):
            pytest.skip(f"there is no {program} on PATH")
    (tmp_path / "hello.py").write_text(_blocks("python")[0])
    (tmp_path / "hello.c").write_text(_blocks("c")[0])
    environment = _environment(tmp_path)
    assert _run_all(tmp_path, environment) == []
    _python_works(tmp_path, environment)
