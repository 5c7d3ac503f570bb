"""Submits points to Slurm as job arrays. Once submitted, nothing of this process is needed."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from harness.run.ending import Ending
from harness.sweep.executors.slurm_evidence import end_of_job, goes_on
from harness.sweep.executors.slurm_queue import SlurmQueue, job_facts
from harness.sweep.executors.slurm_script import Batch, batch_script
from harness.sweep.executors.submissions import Submissions
from harness.sweep.state.point_state import here_alive

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.sweep.description.point import Point
    from harness.sweep.description.resources import Resources
    from harness.sweep.state.attempts import Claim
    from harness.sweep.state.directory import SweepDirectory
    from harness.sweep.state.task import Task

GONE_S = 3.0
"""How long files of a job that is gone may take to arrive, over a network."""
LOOK_S = 1.0
DRY_TASKS = 1001
_JOB_NAME_CHARACTERS = 40
Group = tuple["Resources", tuple[str, ...], tuple[str, ...]]


class SlurmExecutor:
    """Submits, and reads the state of jobs from files and squeue.

    Args:
        directory: The sweep.
        is_dry: Print and write the scripts instead of submitting them.
        is_alone: No launcher will wait; workers are to submit again what fails.
        patience_s: A job has to be gone for so long before its silence counts.
    """

    orders_stages = True
    outlives_launcher = True

    def __init__(
        self,
        directory: SweepDirectory,
        *,
        is_dry: bool = False,
        is_alone: bool = False,
        patience_s: float = GONE_S,
    ) -> None:
        self.name = "dry-run" if is_dry else "slurm"
        self._directory = directory
        self._options = directory.slurm
        self._submissions = Submissions(directory.path / "jobs")
        self._queue = None if is_dry else SlurmQueue()
        self._most_tasks = 0
        self._is_alone = is_alone
        self._patience_s = patience_s
        self._gone: dict[str, float] = {}
        self._told: set[str] = set()
        self._names: set[str] = set()
        self._jobs: dict[str, tuple[str, int]] = {}
        self._logs: dict[str, tuple[int, str]] = {}
        for submission in self._submissions.all():
            if submission.job:
                self._remember(submission.number)

    def check(self, points: Iterable[Point]) -> None:
        """Slurm itself refuses what fits no node."""

    def adopt(self, claims: Iterable[Claim]) -> None:
        """Slurm knows what runs."""

    def submit(self, tasks: Sequence[Task]) -> None:
        """Submit attempts: those of equal needs as one array, or several if it is too long."""
        for (resources, needs, follows), group in _groups(tasks).items():
            pack = self._options.pack
            packs = [tuple(group[i : i + pack]) for i in range(0, len(group), pack)]
            size = self._array_size()
            for begin in range(0, len(packs), size):
                chunk = tuple(packs[begin : begin + size])
                self._submit(chunk, resources, self._dependency(needs, follows))

    def _submit(
        self, packs: tuple[tuple[Task, ...], ...], resources: Resources, dependency: str
    ) -> None:
        named = tuple(tuple((task.point.id, task.number) for task in pack) for pack in packs)
        begun = self._submissions.begin(named, is_alone=self._is_alone)
        batch = Batch(
            self._directory.path,
            self._directory.name[:_JOB_NAME_CHARACTERS],
            begun.number,
            len(packs),
            max(map(len, packs)),
            resources,
            dependency,
        )
        script = batch_script(batch, self._options)
        if self._queue is None:
            self._submissions.submitted(begun, script, "")
            sys.stdout.write(f"# {self._directory.path}/jobs/{begun.number}.sh\n{script}\n")
            return
        self._submissions.submitted(begun, script, self._queue.submit(script))
        self._remember(begun.number)

    def _remember(self, number: int) -> None:
        found = self._submissions.read(number)
        for job, point, attempt in found.elements() if found is not None else ():
            self._jobs[point] = (job, attempt)
            self._told.discard(point)
            self._logs[job] = (number, job.rpartition("_")[2])

    def _dependency(self, needs: Sequence[str], follows: Sequence[str]) -> str:
        ids = {"afterok": needs, "afterany": follows}
        words = [
            f"{kind}:{self._jobs[point][0]}"
            for kind, points in ids.items()
            for point in points
            if point in self._jobs and self._is_active(self._jobs[point][0])
        ]
        return ",".join(dict.fromkeys(words))

    def poll(self, timeout_s: float) -> list[str]:
        """Look for new files and for jobs that are gone."""
        time.sleep(max(timeout_s, LOOK_S))
        self.settle()
        names = self._directory.store.names()
        news = {name.partition(".")[0] for name in names ^ self._names}
        self._names = names
        states = self._states()
        for point, (job, _) in self._jobs.items():
            if states is not None and job not in states and job not in self._gone:
                self._gone[job] = time.monotonic()
            since_s = time.monotonic() - self._gone.get(job, float("inf"))
            if since_s > self._patience_s and point not in self._told:
                self._told.add(point)
                news.add(point)
        return sorted(news)

    def settle(self) -> None:
        """Give an end to attempts whose job is gone without one."""
        store = self._directory.store
        for point, number in store.unended():
            claim = store.read_claim(point, number)
            if claim is None or not claim.job or self.is_alive(claim) is not False:
                continue
            facts = job_facts(claim.job)
            if store.read_end(point, number) is None and not goes_on(facts):
                submission, index = self._logs.get(claim.job, (0, ""))
                log = self._submissions.log(submission, index)
                store.end(point, number, end_of_job(facts, log))

    def is_alive(self, claim: Claim) -> bool | None:
        """Tell whether an attempt lives: by its process if that is here, else by its job."""
        if not claim.job or claim.process.is_here:
            return here_alive(claim)
        states = self._states()
        if states is None:
            return None
        state = states.get(claim.job)
        if state is not None:
            return state != "PENDING"  # it waits again: what it had begun has ended
        since_s = self._gone.setdefault(claim.job, time.monotonic())
        return time.monotonic() - since_s < self._patience_s

    def is_queued(self, point: str) -> bool:
        """Tell whether Slurm has the point's next attempt, or cannot be asked."""
        if point not in self._jobs:
            return False
        job, attempt = self._jobs[point]
        states = self._states()
        if states is None:
            return True
        state = states.get(job)
        if state is None:
            return False
        attempts = self._directory.store.history(point).attempts
        if state == "PENDING" or len(attempts) < attempt:
            return True
        end = attempts[-1].end
        return end is not None and end.ending is Ending.PREEMPTED  # Slurm is to start it again

    def cancel(self, ids: Iterable[str]) -> None:
        """Cancel the jobs of which all points are to be left alone; workers see to the others."""
        gone = set(ids)
        jobs: dict[str, set[str]] = {}
        for point, (job, _) in self._jobs.items():
            jobs.setdefault(job, set()).add(point)
        chosen = [job for job, points in jobs.items() if points <= gone and self._is_active(job)]
        if self._queue is not None:
            self._queue.cancel(chosen)

    def close(self, *, is_interrupted: bool) -> None:
        """Leave the jobs to Slurm."""

    def _array_size(self) -> int:
        if not self._most_tasks:
            self._most_tasks = DRY_TASKS if self._queue is None else self._queue.most_tasks()
        return self._most_tasks

    def _states(self) -> dict[str, str] | None:
        return None if self._queue is None else self._queue.states()

    def _is_active(self, job: str) -> bool:
        states = self._states()
        return states is None or job in states


def _groups(tasks: Sequence[Task]) -> dict[Group, list[Task]]:
    """Put tasks together that one array can do; stages, which are first, stay first."""
    found: dict[Group, list[Task]] = {}
    for task in tasks:
        key = (task.resources, task.point.needs, task.point.follows)
        found.setdefault(key, []).append(task)
    return found
