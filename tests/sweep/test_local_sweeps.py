from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from harness.run.ending import Ending
from harness.sweep import Resources, Sweep, points, product
from harness.sweep.performing.attempt_process import with_kernels_word, with_reason
from harness.sweep.performing.memory_use import family_of
from harness.sweep.session import run_sweep
from harness.sweep.state.attempts import End
from harness.sweep.state.directory import SweepDirectory
from harness.sweep.state.point_state import Phase
from tests.sweep.sweeping import HARNESS, harness, table, write_sweep

SMALL = '[product]\nworkload = "minerva"\naccelerators = [1, 2]\nseed = [1, 2]\n'
if TYPE_CHECKING:
    from pathlib import Path

TRAP = """
import faulthandler, os, signal, time
from accel_models.vector_mac import VectorMacEngine

class Trap(VectorMacEngine):
    def execute(self, command, memory):
        day = open(os.path.join(os.path.dirname(__file__), "day")).read()
        if day == "crash":
            faulthandler.disable()
            os.kill(os.getpid(), signal.SIGSEGV)
        if day == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if day in {"memory", "heavy"} and not hasattr(self, "waste"):
            self.waste = bytearray(b"x") * ((500 if day == "memory" else 300) << 20)
            time.sleep(1)  # longer than the memory goes unwatched
        if day in {"sleep", "memory"}:
            time.sleep(600)
        if day == "error":
            raise ValueError("a bad day")
        return super().execute(command, memory)
"""


def _trap(folder: Path, day: str) -> str:
    (folder / "trap.py").write_text(TRAP)
    (folder / "day").write_text(day)
    return str(folder / "trap.py")


def test_a_sweep_runs_and_is_not_done_again(tmp_path: Path) -> None:
    write_sweep(tmp_path, SMALL)
    first = harness("run", "s.toml", "--cores", "2", cwd=tmp_path)
    assert (first.returncode, "succeeded        4" in first.stdout) == (0, True), first.stderr
    rows = table("s.toml", tmp_path)
    assert [row["index"] for row in rows] == ["0", "1", "2", "3"]
    assert {row["ending"] for row in rows} == {"success"}
    stamps = {p: p.stat().st_mtime_ns for p in (tmp_path / "sweeps/s/runs").glob("*/result.json")}
    assert len(stamps) == 4
    write_sweep(tmp_path, SMALL.replace("seed = [1, 2]", "seed = [2, 3, 1]"))
    assert harness("run", "s.toml", cwd=tmp_path).returncode == 0
    rows = table("s.toml", tmp_path)
    assert [row["seed"] for row in rows] == ["2", "3", "1"] * 2
    assert {row["attempts"] for row in rows} == {"1"}
    assert {p: p.stat().st_mtime_ns for p in stamps} == stamps


