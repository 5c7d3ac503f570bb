"""`python -m harness.sweep.worker SWEEP SUBMISSION TASK`: what a Slurm job runs.

It makes the attempts of its pack one after the other. It alone gets Slurm's signals: SIGUSR1 when
the time limit is near, SIGTERM when the job is cancelled, preempted or out of time. gem5 gets
SIGINT, from the run inside the attempt, and nothing else.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.threads import SINGLE_THREAD
from harness.run.ending import Ending
from harness.sweep.executors.slurm import SlurmExecutor
from harness.sweep.executors.slurm_evidence import end_of_job
from harness.sweep.executors.slurm_queue import job_facts
from harness.sweep.executors.slurm_script import SIGNAL_SPREAD_S
from harness.sweep.executors.submissions import Submissions
from harness.sweep.performing.station import Station
from harness.sweep.state.directory import SweepDirectory
from harness.sweep.state.point_state import Phase, here_alive, judge
from harness.sweep.state.state_table import StateTable
from harness.sweep.state.task import Origin, Task

if TYPE_CHECKING:
    from harness.sweep.description.point import Point
    from harness.sweep.state.attempts import Claim

LOOK_S = 0.25
CANCEL_LOOK_S = 1.0


class Worker:
    """One task of an array.

    Args:
        directory: The sweep.
        number: The submission.
        index: The task's number in the array.
    """

    def __init__(self, directory: SweepDirectory, number: int, index: str) -> None:
        array = os.environ.get("SLURM_ARRAY_JOB_ID", "")
        restarts = int(os.environ.get("SLURM_RESTART_COUNT", "0") or 0)
        self._directory = directory
        self._job = f"{array}_{index}"
        self._restarts = restarts
        self._log = Submissions(directory.path / "jobs").log(number, index)
        self._grace_s = directory.slurm.grace_s
        origin = Origin("slurm", self._job, restarts)
        self._station = Station(directory, origin, float(self._grace_s))
        self._signal = 0

    def run(self, pack: tuple[tuple[str, int], ...], *, is_alone: bool = False) -> int:
        """Make the attempts; return 0 if all points have succeeded.

        Args:
            pack: The points, each with the number of its attempt.
            is_alone: No launcher waits: submit again here what the policy allows.
        """
        for each in (signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(each, self._remember)
        points = [self._directory.by_id[point] for point, _ in pack]
        if len(pack) > 1:
            self._station.warm_up({point.kind for point in points})
        for point, (_, number) in zip(points, pack, strict=True):
            if self._signal:
                break
            task = self._task(point, number)
            if task is not None:
                self._attempt(task)
        self._station.rest()
        if is_alone:
            self._submit_again(points)
        return 0 if all(self._has_succeeded(point) for point in points) else 1

    def _submit_again(self, points: list[Point]) -> None:
        """Submit what this job leaves undone; Slurm itself starts preempted jobs again."""
        table = StateTable(self._directory)
        left = [
            table.task(point)
            for point in points
            if table.states[point.id].phase is Phase.WAITING
            and table.states[point.id].ending is not Ending.PREEMPTED
            and table.is_ready(point)
        ]
        if left:
            SlurmExecutor(self._directory, is_alone=True).submit(left)

    def _remember(self, number: int, _: Any) -> None:
        self._signal = number

    def _attempt(self, task: Task) -> None:
        self._station.start(task)
        looked_s = time.monotonic()
        while self._station.tasks:
            self._station.wait(LOOK_S)
            if self._signal:
                self._station.end_all(self._reason(task.point))
            elif time.monotonic() - looked_s > CANCEL_LOOK_S:
                looked_s = time.monotonic()
                if self._directory.store.is_cancelled(task.point.id):
                    self._station.interrupt(Ending.CANCELLED)

    def _task(self, point: Point, number: int) -> Task | None:
        """Return the attempt that this job is to make now; None if it is done or another's.

        A job that Slurm started again goes on with further attempts where it broke off.
        """
        store = self._directory.store
        last = len(store.history(point.id).attempts)
        claim = store.read_claim(point.id, last) if last else None
        is_own = claim is not None and claim.job == self._job
        if is_own and store.read_end(point.id, last) is None:
            store.end(point.id, last, end_of_job({"JobState": "PREEMPTED"}, self._log))
        state = judge(point, store.history(point.id), self._directory.policy, store, self._lives)
        is_ours = last + 1 == number or is_own
        if state.phase is not Phase.WAITING or not is_ours or not self._is_ready(point):
            return None
        return Task(point, last + 1, state.next)

    def _lives(self, claim: Claim) -> bool | None:
        """What this job had begun before it was started again has ended."""
        if claim.job == self._job and claim.restarts < self._restarts:
            return False
        return here_alive(claim)

    def _is_ready(self, point: Point) -> bool:
        return all(self._has_succeeded(self._directory.by_id[each]) for each in point.needs)

    def _has_succeeded(self, point: Point) -> bool:
        store = self._directory.store
        last = len(store.history(point.id).attempts)
        end = store.read_end(point.id, last) if last else None
        return end is not None and end.ending is Ending.SUCCESS

    def _reason(self, point: Point) -> Ending:
        """Say why Slurm ends this job."""
        if self._directory.store.is_cancelled(point.id):
            return Ending.CANCELLED
        facts = job_facts(os.environ.get("SLURM_JOB_ID", self._job))
        state = facts.get("JobState", "")
        if state == "CANCELLED":
            return Ending.CANCELLED
        if state == "TIMEOUT" or self._is_late(facts):
            return Ending.TIME_LIMIT
        return Ending.NODE_FAILED if state == "NODE_FAIL" else Ending.PREEMPTED

    def _is_late(self, facts: dict[str, str]) -> bool:
        """Whether the time limit is so near that the warning before it may have come."""
        try:
            end_s = time.mktime(time.strptime(facts["EndTime"], "%Y-%m-%dT%H:%M:%S"))
        except (KeyError, ValueError):
            return self._signal == signal.SIGUSR1
        return end_s - time.time() < self._grace_s + 2 * SIGNAL_SPREAD_S


def main() -> int:
    """Do one task of an array."""
    os.environ.update(SINGLE_THREAD)
    sweep, number, index = sys.argv[1:]
    directory = SweepDirectory.open(Path(sweep))
    found = Submissions(directory.path / "jobs").read(int(number))
    if found is None:
        sys.stderr.write(f"harness: error: there is no submission {number} in {sweep}\n")
        return 2
    worker = Worker(directory, int(number), index)
    return worker.run(found.packs[int(index)], is_alone=found.is_alone)


if __name__ == "__main__":
    sys.exit(main())
