"""What every executor can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.sweep.description.point import Point
    from harness.sweep.state.attempts import Claim
    from harness.sweep.state.task import Task


class Executor(Protocol):
    """Makes attempts.

    Attributes:
        name: "local", "slurm" or "dry-run".
        orders_stages: It can be given points whose stages are not done, and starts them after.
        outlives_launcher: What was submitted goes on when the launcher ends.
    """

    name: str
    orders_stages: bool
    outlives_launcher: bool

    def check(self, points: Iterable[Point]) -> None:
        """Refuse what can never run here.

        Raises:
            SpecError: A point needs more than there is.
        """

    def adopt(self, claims: Iterable[Claim]) -> None:
        """Hear which attempts run that others have started."""

    def submit(self, tasks: Sequence[Task]) -> None:
        """Take attempts; each is made once, soon or later."""

    def poll(self, timeout_s: float) -> list[str]:
        """Wait for news, at most `timeout_s`; return the ids of points that may have some."""

    def settle(self) -> None:
        """Write down the ends of attempts that could not do so themselves."""

    def is_alive(self, claim: Claim) -> bool | None:
        """Tell whether an attempt's process lives; None if nobody can say."""

    def is_queued(self, point: str) -> bool:
        """Tell whether the executor has the point's next attempt and has not begun it."""

    def cancel(self, ids: Iterable[str]) -> None:
        """End the attempts at points that were cancelled."""

    def close(self, *, is_interrupted: bool) -> None:
        """End what cannot go on without this process."""