def test_a_run_of_a_sweep_is_the_run_that_harness_run_makes(tmp_path: Path) -> None:
    write_sweep(tmp_path, '[product]\nworkload = "minerva"\ninterface = "acp"\n')
    assert harness("run", "s.toml", cwd=tmp_path).returncode == 0
    argv = [HARNESS, "run", "minerva", "--set", "interface=acp", "-o", "alone"]
    subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True)
    run = next((tmp_path / "sweeps/s/runs").iterdir())
    for name in ("stats.txt", "timeline.npy", "result.json", "program.pb"):
        assert (run / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
    assert json.loads((run / "point.json").read_text()) == {
        "format_version": 1,
        "sweep": "s",
        "id": run.name,
        "index": 0,
        "kind": "run",
        "parameters": {"workload": "minerva", "interface": "acp"},
    }


def test_a_table_has_the_same_bytes_whatever_the_order_of_events(tmp_path: Path) -> None:
    write_sweep(tmp_path, SMALL)
    for cores, output in (("1", "a"), ("4", "b")):
        done = harness("run", "s.toml", "--cores", cores, "-o", output, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    first, second = (harness("collect", each, cwd=tmp_path).stdout for each in ("a", "b"))
    assert first == second
    assert harness("collect", "a", "--table", "t.parquet", cwd=tmp_path).returncode == 0
    import pyarrow.parquet as pq

    assert pq.read_table(tmp_path / "t.parquet").num_rows == 4


@pytest.mark.parametrize(
    ("day", "ending", "attempts"),
    [
        ("crash", Ending.CRASH, 1),
        ("error", Ending.CRASH, 1),
        ("sleep", Ending.TIME_LIMIT, 2),
        ("memory", Ending.OUT_OF_MEMORY, 3),
        ("killed", Ending.LOST, 6),
    ],
)
def test_failures_are_classed_and_tried_again_by_policy(
    tmp_path: Path, day: str, ending: Ending, attempts: int
) -> None:
    model = _trap(tmp_path, day)
    limits = Resources(1, 200 << 20 if day == "memory" else 0, 1.0 if day == "sleep" else 0.0)
    space = points([{"workload": "minerva", "accelerator": model}])
    found = run_sweep(Sweep("bad", space, resources=limits), tmp_path / "out", cores=2)
    (state,) = found.states.values()
    assert (state.phase, state.ending, state.attempts) == (Phase.FAILED, ending, attempts)
    # The cause of the failure is gone: a user's retry gets it done.
    (tmp_path / "day").write_text("good")
    assert harness("retry", "out", "--class", ending.value, cwd=tmp_path).returncode == 0
    again = run_sweep(SweepDirectory.open(tmp_path / "out"), cores=2)
    (state,) = again.states.values()
    assert (state.phase, state.attempts) == (Phase.SUCCEEDED, attempts + 1)


def test_memory_grows_until_a_point_fits(tmp_path: Path) -> None:
    model = _trap(tmp_path, "heavy")
    limits = Resources(1, 300 << 20)
    sweep = Sweep("m", points([{"workload": "minerva", "accelerator": model}]), resources=limits)
    (state,) = run_sweep(sweep, tmp_path / "out").states.values()
    assert (state.phase, state.attempts) == (Phase.SUCCEEDED, 2)


def test_a_crashing_point_leaves_the_others_alone(tmp_path: Path) -> None:
    space = points(
        [{"workload": "minerva", "accelerator": _trap(tmp_path, "crash")}]
        + [{"workload": "minerva", "seed": seed} for seed in range(3)]
    )
    found = run_sweep(Sweep("mixed", space), tmp_path / "out", cores=2)
    assert sorted(state.phase.value for state in found.states.values()) == [
        "failed",
        *["succeeded"] * 3,
    ]


def test_points_larger_than_the_machine_are_refused_before_anything_runs(tmp_path: Path) -> None:
    write_sweep(tmp_path, SMALL + "[resources]\ncores = 4\n")
    done = harness("run", "s.toml", "--cores", "2", cwd=tmp_path)
    assert done.returncode == 2
    assert "does not fit this machine" in done.stderr
    assert not list((tmp_path / "sweeps/s/state").iterdir())


def test_no_more_runs_at_a_time_than_cores_allow(tmp_path: Path) -> None:
    space = product(workload=["minerva"], seed=range(6))
    found = run_sweep(Sweep("c", space, resources=Resources(cores=2)), tmp_path / "out", cores=5)
    assert found.is_done
    times = []
    for path in (tmp_path / "out/state").glob("*.claim"):
        begun_s = json.loads(path.read_text())["begun_s"]
        end = json.loads(path.with_suffix(".end").read_text())
        times += [(begun_s, 1), (begun_s + end["wall_s"], -1)]
    running = most = 0
    for _, change in sorted(times):
        running += change
        most = max(most, running)
    assert most <= 2


def _all_below(pid: int) -> list[int]:
    try:
        return family_of(pid)
    except OSError:
        return [pid]


@pytest.mark.slow
def test_killed_again_and_again_every_point_is_done_exactly_once(tmp_path: Path) -> None:
    axes = f"accelerators = [1, 2]\ninput = {list(range(20))}\n"
    write_sweep(tmp_path, f'[product]\nworkload = "minerva"\n{axes}')
    argv = [HARNESS, "sweep", "run", "s.toml", "--cores", "3", "--quiet"]
    dice = random.Random(4)
    for number in range(8):
        launcher = subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.DEVNULL)
        time.sleep(dice.uniform(0.5, 3.0))
        victims = _all_below(launcher.pid) if number % 2 else [launcher.pid]
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        launcher.wait()
    assert subprocess.run(argv, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    rows = table("s.toml", tmp_path)
    assert [int(row["index"]) for row in rows] == list(range(40))
    assert {row["state"] for row in rows} == {"succeeded"}
    assert len({row["id"] for row in rows}) == 40
    runs = list((tmp_path / "sweeps/s/runs").iterdir())
    assert sorted(run.name for run in runs) == sorted(row["id"] for row in rows)
    ends = list((tmp_path / "sweeps/s/state").glob("*.end"))
    successes = [end for end in ends if json.loads(end.read_text())["ending"] == "success"]
    assert len(successes) == 40


def test_a_second_launcher_adds_nothing_and_harms_nothing(tmp_path: Path) -> None:
    write_sweep(tmp_path, SMALL)
    argv = [HARNESS, "sweep", "run", "s.toml", "--cores", "2", "--quiet"]
    both = [subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [each.wait(60) for each in both] == [0, 0]
    assert {row["attempts"] for row in table("s.toml", tmp_path)} == {"1"}


def test_ctrl_c_leaves_a_sweep_that_goes_on(tmp_path: Path) -> None:
    model = _trap(tmp_path, "sleep")
    text = f'[product]\nworkload = "minerva"\naccelerator = "{model}"\nseed = [1, 2, 3]\n'
    write_sweep(tmp_path, text)
    argv = [HARNESS, "sweep", "run", "s.toml", "--cores", "2"]
    launcher = subprocess.Popen(argv, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    state = tmp_path / "sweeps/s/state"
    while len(list(state.glob("*.claim"))) < 2:
        assert launcher.poll() is None
        time.sleep(0.05)
    launcher.send_signal(signal.SIGINT)
    _, stderr = launcher.communicate(timeout=60)
    assert launcher.returncode == 130
    assert "harness sweep run" in stderr
    ends = [json.loads(path.read_text())["ending"] for path in state.glob("*.end")]
    assert ends == ["preempted"] * 2
    (tmp_path / "day").write_text("good")
    done = harness("run", "sweeps/s", cwd=tmp_path)
    assert (done.returncode, done.stdout.count("succeeded        3")) == (0, 1)


def test_cancel_ends_what_runs_and_keeps_the_rest_from_beginning(tmp_path: Path) -> None:
    model = _trap(tmp_path, "sleep")
    text = f'[product]\nworkload = "minerva"\naccelerator = "{model}"\nseed = [1, 2, 3]\n'
    write_sweep(tmp_path, text)
    argv = [HARNESS, "sweep", "run", "s.toml", "--cores", "2", "-q"]
    launcher = subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.DEVNULL)
    while len(list((tmp_path / "sweeps/s/state").glob("*.claim"))) < 2:
        assert launcher.poll() is None
        time.sleep(0.05)
    assert harness("cancel", "s.toml", cwd=tmp_path).stdout == "cancelled 3 points\n"
    assert launcher.wait(60) == 1
    status = json.loads(harness("status", "s.toml", "--json", cwd=tmp_path).stdout)
    assert status["counts"]["cancelled"] == 3
    assert harness("retry", "s.toml", cwd=tmp_path).stdout.startswith("3 points")
    (tmp_path / "day").write_text("good")
    assert harness("run", "s.toml", cwd=tmp_path).returncode == 0


def test_results_that_a_user_removed_are_made_again(tmp_path: Path) -> None:
    import shutil

    sweep = Sweep("r", product(workload=["minerva"], seed=[1, 2]))
    found = run_sweep(sweep, tmp_path / "out")
    gone = found.directory.place(found.directory.points[0])
    shutil.rmtree(gone)
    again = run_sweep(sweep, tmp_path / "out")
    assert again.is_done
    assert (gone / "result.json").is_file()
    assert [again.states[p.id].attempts for p in again.directory.points] == [2, 1]


def test_points_that_leave_the_description_are_put_away_and_come_back(tmp_path: Path) -> None:
    wide = Sweep("w", product(workload=["minerva"], seed=[1, 2]))
    narrow = Sweep("w", product(workload=["minerva"], seed=[2]))
    out = tmp_path / "out"
    run_sweep(wide, out)
    run_sweep(narrow, out)
    assert len(list((out / "runs").iterdir())) == len(list((out / "unused").iterdir())) == 1
    back = run_sweep(wide, out)
    assert {state.attempts for state in back.states.values()} == {1}
    assert len(list((out / "runs").iterdir())) == 2


def test_a_simulator_that_the_kernel_killed_for_memory_is_told_from_one_that_crashed() -> None:
    killed = End(Ending.CRASH, "gem5 was killed", "gem5 was killed\n  got: killed by SIGKILL")
    assert with_kernels_word(killed, has_killed=True).ending is Ending.OUT_OF_MEMORY
    assert with_kernels_word(killed, has_killed=False).ending is Ending.CRASH
    crashed = End(Ending.CRASH, "gem5 was killed", "got: killed by SIGSEGV")
    assert with_kernels_word(crashed, has_killed=True).ending is Ending.CRASH


def test_a_reason_from_outside_names_a_forced_end_but_no_success() -> None:
    assert with_reason(End(Ending.CANCELLED), Ending.PREEMPTED).ending is Ending.PREEMPTED
    assert with_reason(End(Ending.SUCCESS), Ending.PREEMPTED).ending is Ending.SUCCESS
    assert with_reason(End(Ending.CRASH), None).ending is Ending.CRASH


def test_one_process_makes_many_attempts_until_one_of_them_fails(tmp_path: Path) -> None:
    model = _trap(tmp_path, "error")
    good = [{"workload": "minerva", "seed": seed} for seed in range(6)]
    space = points([*good[:3], {"workload": "minerva", "accelerator": model}, *good[3:]])
    table = run_sweep(Sweep("reuse", space), tmp_path / "out", cores=1)
    state = tmp_path / "out" / "state"
    pids = [
        json.loads((state / f"{point.id}.1.claim").read_text())["process"]["pid"]
        for point in table.directory.points
    ]
    assert len(set(pids[:4])) == len(set(pids[4:])) == 1
    assert pids[3] != pids[4]  # nothing of the failure can reach what comes after it
    assert not list((tmp_path / "out" / "logs").iterdir())
