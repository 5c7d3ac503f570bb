"""What a launch freezes, and how it is done again."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from harness.base.errors import BackendError, ExitCode, SpecError
from harness.run.ending import Ending
from harness.run.launch.config_inputs import files_of_config
from harness.run.launch.file_hashes import REMEMBERED_FROM_BYTES, describe_file
from harness.run.launch.frozen import read_launch
from harness.run.launch.launch import launch
from harness.run.launch.outcome import read_outcome
from harness.run.launch.rerun import repeat
from harness.run.launch.spec import LaunchSpec
from harness.run.pulse import take_pulse
from tests.listeners import Listener

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.run.launch.launch import FinishedLaunch

    Run = Callable[..., FinishedLaunch]


def _json(path: Path) -> Any:
    return json.loads(path.read_text())


def test_all_that_a_run_depends_on_is_frozen(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("GEM5_API_KEY", "secret")
    monkeypatch.setenv("MY_PASSWORD", "secret")
    (tmp_path / "image.bin").write_bytes(b"disk")
    (tmp_path / "table.csv").write_bytes(b"1,2")
    finished = run(
        "gem5.good()", "--disk=image.bin", environment={"SIZE": "a b"}, inputs=("table.csv",)
    )
    data = _json(finished.directory / "launch.json")
    files = {each["role"]: each for each in data["files"]}
    assert files["script"]["sha256"] == hashlib.sha256(b"gem5.good()").hexdigest()
    assert files["argument"]["sha256"] == hashlib.sha256(b"disk").hexdigest()
    assert files["input"]["path"] == str(tmp_path / "table.csv")
    assert files["gem5"]["size_bytes"] > 0
    assert (data["environment"]["SIZE"], data["environment"]["OMP_NUM_THREADS"]) == ("a b", "3")
    assert {"GEM5_API_KEY", "MY_PASSWORD"} <= set(data["other_variables"])
    assert "secret" not in (finished.directory / "launch.json").read_text()
    assert "secret" not in (finished.directory / "cmd.sh").read_text()
    assert (finished.directory / "script" / "user.py").read_text() == "gem5.good()"
    assert read_launch(finished.directory)[0].spec.inputs == ("table.csv",)
    assert not (finished.directory / "status.json").exists()
    assert not (finished.directory / "notes").exists()


def test_the_same_launch_freezes_the_same_bytes(gem5: Path, tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text("gem5.good()")
    spec = LaunchSpec((str(gem5), "user.py"))
    texts = []
    for _ in range(2):
        directory = launch(spec, str(tmp_path / "run"), None, force=True).directory
        texts.append([(directory / name).read_bytes() for name in ("launch.json", "cmd.sh")])
    assert texts[0] == texts[1]


def test_work_trees_are_named_by_their_commit(gem5: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "user.py").write_text("gem5.good()")
    author = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for words in (("init", "-q"), ("add", "."), (*author, "commit", "-qm", "x")):
        subprocess.run(["git", *words], cwd=tree, check=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=tree, check=True, capture_output=True, text=True
    ).stdout.strip()
    (tree / "user.py").write_text("gem5.good(2000)")
    finished = launch(LaunchSpec((str(gem5), "tree/user.py")), str(tmp_path / "run"), None)
    states = _json(finished.directory / "launch.json")["git"]
    assert {"tree": str(tree), "commit": head, "is_modified": True} in states


def test_cmd_sh_does_the_same_elsewhere_and_leaves_the_results_alone(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEM5_SETTING", "it's $HOME")
    text = (
        "import os; gem5.say(os.environ['GEM5_SETTING'] + '|' + ' '.join(arguments))\ngem5.good()"
    )
    finished = run(text, "a b", "*", "it's")
    before = (finished.directory / "m5out" / "stats.txt").read_bytes()
    monkeypatch.setenv("GEM5_SETTING", "other")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    again = ["sh", str(finished.directory / "cmd.sh")]
    done = subprocess.run(again, cwd="/", capture_output=True, text=True, check=True)
    assert "it's $HOME|a b * it's\n" in done.stdout
    stats = [
        (folder / "stats.txt").read_text().splitlines()[:4]
        for folder in (finished.directory / "m5out", finished.directory / "rerun-1")
    ]
    assert stats[0] == stats[1]
    assert (finished.directory / "m5out" / "stats.txt").read_bytes() == before
    subprocess.run([*again, "chosen"], cwd=tmp_path, capture_output=True, check=True)
    assert (tmp_path / "chosen" / "config.ini").is_file()
    full = subprocess.run([*again, "chosen"], cwd=tmp_path, capture_output=True, check=False)
    assert (full.returncode, b"is not empty" in full.stderr) == (2, True)


def test_cmd_sh_refuses_files_that_have_changed(run: Run, tmp_path: Path) -> None:
    finished = run("gem5.good()")
    (tmp_path / "user.py").write_text("gem5.good(2)")
    again = ["sh", str(finished.directory / "cmd.sh")]
    done = subprocess.run(again, capture_output=True, text=True, check=False)
    assert (done.returncode, "user.py: FAILED" in done.stdout + done.stderr) == (2, True)
    environment = {**os.environ, "HARNESS_CHANGED_FILES": "ok"}
    subprocess.run(again, capture_output=True, check=True, env=environment)


def test_a_repeated_launch_is_compared_with_the_first(run: Run, tmp_path: Path) -> None:
    first = run("gem5.good()")
    same = repeat(str(first.directory), str(tmp_path / "again"), None)
    assert (same.exit_code, same.outcome.differences) == (ExitCode.OK, ())
    assert same.outcome.repeats == str(first.directory)
    assert read_outcome(same.directory) == same.outcome

    (tmp_path / "user.py").write_text("gem5.good(1002)")
    with pytest.raises(SpecError, match="the launch's script is not what it was"):
        repeat(str(first.directory), str(tmp_path / "third"), None)
    assert not (tmp_path / "third").exists()
    other = repeat(str(first.directory), str(tmp_path / "third"), None, takes_changes=True)
    assert other.exit_code is ExitCode.RUN_FAILED
    assert other.outcome.ending is Ending.WRONG_OUTPUT
    assert "final tick: 1000, now 1002" in other.outcome.message


def test_directories_are_numbered_and_never_mixed(gem5: Path, tmp_path: Path) -> None:
    (tmp_path / "my script.py").write_text("gem5.good()")
    spec = LaunchSpec((str(gem5), "my script.py"))
    assert [str(launch(spec, None, None).directory) for _ in range(2)] == [
        "runs/my_script",
        "runs/my_script-2",
    ]
    assert str(launch(spec, None, None, name="mine").directory) == "runs/mine"
    with pytest.raises(SpecError, match="--force"):
        launch(spec, "runs/mine", None)
    (tmp_path / "runs" / "mine" / "note.txt").write_text("kept")
    assert launch(spec, "runs/mine", None, force=True).exit_code is ExitCode.OK
    assert (tmp_path / "runs" / "mine" / "note.txt").is_file()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("x")
    with pytest.raises(SpecError, match="files that are not a run's"):
        launch(spec, "other", None, force=True)


def test_a_launch_that_cannot_begin_leaves_nothing(gem5: Path, tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text("gem5.good()")
    spec = LaunchSpec((str(gem5), "user.py"), inputs=("missing.csv",))
    with pytest.raises(SpecError, match="an input is no file"):
        launch(spec, str(tmp_path / "run"), None)
    assert not (tmp_path / "run").exists()


def test_a_program_that_cannot_be_executed_is_said(tmp_path: Path) -> None:
    program = tmp_path / "gem5.opt"
    program.write_bytes(b"#!/no/such/interpreter\n")
    program.chmod(0o755)
    (tmp_path / "user.py").write_text("")
    spec = LaunchSpec((str(program), str(tmp_path / "user.py")), cwd=str(tmp_path))
    finished = launch(spec, str(tmp_path / "run"), None)
    assert finished.exit_code is BackendError.exit_code
    assert "cannot be started" in finished.outcome.message


def test_status_tells_how_a_launch_ended(run: Run) -> None:
    finished = run("gem5.exits('m5_fail instruction encountered', code=4); gem5.dump()")
    pulse = take_pulse(str(finished.directory))
    assert (pulse.verdict, pulse.is_well) == ("failed", False)
    assert any("m5_fail" in line for line in pulse.lines)


def test_progress_tells_tick_memory_and_output(
    gem5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.run.launch.supervise.SLOW_LOOK_S", 0.05)
    text = (
        "import time\ngem5.dump(500); time.sleep(0.6)\n"
        "gem5.say('Progress: tick 900'); time.sleep(0.6); gem5.good()"
    )
    (tmp_path / "user.py").write_text(text)
    listener = Listener()
    launch(LaunchSpec((str(gem5), "user.py")), str(tmp_path / "run"), listener)
    ticks = [detail.partition(":")[0] for detail in listener.details]
    assert {"500", "900"} <= set(ticks)
    assert all("MiB of memory" in detail for detail in listener.details[1:])
    assert listener.stages[-1] == f"running user.py in {tmp_path / 'run'}"


def test_a_large_file_is_hashed_once_while_it_stays_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "large"
    path.write_bytes(bytes(REMEMBERED_FROM_BYTES))
    first = describe_file(path)
    monkeypatch.setattr("harness.run.launch.file_hashes.file_sha256", lambda _: "read again")
    assert describe_file(path) == first
    path.write_bytes(bytes(REMEMBERED_FROM_BYTES + 1))
    assert describe_file(path)["sha256"] == "read again"


def test_files_that_only_the_configuration_names_are_hashed(tmp_path: Path) -> None:
    outdir = tmp_path / "m5out"
    (outdir / "fs").mkdir(parents=True)
    (outdir / "fs" / "own").write_text("ours")
    (tmp_path / "guest").write_bytes(b"guest")
    (tmp_path / "kernel").write_bytes(b"kernel")
    (outdir / "config.ini").write_text(
        f"[system.workload]\nobject_file={tmp_path}/kernel\nother={outdir}/fs/own /nowhere\n"
        "executable=guest\ncmd=guest 3\nsize=3\n"
    )
    found = files_of_config(outdir, str(tmp_path))
    assert [each["path"] for each in found] == [f"{tmp_path}/guest", f"{tmp_path}/kernel"]
    assert found[0]["sha256"] == hashlib.sha256(b"guest").hexdigest()
