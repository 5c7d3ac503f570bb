"""What the operating system did during an inference: entries into the kernel by cause, counters."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.errors import StatsError
from harness.run.gem5.host_records import covered_ticks
from harness.run.gem5.kernel_time import CLASSES
from harness.stats.statistic import Statistic
from harness.stats.timeline import TimelineKind
from harness.stats.writer import vector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.run.gem5.kernel_time import KernelTime
    from harness.stats.timeline import Timeline

REPORT_FILE = "report.json"
WHAT = "the guest's report"
INFERENCES_KEY = "inferences"
"""A list in the report: counters of each inference. All else is about the whole run."""

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.]")


@dataclass(frozen=True, slots=True)
class KernelEntries:
    """Entries into the kernel of one CPU by one cause.

    Attributes:
        cpu: The CPU; thread i runs on CPU i.
        cause: One of `CLASSES`.
        count: Entries that began in the window.
        ticks: Ticks in the kernel while the thread had work to do.
        waiting_ticks: Ticks in the kernel while it waited, or had no work.
    """

    cpu: int
    cause: str
    count: int
    ticks: int
    waiting_ticks: int


@dataclass(frozen=True, slots=True)
class OsCounters:
    """The operating system's part in one inference; empty in syscall emulation."""

    entries: tuple[KernelEntries, ...] = ()
    counters: Mapping[str, float] = field(default_factory=dict)

    def count(self, cause: str) -> int:
        """Return how often any CPU entered the kernel by this cause."""
        return sum(each.count for each in self.entries if each.cause == cause)

    def ticks(self, cause: str) -> int:
        """Return the ticks that threads with work spent in the kernel by this cause."""
        return sum(each.ticks for each in self.entries if each.cause == cause)

    def statistics(self) -> list[Statistic]:
        """Return lines of stats.txt, under `system.os` and `system.guest`."""
        lines = []
        for cpu in sorted({each.cpu for each in self.entries}):
            own = [each for each in self.entries if each.cpu == cpu]
            prefix = f"system.os.cpu{cpu}"
            for name, unit, values, text in (
                ("entries", "Count", {e.cause: e.count for e in own}, "entries into the kernel"),
                ("kernelTicks", "Tick", {e.cause: e.ticks for e in own}, "in it with work to do"),
                ("waitTicks", "Tick", {e.cause: e.waiting_ticks for e in own}, "in it, waiting"),
            ):
                lines += vector(f"{prefix}.{name}", values, unit, f"{text}, by cause")
        lines += [
            Statistic(f"system.guest.{name}", value, "Count", "as the guest counted")
            for name, value in self.counters.items()
        ]
        return lines


def kernel_entries(
    kernel: KernelTime, records: Timeline, begin: int, end: int, *, has_names: bool
) -> tuple[KernelEntries, ...]:
    """Count a CPU's entries into the kernel.

    Args:
        kernel: The CPU's intervals in the kernel.
        records: Its thread's records, in order and without overlap.
        begin: The window's first tick.
        end: The tick after its last.
        has_names: Whether entries are told apart.
    """
    low, high = np.clip(kernel.begin, begin, end), np.clip(kernel.end, begin, end)
    working = covered_ticks(low, high, records[records["kind"] == TimelineKind.HOST])
    begins_here = (kernel.begin >= begin) & (kernel.begin < end)
    causes = CLASSES[:-1] if has_names else CLASSES[-1:]
    found = []
    for cause in causes:
        own = kernel.entry == CLASSES.index(cause)
        ticks = int(working[own].sum())
        waiting = int((high - low)[own].sum()) - ticks
        found.append(KernelEntries(kernel.cpu, cause, int(begins_here[own].sum()), ticks, waiting))
    return tuple(found)


def read_report(path: Path, inferences: int) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Read the guest's report, if there is one.

    Returns:
        The counters of the run, and those of each inference; nested names are joined by dots.

    Raises:
        StatsError: It is not a JSON object, or is about more inferences than there were.
    """
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}, [{} for _ in range(inferences)]
    except (OSError, ValueError, RecursionError) as error:
        raise StatsError(f"cannot read {WHAT}: {error}", where=str(path)) from error
    if not isinstance(data, dict):
        raise StatsError(f"{WHAT} is no JSON object", where=str(path), got=type(data).__name__)
    listed = data.pop(INFERENCES_KEY, [])
    if not isinstance(listed, list):
        listed, data[INFERENCES_KEY] = [], listed
    if len(listed) > inferences:
        raise StatsError(
            f"{WHAT}: too many inferences",
            where=str(path),
            expected=str(inferences),
            got=str(len(listed)),
        )
    own = [dict(_numbers(each)) for each in listed]
    return dict(_numbers(data)), own + [{} for _ in range(inferences - len(own))]


def _numbers(data: Any, prefix: str = "") -> Iterator[tuple[str, float]]:
    """Return all numbers in plain data by their dotted names."""
    if isinstance(data, dict):
        for key, value in data.items():
            name = _NOT_IN_NAMES.sub("_", str(key)) or "_"
            yield from _numbers(value, f"{prefix}.{name}" if prefix else name)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _numbers(value, f"{prefix}.{index}" if prefix else str(index))
    elif isinstance(data, int | float) and prefix:
        yield prefix, data if not isinstance(data, bool) else int(data)
