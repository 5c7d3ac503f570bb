"""What a point's files say about it now: one word, and what may come next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from harness.run.ending import Ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.sweep.description.point import Point
    from harness.sweep.description.resources import Resources
    from harness.sweep.description.retry_policy import RetryPolicy
    from harness.sweep.state.attempts import AttemptStore, Claim, End, History

    Liveness = Callable[[Claim], bool | None]
    """Whether an attempt's process lives; None if nobody can say."""


MOST_UNSAID = 100
"""So often may a point be lost together with who watched it; more is an endless circle."""


class Phase(Enum):
    """Where a point is; the value is the word that tables use."""

    WAITING = "waiting"  # it may begin, or will when what it needs is there
    QUEUED = "queued"  # the batch system has it
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # and is not tried again
    HELD = "held"  # its preparation failed
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the point by itself."""
        return self in {Phase.SUCCEEDED, Phase.FAILED, Phase.HELD, Phase.CANCELLED}


@dataclass(frozen=True, slots=True)
class PointState:
    """A point's state.

    Attributes:
        phase: Where it is.
        attempts: How many were begun.
        ending: How the last one that ended did; None if none has.
        end: What is known of that.
        claim: Who runs it, while it runs.
        next: What the next attempt gets, if there is one.
    """

    phase: Phase
    attempts: int
    next: Resources
    ending: Ending | None = None
    end: End | None = None
    claim: Claim | None = None


def judge(
    point: Point,
    history: History,
    policy: RetryPolicy,
    store: AttemptStore,
    is_alive: Liveness,
) -> PointState:
    """Return a point's state from its files; only `is_alive` looks at anything else."""
    ends: list[End | None] = []
    for attempt in history.attempts:
        end = attempt.end
        if end is None and attempt.number == len(history.attempts):
            if attempt.claim is not None and is_alive(attempt.claim) is not False:
                return _running(point, history, attempt.claim)
            end = store.read_end(point.id, attempt.number)  # written just before it went
        ends.append(end)
    endings = [end.ending if end is not None else Ending.LOST for end in ends]
    peak = max((each.peak_memory_bytes for each in ends if each is not None), default=0)
    declared = _declared(point, history)
    return PointState(
        _phase(history, ends, policy),
        len(endings),
        policy.resources(declared, _counted(history, endings), peak),
        endings[-1] if endings else None,
        ends[-1] if ends else None,
    )


def _running(point: Point, history: History, claim: Claim) -> PointState:
    count = len(history.attempts)
    return PointState(Phase.RUNNING, count, point.resources, claim=claim)


def _phase(history: History, ends: list[End | None], policy: RetryPolicy) -> Phase:
    recent = ends[history.pardoned :]
    if recent and recent[-1] is not None and recent[-1].ending is Ending.SUCCESS:
        return Phase.SUCCEEDED
    if history.is_cancelled:
        return Phase.CANCELLED
    # Where nobody was left to say how it ended, the launcher went too: not the point's fault.
    said = [end.ending for end in recent if end is not None]
    if recent and recent[-1] is None:
        return Phase.WAITING if recent.count(None) <= MOST_UNSAID else Phase.FAILED
    return Phase.WAITING if policy.allows(said) else Phase.FAILED


def _declared(point: Point, history: History) -> Resources:
    pardon = history.pardon
    return replace(
        point.resources,
        memory_bytes=pardon.memory_bytes or point.resources.memory_bytes,
        time_s=pardon.time_s or point.resources.time_s,
    )


def _counted(history: History, endings: list[Ending]) -> list[Ending]:
    """Return the endings that make the next attempt larger; a user's own numbers start anew."""
    pardon = history.pardon
    has_own = bool(pardon.memory_bytes or pardon.time_s)
    return endings[history.pardoned :] if has_own else endings


def here_alive(claim: Claim) -> bool | None:
    """Tell from this machine alone whether an attempt's process lives."""
    return claim.process.is_alive
