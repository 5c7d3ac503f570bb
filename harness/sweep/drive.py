"""The launcher's loop: what may begin is submitted, what has ended is looked at, until all is done.

The loop remembers nothing that is not in the sweep's files, so it may die at any time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.sweep.executors.interface import Executor
    from harness.sweep.state.state_table import StateTable

POLL_S = 0.5
OTHERS_LOOK_S = 1.0
"""How often it is looked at whether what others started still runs."""


class SweepProgress(Protocol):
    """Somebody who wants to know how a sweep gets on."""

    def show(self, table: StateTable) -> None:
        """Something may have changed."""

    def close(self) -> None:
        """Nothing more comes."""


def drive(
    table: StateTable, executor: Executor, progress: SweepProgress, *, is_detached: bool = False
) -> None:
    """Do what is not done yet.

    Args:
        table: The states; their points are those of the sweep.
        executor: Makes the attempts.
        progress: Is told.
        is_detached: Submit what there is and leave; only for executors that go on by themselves.

    Raises:
        KeyboardInterrupt: The user ended it; what cannot go on alone has ended too.
    """
    launched = _Launched(table, executor)
    is_interrupted = True
    try:
        launched.submit(None)
        progress.show(table)
        while not (is_detached or table.is_done or launched.is_over()):
            news = executor.poll(POLL_S)
            table.refresh(news)
            launched.submit(news)
            progress.show(table)
        is_interrupted = False
    finally:
        if not is_detached:
            executor.close(is_interrupted=is_interrupted)
        table.refresh_all()
        progress.show(table)


class _Launched:
    """What this launcher has submitted, and what others have running."""

    def __init__(self, table: StateTable, executor: Executor) -> None:
        self._table = table
        self._executor = executor
        self._submitted: set[str] = set()
        self._looked_s = 0.0
        self._others: set[str] = set()
        self._look_at_others()

    def submit(self, news: Iterable[str] | None) -> None:
        """Submit what may begin now."""
        if news is not None and time.monotonic() - self._looked_s > OTHERS_LOOK_S:
            news = [*news, *self._others]
            self._table.refresh(self._others)
            self._look_at_others()
        for each in news or ():
            if not self._executor.is_queued(each):
                self._submitted.discard(each)
        ready = [
            point
            for point in self._table.waiting(news, with_needs=self._executor.orders_stages)
            if point.id not in self._submitted
        ]
        if ready:
            self._submitted.update(point.id for point in ready)
            self._executor.submit([self._table.task(point) for point in ready])
            self._table.refresh(point.id for point in ready)

    def is_over(self) -> bool:
        """Whether nothing is under way: then what is left can never begin."""
        return not self._submitted and not self._table.under_way()

    def _look_at_others(self) -> None:
        self._looked_s = time.monotonic()
        self._others = self._table.under_way(but=self._submitted)
        self._executor.adopt(self._table.running(but=self._submitted).values())
