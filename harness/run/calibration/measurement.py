"""What the micro runs on gem5 gave, in ticks; the formulas read nothing else."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.errors import StatsError
from harness.stats.phases import Phase
from harness.stats.timeline import INTERFACE_NAMES, TimelineKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.stats.timeline import Timeline
    from harness.target import Target


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement of the guest's runtime (gem5_configs/guest/runtime/micro.cc).

    Attributes:
        units: Actions of each sample: lines, bytes, reads, calls.
        cycles: Of the core's time-stamp counter, one number per sample.
    """

    units: int
    cycles: tuple[int, ...]

    @property
    def median(self) -> float:
        """Cycles of one sample."""
        return float(statistics.median(self.cycles))


@dataclass(frozen=True, slots=True)
class Submissions:
    """The dispatching thread's records of one inference, in ticks.

    Attributes:
        dispatch: Each step's own work.
        first: Submissions of the first command after each wait, its ring being empty.
        after_doorbell: From the device's start of such a command to the end of its submission.
        interrupts: From a command's end to the acknowledged interrupt; empty without an OS.
        wakeups: From there to the waiting thread's next instruction.
    """

    dispatch: tuple[int, ...]
    first: tuple[int, ...]
    after_doorbell: tuple[int, ...]
    interrupts: tuple[int, ...]
    wakeups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Transfers:
    """Transfers of one size over one interface."""

    interface: str
    size_bytes: int
    count: int
    median_ticks: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that the formulas see.

    Attributes:
        target: The SoC that was measured.
        samples: By name.
        gem5: The submissions of the micro workload on gem5.
        soc: The same on the embedded SoC with what has been fitted so far; None before that.
        is_full_system: Whether an operating system ran.
    """

    target: Target
    samples: Mapping[str, Sample]
    gem5: Submissions
    soc: Submissions | None
    is_full_system: bool

    def cycles(self, name: str) -> float:
        """Return the cycles of one sample, without those of reading the counter."""
        return max(self.sample(name).median - self.sample("counter").median, 0.0)

    def per_unit(self, name: str) -> float:
        """Return the cycles of one action."""
        return self.cycles(name) / self.sample(name).units

    def sample(self, name: str) -> Sample:
        """Return a measurement.

        Raises:
            StatsError: The guest did not make it.
        """
        if name not in self.samples:
            raise StatsError(
                f"the guest measured no {name!r}", expected=", ".join(sorted(self.samples))
            )
        return self.samples[name]


def read_samples(report: Path) -> dict[str, Sample]:
    """Read the guest's measurements from its report.

    Raises:
        StatsError: The report has none.
    """
    try:
        table: Any = json.loads(report.read_text(encoding="utf-8"))["micro"]
        found = {
            name: Sample(int(each["units"]), tuple(int(cycles) for cycles in each["cycles"]))
            for name, each in table.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StatsError("the guest left no measurements", where=str(report)) from error
    if not all(each.units > 0 and each.cycles for each in found.values()) or not found:
        raise StatsError("the guest's measurements are empty", where=str(report))
    return found


def submissions(timeline: Timeline) -> Submissions:
    """Return the dispatching thread's records of a timeline, which holds one inference."""
    host = _sorted(
        timeline[(timeline["track"] == 0) & (timeline["kind"] <= TimelineKind.HOST_WAIT)]
    )
    commands = np.sort(timeline["begin"][timeline["kind"] == TimelineKind.COMMAND])
    interrupts = _sorted(timeline[timeline["kind"] == TimelineKind.INTERRUPT])
    first, after_doorbell = _first_submissions(host, commands)
    return Submissions(
        dispatch=_durations(_of_phase(host, Phase.DISPATCH)),
        first=first,
        after_doorbell=after_doorbell,
        interrupts=_durations(interrupts),
        wakeups=_wakeups(host, interrupts),
    )


def transfers(timeline: Timeline) -> list[Transfers]:
    """Return the latency of transfers by interface and size, the sizes that are met often."""
    records = timeline[timeline["kind"] == TimelineKind.TRANSFER]
    found = []
    for interface, size in np.unique(records[["detail", "bytes"]]).tolist():
        own = records[(records["detail"] == interface) & (records["bytes"] == size)]
        ticks = int(np.median(own["end"] - own["begin"]))
        found.append(Transfers(INTERFACE_NAMES[interface], int(size), len(own), ticks))
    return found


def _sorted(records: Timeline) -> Timeline:
    ordered: Timeline = records[np.argsort(records["begin"], kind="stable")]
    return ordered


def _of_phase(host: Timeline, phase: Phase) -> Timeline:
    found: Timeline = host[(host["kind"] == TimelineKind.HOST) & (host["detail"] == phase)]
    return found


def _durations(records: Timeline) -> tuple[int, ...]:
    return tuple(int(each) for each in records["end"] - records["begin"])


def _first_submissions(host: Timeline, commands: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    first: list[int] = []
    after_doorbell: list[int] = []
    is_idle = True
    for record in host:
        if record["kind"] == TimelineKind.HOST_WAIT:
            is_idle = True
        elif record["detail"] == Phase.DRIVER and is_idle:
            is_idle = False
            began = commands[(commands >= record["begin"]) & (commands <= record["end"])]
            if began.size:
                first.append(int(record["end"] - record["begin"]))
                after_doorbell.append(int(record["end"] - began[-1]))
    return tuple(first), tuple(after_doorbell)


def _wakeups(host: Timeline, interrupts: Timeline) -> tuple[int, ...]:
    """Return the waits' rest after the interrupt that ended them: the last one within the wait."""
    rests: list[int] = []
    for wait in host[host["kind"] == TimelineKind.HOST_WAIT]:
        ends: Sequence[int] = [
            int(each["end"])
            for each in interrupts
            if wait["begin"] <= each["begin"] and each["end"] <= wait["end"]
        ]
        if ends:
            rests.append(int(wait["end"]) - ends[-1])
    return tuple(rests)
