"""`harness launch` as it is typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = str(Path(sys.executable).with_name("harness"))
STAND_IN = Path(__file__).resolve().parents[1] / "run" / "launch" / "any_gem5.py"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a gem5.opt on PATH and a script that ends as its argument says."""
    program = tmp_path / "bin" / "gem5.opt"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {STAND_IN} "$@"\n')
    program.chmod(0o755)
    (tmp_path / "user.py").write_text(
        "import os\ngem5.say('SIZE=' + os.environ.get('SIZE', ''))\n"
        "gem5.say('OMP=' + os.environ.get('OMP_NUM_THREADS', 'not set'))\n"
        "gem5.exits('m5_exit instruction encountered', code=int((arguments or ['0'])[0]))\n"
        "gem5.dump()"
    )
    return tmp_path


def _harness(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment["PATH"] = f"{folder / 'bin'}{os.pathsep}{environment['PATH']}"
    environment["XDG_CACHE_HOME"] = str(folder / "cache")
    return subprocess.run(
        [HARNESS, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**environment, **variables},
    )


def test_a_success_prints_its_facts_and_returns_0(folder: Path) -> None:
    done = _harness(folder, "launch", "--", "gem5.opt", "user.py")
    assert (done.returncode, done.stderr.count("error")) == (0, 0)
    for line in (
        "directory    runs/user",
        "ending       success",
        "simulated    1 ns (1000 ticks)",
    ):
        assert line in done.stdout
    again = _harness(folder, "launch", "gem5.opt", "user.py")
    assert "directory    runs/user-2" in again.stdout, "the -- may be left out"
    status = _harness(folder, "status", "runs/user")
    assert (status.returncode, "succeeded" in status.stdout) == (0, True)
    assert "simTicks" in _harness(folder, "stats", "runs/user", "simTicks").stdout


def test_a_failure_returns_1_with_one_message(folder: Path) -> None:
    done = _harness(folder, "launch", "-q", "--", "gem5.opt", "user.py", "5")
    assert done.returncode == 1
    assert done.stderr.startswith("harness: error: guest failed: the guest's program ended")
    assert "runs/user/m5out/simout.txt" in done.stderr
    assert _harness(folder, "status", "runs/user").returncode == 1


@pytest.mark.parametrize(
    "words",
    [
        ("launch",),
        ("launch", "--", "gem5.opt", "-d", "out", "user.py"),
        ("launch", "--", "gem5.opt", "missing.py"),
        ("launch", "--", "no-such-program", "user.py"),
        ("launch", "--", "true", "user.py"),
        ("launch", "--memory", "4", "--", "gem5.opt", "user.py"),
        ("launch", "--timeout", "-1", "--", "gem5.opt", "user.py"),
        ("launch", "--env", "NOT_SET_AT_ALL", "--", "gem5.opt", "user.py"),
        ("launch", "--rerun", "bin"),
        ("launch", "--rerun", "bin", "--", "gem5.opt", "user.py"),
        ("launch", "--no-such-option", "--", "gem5.opt", "user.py"),
    ],
)
def test_a_users_mistake_returns_2_and_leaves_nothing(words: tuple[str, ...], folder: Path) -> None:
    done = _harness(folder, *words)
    assert done.returncode == 2, done.stderr
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert not list((folder / "runs").glob("*"))


def test_a_dry_run_prints_the_exact_command(folder: Path) -> None:
    argv = ("--", "env", "A=b c", "gem5.opt", "user.py", "x y")
    done = _harness(folder, "launch", "--dry-run", "--timeout", "9", "--output", "out", *argv)
    expected = (
        f"command      env 'A=b c' gem5.opt --outdir={folder}/out/m5out --listener-mode=off"
        " user.py 'x y'\n"
    )
    assert done.stdout.endswith(expected)
    assert "limit        host time: 9 s" in done.stdout
    assert not (folder / "out").exists()


def test_variables_reach_gem5_as_the_user_has_them(folder: Path) -> None:
    options = ("--env", "SIZE=4", "--tee", "-q")
    done = _harness(folder, "launch", *options, "--", "gem5.opt", "user.py")
    assert "SIZE=4\nOMP=not set\n" in done.stdout
    kept = _harness(folder, "launch", "--env", "SIZE", "-q", "--", "gem5.opt", "user.py", SIZE="7")
    assert kept.returncode == 0
    frozen = json.loads((folder / "runs" / "user-2" / "launch.json").read_text())
    assert frozen["environment"]["SIZE"] == "7"
    again = _harness(folder, "launch", "--rerun", "runs/user-2", "--tee", "-q", SIZE="9")
    assert "SIZE=7\n" in again.stdout
    assert "everything simulated came out the same" in again.stdout


def test_json_is_the_result_file(folder: Path) -> None:
    done = _harness(folder, "launch", "--json", "-q", "--", "gem5.opt", "user.py")
    assert done.stdout == (folder / "runs" / "user" / "result.json").read_text()
    data = json.loads(done.stdout)
    assert (data["kind"], data["format_version"], data["ending"]) == ("launch", 1, "success")


def test_two_launches_are_compared_by_their_statistics(folder: Path) -> None:
    for _ in range(2):
        _harness(folder, "launch", "-q", "--", "gem5.opt", "user.py")
    done = _harness(folder, "compare", "runs/user", "runs/user-2", "--all")
    assert (done.returncode, "simTicks" in done.stdout) == (0, True)
