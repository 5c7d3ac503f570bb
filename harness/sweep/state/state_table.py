"""The states of all points of a sweep, kept current by reading only what has changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.sweep.description.point import PREPARE
from harness.sweep.state.attempts import History
from harness.sweep.state.directory import POINT_JSON
from harness.sweep.state.point_state import Phase, PointState, here_alive, judge
from harness.sweep.state.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Set as AbstractSet

    from harness.sweep.description.point import Point
    from harness.sweep.state.attempts import Claim
    from harness.sweep.state.directory import SweepDirectory
    from harness.sweep.state.point_state import Liveness


_NOBODY: AbstractSet[str] = frozenset()


class StateTable:
    """The states of a sweep's stages and points.

    Args:
        directory: The sweep.
        is_alive: Tells whether an attempt's process lives.
        is_queued: Tells whether a batch system still has a point's job.
    """

    def __init__(
        self,
        directory: SweepDirectory,
        is_alive: Liveness = here_alive,
        is_queued: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.directory = directory
        self._is_alive = is_alive
        self._is_queued = is_queued
        self._policy = directory.policy
        self._leaders = {each for point in directory.everything for each in point.follows}
        self._open: set[str] = set()
        self.states: dict[str, PointState] = {}
        self.refresh_all()

    def refresh_all(self) -> None:
        """Read all files."""
        histories = self.directory.store.histories()
        for point in self.directory.everything:
            self._set(point, histories.get(point.id, History()))
        self._hold(self.directory.everything)

    def refresh(self, ids: Iterable[str]) -> None:
        """Read the files of some points."""
        changed = [self.directory.by_id[each] for each in ids if each in self.directory.by_id]
        for point in changed:
            self._set(point, self.directory.store.history(point.id))
        if any(point.kind == PREPARE for point in changed):
            self._hold(self.directory.everything)

    def _set(self, point: Point, history: History) -> None:
        store = self.directory.store
        state = judge(point, history, self._policy, store, self._is_alive)
        if state.phase is Phase.SUCCEEDED and not self._has_result(point):
            state = replace(state, phase=Phase.WAITING)  # somebody has removed it
        if state.phase is Phase.WAITING and self._is_queued(point.id):
            state = replace(state, phase=Phase.QUEUED)
        self._keep(point, state)

    def _keep(self, point: Point, state: PointState) -> None:
        self.states[point.id] = state
        (self._open.discard if state.phase.is_final else self._open.add)(point.id)

    def _has_result(self, point: Point) -> bool:
        return (self.directory.place(point) / POINT_JSON).is_file()

    def _hold(self, points: Iterable[Point]) -> None:
        """Hold what needs a stage that failed; stages come before what needs them."""
        stopped = {Phase.FAILED, Phase.HELD, Phase.CANCELLED}
        for point in points:
            state = self.states[point.id]
            is_stopped = any(self.states[each].phase in stopped for each in point.needs)
            if is_stopped and state.phase in {Phase.WAITING, Phase.QUEUED}:
                self._keep(point, replace(state, phase=Phase.HELD))
            elif not is_stopped and state.phase is Phase.HELD:
                self._set(point, self.directory.store.history(point.id))

    def is_ready(self, point: Point) -> bool:
        """Tell whether what a point needs is done."""
        needs = (self.states[each].phase is Phase.SUCCEEDED for each in point.needs)
        follows = (self.states[each].phase.is_final for each in point.follows)
        return all(needs) and all(follows)

    def waiting(self, news: Iterable[str] | None = None, *, with_needs: bool) -> list[Point]:
        """Return the points that may begin, in order.

        Args:
            news: Only points that may begin because these have changed; None for all.
            with_needs: Also those whose stages are not done yet.
        """
        by_id = self.directory.by_id
        changed = None if news is None else [by_id[each] for each in news if each in by_id]
        if changed is None or any(p.kind == PREPARE or p.id in self._leaders for p in changed):
            changed = list(self.directory.everything)
        return [
            point
            for point in changed
            if self.states[point.id].phase is Phase.WAITING and (with_needs or self.is_ready(point))
        ]

    def task(self, point: Point) -> Task:
        """Return a point's next attempt."""
        state = self.states[point.id]
        return Task(point, state.attempts + 1, state.next)

    def counts(self) -> Counter[Phase]:
        """Return how many points, stages apart, are in which phase."""
        return Counter(self.states[point.id].phase for point in self.directory.points)

    def running(self, but: AbstractSet[str] = _NOBODY) -> dict[str, Claim]:
        """Return who runs what now, stages included, but for some points."""
        found = ((each, self.states[each].claim) for each in self._open if each not in but)
        return {each: claim for each, claim in found if claim is not None}

    def under_way(self, but: AbstractSet[str] = _NOBODY) -> set[str]:
        """Return what runs or is queued, but for some points."""
        phases = {Phase.RUNNING, Phase.QUEUED}
        return {each for each in self._open if self.states[each].phase in phases} - but

    @property
    def is_done(self) -> bool:
        """Whether nothing more will happen by itself."""
        return not self._open
