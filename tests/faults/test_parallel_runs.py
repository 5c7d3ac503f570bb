from __future__ import annotations

import json
import subprocess
import threading
from typing import TYPE_CHECKING

from harness.base.errors import SpecError
from harness.run.directory import RunDirectory
from tests.faults.launched import COMMAND, Launched, check_evidence, check_one_message

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SLOW_MODEL = """
import time
from accel_models.vector_mac import VectorMacEngine

class Slow(VectorMacEngine):
    done = False

    def execute(self, command, memory):
        if not Slow.done:
            Slow.done = True
            for step in range(6):
                time.sleep(0.7)
                self.busy(f"step {step} of 6")
        return super().execute(command, memory)
"""


def test_runs_in_the_same_directory_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    environment = ["run", "minerva", "--quiet"]
    running = [
        subprocess.Popen(
            [*COMMAND, *environment],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    texts = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0] * 4, texts
    runs = sorted((tmp_path / "runs").iterdir())
    assert [run.name for run in runs] == ["minerva", "minerva-2", "minerva-3", "minerva-4"]
    results = {(run / "result.json").read_bytes() for run in runs}
    assert len(results) == 1
    assert all("run directory: runs/" in out for out, _ in texts)
    assert len({out.rsplit("run directory:", 1)[1] for out, _ in texts}) == 4


def test_a_numbered_directory_is_claimed_by_one_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found: list[Path] = []
    gate = threading.Barrier(8)

    def claim() -> None:
        gate.wait()
        found.extend(RunDirectory.create(None, "x").path for _ in range(20))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == 160


def test_a_chosen_directory_is_claimed_by_one_only(tmp_path: Path) -> None:
    chosen = tmp_path / "run"
    chosen.mkdir()
    ended: list[str] = []
    kept: list[RunDirectory] = []
    gate = threading.Barrier(8)

    def claim() -> None:
        gate.wait()
        try:
            kept.append(RunDirectory.create(str(chosen), "x"))
            ended.append("claimed")
        except SpecError as error:
            ended.append(error.what)

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended.count("claimed") == 1, ended


def test_a_second_run_into_a_running_ones_directory_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "slow.py"
    model.write_text(SLOW_MODEL)
    output = ["--output", str(tmp_path / "run")]
    first = Launched(tmp_path, "run", "minerva", "-a", str(model), *output, "--quiet")
    assert first.wait_for_model()
    for force in ([], ["--force"]):
        second = subprocess.run(
            [*COMMAND, "run", "minerva", "--quiet", *output, *force],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 2, second.stderr
        assert str(tmp_path / "run") in second.stderr
    ended = first.end(60)
    check_one_message(ended)
    check_evidence(ended)
    assert ended.complaints == []
    assert ended.code == 0, ended.stderr


def test_a_slow_model_that_says_so_is_not_killed(tmp_path: Path) -> None:
    """4.2 s of work under a deadline of 2 s."""
    model = tmp_path / "slow.py"
    model.write_text(SLOW_MODEL)
    launched = Launched(
        tmp_path, "run", "minerva", "-a", f"{model}:Slow", "--deadline", "2", "--quiet",
        "--output", str(tmp_path / "run"),
    )  # fmt: skip
    ended = launched.end(60)
    check_one_message(ended)
    assert ended.complaints == []
    assert ended.code == 0, ended.stderr
    assert ended.seconds > 4.2
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["reference"]["within_tolerance"]


def test_the_time_limit_ends_a_model_that_is_busy_for_ever(tmp_path: Path) -> None:
    model = tmp_path / "slow.py"
    model.write_text(SLOW_MODEL.replace("range(6)", "range(100000)"))
    launched = Launched(
        tmp_path, "run", "minerva", "-a", f"{model}:Slow", "--deadline", "3", "--timeout", "6",
        "--quiet", "--output", str(tmp_path / "run"),
    )  # fmt: skip
    ended = launched.end(30)
    check_one_message(ended)
    check_evidence(ended)
    assert ended.complaints == []
    assert ended.code == 1
    assert ended.result["exit_cause"] == "host time limit reached"
