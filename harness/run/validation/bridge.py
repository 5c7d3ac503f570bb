"""Measures how much of gem5's host time the bridge takes, by leaving the model away.

A run is recorded. Then live runs and replays of the recording take turns, which differ in one
thing: in a replay nobody is asked. What a live run takes beyond a replay and beyond the model's own
CPU time is the bridge's.

The model's CPU time is that of its whole process while inferences are simulated, its own end of the
bridge included; gem5's is that of all its threads, ZeroMQ's among them. A replay is not free of
exchanges: it reads them from the trace and compares each request with it. What that costs is
measured, and the share against a gem5 that did nothing of the kind is given besides.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from harness.base.errors import BackendError, ExitCode, SpecError
from harness.run.directory import disk_error
from harness.run.gem5.command import OUTPUT
from harness.run.gem5.host_costs import HostCosts, read_host_costs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.run.pipeline import FinishedRun
    from harness.run.request import RunRequest

REPORT, TRACE = "bridge_share.json", "session.trace"
LARGEST_SHARE = 0.05
"""Of gem5's host time; more would mean that a faster bridge is worth its work."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A live run and a replay, one after the other.

    Attributes:
        live: The live run's host seconds.
        replay: The replay's.
    """

    live: HostCosts
    replay: HostCosts

    @property
    def cpu_share(self) -> float:
        """The bridge's share of the CPU time of gem5 and model together.

        A live run's gem5 without the replay's is the bridge alone: the model's seconds are spent
        in another process, and so count once in the whole and not in the difference.
        """
        whole = self.live.cpu_seconds + self.live.model_cpu_seconds
        return (self.live.cpu_seconds - self.replay.cpu_seconds) / whole

    @property
    def whole_cpu_share(self) -> float:
        """As `cpu_share`, against a replay without the work that its trace makes."""
        whole = self.live.cpu_seconds + self.live.model_cpu_seconds
        alone = self.replay.cpu_seconds - self.replay.exchange_cpu_seconds
        return (self.live.cpu_seconds - alone) / whole

    @property
    def wall_share(self) -> float:
        """The bridge's share by a clock on the wall, which other work on the machine disturbs."""
        bridge = self.live.wall_seconds - self.replay.wall_seconds - self.live.model_cpu_seconds
        return bridge / self.live.wall_seconds

    def line(self) -> str:
        """Format the pair as a row of the table."""
        live, replayed = self.live, self.replay
        return (
            f"{live.cpu_seconds:10.3f} {replayed.cpu_seconds:10.3f} {live.model_cpu_seconds:10.3f}"
            f" {self.cpu_share:8.2%} {live.wall_seconds:11.3f} {replayed.wall_seconds:11.3f}"
            f" {self.wall_share:8.2%}"
        )


HEADING = (
    f"{'live CPU s':>10} {'replay':>10} {'model':>10} {'share':>8} {'live wall s':>11}"
    f" {'replay':>11} {'share':>8}"
)


@dataclass(frozen=True, slots=True)
class BridgeReport:
    """All pairs, and the verdict on their median.

    Attributes:
        pairs: In the order of measurement.
        exchanges: Requests that one live run sends to the model.
        limit: Largest share that is within the limits.
    """

    pairs: tuple[Pair, ...]
    exchanges: int
    limit: float

    @property
    def cpu_share(self) -> float:
        """The median of the shares of CPU time; it decides."""
        return statistics.median(pair.cpu_share for pair in self.pairs)

    @property
    def whole_cpu_share(self) -> float:
        """The median of the shares against replays without the work that their traces make."""
        return statistics.median(pair.whole_cpu_share for pair in self.pairs)

    @property
    def wall_share(self) -> float:
        """The median of the shares by a clock on the wall."""
        return statistics.median(pair.wall_share for pair in self.pairs)

    @property
    def is_within(self) -> bool:
        """Whether the bridge's share is small enough."""
        return self.cpu_share < self.limit

    def lines(self) -> list[str]:
        """Return the verdict as text."""
        verdict = "within the limits" if self.is_within else "OUTSIDE the limits"
        return [
            f"the bridge's share of gem5's host time, (live - replay - model) / live, median of"
            f" {len(self.pairs)}:",
            f"  {self.cpu_share:.2%} of the CPU time of gem5 and model, limit {self.limit:.0%};"
            f" {self.wall_share:.2%} on the wall; {self.exchanges} exchanges with the model",
            f"  {self.whole_cpu_share:.2%} if what a replay spends on its trace is not set against"
            " it",
            "  measured while inferences are simulated: without start-up, loading of the guest, and"
            " writing of statistics",
            verdict,
        ]

    def to_json(self) -> str:
        """Return everything as JSON."""
        data = {
            "cpu_share": self.cpu_share,
            "whole_cpu_share": self.whole_cpu_share,
            "wall_share": self.wall_share,
            "limit": self.limit,
            "exchanges": self.exchanges,
            "pairs": [asdict(pair) for pair in self.pairs],
        }
        return json.dumps(data, indent=1) + "\n"


def validate_bridge(
    request: RunRequest,
    folder: Path,
    runs: int,
    run: Callable[[RunRequest], FinishedRun],
    on_pair: Callable[[Pair], object],
    limit: float = LARGEST_SHARE,
) -> BridgeReport:
    """Record a run, then time live runs and replays in turn.

    Args:
        request: The run; where it goes is said here.
        folder: Directory of all runs and the report.
        runs: Number of pairs.
        run: Executes a request.
        on_pair: Gets each pair as soon as it is measured.
        limit: Largest share that is within the limits.

    Raises:
        SpecError: There is nothing to measure.
        BackendError: A run failed, or a replay is not what was recorded.
        KeyboardInterrupt: The user interrupted a run.
    """
    if runs < 1:
        raise SpecError("--runs must be at least 1", got=str(runs))
    if request.spec.backend != "gem5":
        raise SpecError("the bridge's share is measured on gem5", got=request.spec.backend)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, folder) from error
    trace = folder / TRACE
    recorded = _succeed(run, replace(request, record=trace), folder / "recorded")
    pairs: list[Pair] = []
    for number in range(runs):
        live = _succeed(run, request, folder / f"live-{number}")
        replayed = _succeed(run, replace(request, replay=trace), folder / f"replay-{number}")
        for each in (live, replayed):
            _check_same(recorded, each)
        pairs.append(Pair(*(read_host_costs(each.directory / OUTPUT) for each in (live, replayed))))
        on_pair(pairs[-1])
    report = BridgeReport(tuple(pairs), recorded.result.exchanges, limit)
    try:
        (folder / REPORT).write_text(report.to_json())
    except OSError as error:
        raise disk_error(error, folder / REPORT) from error
    return report


def _succeed(
    run: Callable[[RunRequest], FinishedRun], request: RunRequest, place: Path
) -> FinishedRun:
    is_there = place.is_dir() and any(place.iterdir())
    finished = run(replace(request, output=str(place), force=is_there))
    if finished.exit_code == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if not finished.result.is_success:
        raise BackendError(
            f"a run failed: {finished.result.exit_cause}",
            where=str(place),
            got=finished.result.message,
        )
    return finished


def _check_same(recorded: FinishedRun, other: FinishedRun) -> None:
    """See to it that runs are compared that simulate the same."""
    if recorded.result.latencies != other.result.latencies:
        raise BackendError(
            "a run takes other ticks than the recorded one",
            where=str(other.directory),
            expected=str(recorded.result.latencies),
            got=str(other.result.latencies),
        )
