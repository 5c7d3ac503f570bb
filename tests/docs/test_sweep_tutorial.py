"""The tutorial of sweeps: its files are written, its commands are run in their order."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.sweep.slurm_cluster import SlurmCluster, obstacle

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "harness" / "sweep" / "README.md").read_text()
HARNESS = str(Path(sys.executable).with_name("harness"))
GEM5 = ROOT / "tests" / "run" / "launch" / "any_gem5.py"
SCRIPT = """
import pathlib
words = dict(word[2:].split("=", 1) for word in arguments)
if "to" in words:
    pathlib.Path(words["to"]).mkdir()
else:
    assert pathlib.Path(words["from"]).is_dir()
gem5.good()
"""


def _section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def _write_files(folder: Path) -> None:
    for block in [*_blocks(TEXT, "toml"), *_blocks(TEXT, "python")]:
        name = block.splitlines()[0].removeprefix("# ")
        if " " not in name:
            (folder / name).write_text(block)


def _commands(title: str) -> list[str]:
    return [line for block in _blocks(_section(title), "sh") for line in block.splitlines()]


def _run(commands: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    printed = ""
    for command in commands:
        argv = [HARNESS, *shlex.split(command)[1:]]
        done = subprocess.run(
            argv, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stdout[-800:], done.stderr[-800:])
        printed += done.stdout
    return printed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    _write_files(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_sweep_on_this_machine(folder: Path) -> None:
    printed = _run(_commands("A sweep on this machine"), folder, os.environ)
    assert printed.count("succeeded        6") == 2
    rows = (folder / "dse.csv").read_text().splitlines()
    assert len(rows) == 7
    assert all(",success,finished,1," in row for row in rows[1:])


def test_the_python_file_and_the_slurm_table(folder: Path) -> None:
    assert "4 points" in _run(_commands("In Python"), folder, os.environ)
    slurm = next(b for b in _blocks(_section("The same on Slurm"), "toml") if "[slurm]" in b)
    path = folder / "dse.toml"
    path.write_text(path.read_text() + slurm)
    printed = _run(["harness sweep run dse.toml --executor dry-run"], folder, os.environ)
    for option in ("--partition=short", "--array=0-0%50", "--mail-type=FAIL", "module load gcc"):
        assert option in printed


@pytest.mark.slow
def test_any_gem5_script(folder: Path) -> None:
    program = folder / "bin" / "gem5.opt"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {GEM5} "$@"\n')
    program.chmod(0o755)
    for name in ("caches.py", "boot.py"):
        (folder / name).write_text(SCRIPT)
    path = f"{program.parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "XDG_CACHE_HOME": str(folder / "cache")}
    printed = _run(_commands("Any gem5 script"), folder, environment)
    assert "succeeded        4" in printed
    assert printed.count("stage=boot cores=") == 4  # two stages, in the plan and at the end


@pytest.mark.slurm
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_same_on_slurm(folder: Path) -> None:
    if why := obstacle():
        pytest.skip(why)
    cluster = SlurmCluster(folder / "cluster")
    try:
        cluster.start()
        printed = _run(_commands("The same on Slurm"), folder, cluster.environment)
    finally:
        cluster.stop()
    assert "#SBATCH --array=0-5" in printed
    assert "succeeded        6" in printed
