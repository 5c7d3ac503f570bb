"""The parts of the Slurm executor, without a Slurm: scripts, packs, evidence, the worker."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.base.errors import SpecError
from harness.run.ending import Ending
from harness.sweep import Resources, SlurmOptions, Stage, Sweep, command, product
from harness.sweep.description.slurm_options import read_slurm_options
from harness.sweep.executors.slurm import GONE_S, SlurmExecutor
from harness.sweep.executors.slurm_evidence import end_of_job, goes_on
from harness.sweep.executors.slurm_queue import SlurmQueue
from harness.sweep.executors.slurm_script import Batch, batch_script, job_minutes
from harness.sweep.session import planned
from harness.sweep.state.attempts import Claim, End
from harness.sweep.state.point_state import Phase
from harness.sweep.state.process_identity import identity_of
from harness.sweep.state.state_table import StateTable
from harness.sweep.worker import Worker

if TYPE_CHECKING:
    from pathlib import Path

    from harness.sweep.state.directory import SweepDirectory


class StandInQueue:
    """Takes scripts, and knows of the jobs what a test says."""

    def __init__(self, most: int = 1001) -> None:
        self.scripts: list[str] = []
        self.known: dict[str, str] | None = {}
        self.cancelled: list[str] = []
        self._most = most

    def submit(self, script: str) -> str:
        self.scripts.append(script)
        job = str(100 + len(self.scripts))
        line = next(line for line in script.splitlines() if "--array=0-" in line)
        last = int(line.partition("--array=0-")[2].partition("%")[0])
        assert self.known is not None
        self.known |= {f"{job}_{index}": "PENDING" for index in range(last + 1)}
        return job

    def states(self) -> dict[str, str] | None:
        return self.known

    def most_tasks(self) -> int:
        return self._most

    def cancel(self, jobs: list[str]) -> None:
        self.cancelled += jobs


def _sweep(count: int = 5, stages: tuple[Stage, ...] = (), **slurm: object) -> Sweep:
    words = ["echo", "{n}", *(f"{{prepare.{stage.name}}}" for stage in stages)]
    return Sweep(
        "s",
        product(n=range(count)),
        launch=command(words),
        prepare=stages,
        slurm=SlurmOptions(**slurm),  # type: ignore[arg-type]
    )


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> StandInQueue:
    found = StandInQueue()
    monkeypatch.setattr("harness.sweep.executors.slurm.SlurmQueue", lambda: found)
    monkeypatch.setattr("harness.sweep.executors.slurm.job_facts", lambda _: {})
    monkeypatch.setattr("harness.sweep.executors.slurm.LOOK_S", 0.0)
    return found


def _table(directory: SweepDirectory) -> tuple[StateTable, SlurmExecutor]:
    executor = SlurmExecutor(directory)
    return StateTable(directory, executor.is_alive, executor.is_queued), executor


def _submit_all(directory: SweepDirectory) -> tuple[StateTable, SlurmExecutor]:
    table, executor = _table(directory)
    executor.submit([table.task(point) for point in table.waiting(with_needs=True)])
    table.refresh_all()
    return table, executor


def _option(script: str, name: str) -> str:
    line = next(line for line in script.splitlines() if f"--{name}=" in line)
    return line.partition(f"--{name}=")[2]


def test_points_are_packed_and_arrays_are_no_longer_than_slurm_allows(
    tmp_path: Path, queue: StandInQueue
) -> None:
    queue._most = 3
    directory = planned(_sweep(20, pack=2, parallel=7), tmp_path / "s")
    table, _ = _submit_all(directory)
    assert [_option(script, "array") for script in queue.scripts] == ["0-2%7"] * 3 + ["0-0%7"]
    packs = [
        json.loads(path.read_text())["packs"]
        for path in sorted((tmp_path / "s/jobs").glob("*.json"))
    ]
    named = [point for chunk in packs for pack in chunk for point, number in pack if number == 1]
    assert named == [point.id for point in directory.points]
    assert set(table.counts()) == {Phase.QUEUED}


def test_nothing_is_submitted_twice_while_slurm_has_it(tmp_path: Path, queue: StandInQueue) -> None:
    directory = planned(_sweep(), tmp_path / "s")
    _submit_all(directory)
    table, _ = _table(directory)  # another launcher
    assert table.waiting(with_needs=True) == []
    queue.known = None  # slurmctld is down: nobody can say that the jobs are gone
    table, _ = _table(directory)
    assert table.waiting(with_needs=True) == []
    queue.known = {}
    table, _ = _table(directory)
    assert len(table.waiting(with_needs=True)) == 5


def test_points_depend_on_their_stages_job(tmp_path: Path, queue: StandInQueue) -> None:
    stages = (Stage("boot", command(["true"])), Stage("warm", command(["true", "{prepare.boot}"])))
    _submit_all(planned(_sweep(3, stages), tmp_path / "s"))
    first, second, points = queue.scripts
    assert "dependency" not in first
    assert _option(second, "dependency") == "afterok:101_0"
    assert _option(points, "dependency") == "afterok:101_0,afterok:102_0"
    assert "--kill-on-invalid-dep=yes" in points


def test_a_running_attempt_lives_as_long_as_its_job(
    tmp_path: Path, queue: StandInQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = planned(_sweep(1), tmp_path / "s")
    _submit_all(directory)
    point = directory.points[0].id
    monkeypatch.setattr("harness.sweep.executors.slurm.time.monotonic", lambda: clock[0])
    clock = [0.0]
    elsewhere = replace(identity_of(os.getpid()), host="another-node")
    directory.store.claim(point, 1, Claim(elsewhere, "slurm", "101_0"))
    queue.known = {"101_0": "RUNNING"}
    table, executor = _table(directory)
    assert table.states[point].phase is Phase.RUNNING
    queue.known = None
    assert _table(directory)[0].states[point].phase is Phase.RUNNING
    queue.known = {}
    executor.settle()
    assert directory.store.read_end(point, 1) is None  # its end may be on its way
    clock[0] = GONE_S + 1
    executor.settle()
    end = directory.store.read_end(point, 1)
    assert end is not None
    assert end.ending is Ending.LOST
    table.refresh_all()
    assert table.states[point].phase is Phase.WAITING


def test_a_requeued_job_is_not_submitted_again(tmp_path: Path, queue: StandInQueue) -> None:
    directory = planned(_sweep(1), tmp_path / "s")
    _submit_all(directory)
    point = directory.points[0].id
    directory.store.claim(point, 1, Claim(identity_of(os.getpid()), "slurm", "101_0"))
    directory.store.end(point, 1, End(Ending.PREEMPTED))
    for state, phase in (("RUNNING", Phase.QUEUED), ("PENDING", Phase.QUEUED), ("", Phase.WAITING)):
        queue.known = {"101_0": state} if state else {}
        assert _table(directory)[0].states[point].phase is phase
    directory.store.claim(point, 2, Claim(identity_of(os.getpid()), "slurm", "101_0", 1))
    directory.store.end(point, 2, End(Ending.OUT_OF_MEMORY))
    queue.known = {"101_0": "RUNNING"}  # with other points of its pack: more memory needs a new job
    assert _table(directory)[0].states[point].phase is Phase.WAITING


def test_cancel_leaves_jobs_alone_that_have_other_points(
    tmp_path: Path, queue: StandInQueue
) -> None:
    directory = planned(_sweep(4, pack=2), tmp_path / "s")
    _, executor = _submit_all(directory)
    executor.cancel([point.id for point in directory.points[:3]])
    assert queue.cancelled == ["101_0"]


@pytest.mark.parametrize(
    ("facts", "log", "ending"),
    [
        ({"JobState": "OUT_OF_MEMORY", "ExitCode": "0:125"}, "", Ending.OUT_OF_MEMORY),
        ({"JobState": "TIMEOUT"}, "", Ending.TIME_LIMIT),
        ({"JobState": "NODE_FAIL"}, "", Ending.NODE_FAILED),
        ({"JobState": "PREEMPTED"}, "", Ending.PREEMPTED),
        ({"JobState": "CANCELLED"}, "", Ending.CANCELLED),
        (
            {"JobState": "CANCELLED"},
            "slurmstepd: error: *** JOB 9 ON n1 CANCELLED AT 2026-01-01 DUE TO PREEMPTION ***",
            Ending.PREEMPTED,
        ),
        (
            {},
            "slurmstepd: error: *** JOB 9 ON n1 CANCELLED AT 2026-01-01 DUE TO TIME LIMIT ***",
            Ending.TIME_LIMIT,
        ),
        (
            {"JobState": "FAILED", "Reason": "JobLaunchFailure", "ExitCode": "0:9"},
            "slurmstepd: error: JobId=1 exceeded memory limit (500 > 400), being killed",
            Ending.OUT_OF_MEMORY,
        ),
        (
            {},
            "slurmstepd: error: Detected 1 oom_kill event in StepId=9.batch.",
            Ending.OUT_OF_MEMORY,
        ),
        ({"JobState": "PENDING", "Reason": "BeginTime"}, "", Ending.PREEMPTED),
        ({"JobState": "FAILED", "ExitCode": "1:0"}, "Traceback", Ending.LOST),
        ({}, "", Ending.LOST),
    ],
)
def test_a_job_that_ended_without_a_word_is_classed_by_what_slurm_says(
    tmp_path: Path, facts: dict[str, str], log: str, ending: Ending
) -> None:
    path = tmp_path / "1.0.log"
    path.write_text(f"before\n{log}\n")
    assert end_of_job(facts, path).ending is ending
    assert end_of_job({}, tmp_path / "none").ending is Ending.LOST


@pytest.mark.parametrize(
    ("state", "is_going_on"),
    [("RUNNING", True), ("COMPLETING", True), ("PENDING", False), ("FAILED", False), ("", False)],
)
def test_a_job_that_slurm_still_ends_is_not_yet_judged(state: str, *, is_going_on: bool) -> None:
    assert goes_on({"JobState": state}) is is_going_on


def test_a_script_has_no_srun_and_asks_for_what_points_need(tmp_path: Path) -> None:
    options = read_slurm_options({"qos": "long", "setup": ["module load x"], "extra": ["--nice=5"]})
    batch = Batch(tmp_path, "s", 3, 10, 4, Resources(2, 1 << 30, 600.0), "afterok:7_0")
    script = batch_script(batch, options)
    assert not any("srun" in line.split() for line in script.splitlines())
    assert script.splitlines()[-1].startswith("exec ")
    assert script.splitlines()[-2] == "module load x"
    assert _option(script, "mem") == f"{1024 + 128}M"
    assert _option(script, "cpus-per-task") == "2"
    assert int(_option(script, "time")) * 60 >= 4 * 600 + options.grace_s
    assert _option(script, "signal") == "B:USR1@30"
    assert _option(script, "open-mode") == "append"
    assert "#SBATCH --nice=5" in script
    assert batch_script(batch, options) == script
    assert job_minutes(0, 30) >= 1


@pytest.mark.parametrize(
    "table", [{"pakc": 2}, {"pack": 0}, {"pack": True}, {"extra": ["nice"]}, {"setup": 3}]
)
def test_wrong_slurm_options_are_refused(table: dict[str, object]) -> None:
    with pytest.raises(SpecError):
        read_slurm_options(table)


def test_without_slurm_the_message_says_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SpecError, match="Slurm is not on this machine"):
        SlurmQueue()


def test_a_worker_makes_only_the_attempts_that_are_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = planned(_sweep(3), tmp_path / "s")
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "7")
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    worker = Worker(directory, 1, "0")
    done, others, own = (point for point in directory.points)
    mine = Claim(identity_of(os.getpid()))
    directory.store.claim(done.id, 1, mine)
    directory.store.end(done.id, 1, End(Ending.SUCCESS))
    directory.store.claim(others.id, 1, replace(mine, executor="slurm", job="6_0"))
    directory.store.claim(own.id, 1, replace(mine, executor="slurm", job="7_0", restarts=0))
    assert worker._task(done, 1) is None
    assert worker._task(others, 1) is None
    task = worker._task(own, 1)  # Slurm has started this job again: what it had begun is over
    assert task is not None
    assert task.number == 2
    end = directory.store.read_end(own.id, 1)
    assert end is not None
    assert end.ending is Ending.PREEMPTED
    directory.store.cancel(own.id)
    assert worker._task(own, 1) is None
