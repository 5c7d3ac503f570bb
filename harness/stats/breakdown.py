"""What one inference's timeline says: phases, operators, utilisation of units, bytes moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.stats.phases import Phase, attribute, roll_up
from harness.stats.timeline import INTERFACE_NAMES, NO_INDEX, TimelineKind
from harness.stats.writer import vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.stats.statistic import Statistic
    from harness.stats.timeline import Timeline


@dataclass(frozen=True, slots=True)
class OperatorTime:
    """One operator's share of an inference; `index` is -1 for time that belongs to none."""

    index: int
    name: str
    op: str
    macs: int
    ticks: int
    phases: dict[str, int]


@dataclass(frozen=True, slots=True)
class AcceleratorTime:
    """One accelerator: ticks with a command, ticks that each unit was busy, bytes moved."""

    instance: int
    commands: int
    command_ticks: int
    unit_ticks: dict[str, int]
    transfer_ticks: int
    bytes_by_interface: dict[str, int]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Where the ticks of [begin, end) went; `phases` add up to `ticks`."""

    begin_tick: int
    end_tick: int
    phases: dict[str, int]
    roll_up: dict[str, int]
    operators: tuple[OperatorTime, ...]
    accelerators: tuple[AcceleratorTime, ...]

    @property
    def ticks(self) -> int:
        """The inference's latency."""
        return self.end_tick - self.begin_tick


def break_down(
    timeline: Timeline,
    window: tuple[int, int],
    operators: Sequence[tuple[str, str, int]],
    units: Sequence[str],
    accelerators: int,
) -> Breakdown:
    """Compute the breakdown of one inference.

    Args:
        timeline: The inference's records.
        window: Its first tick and the tick after its last.
        operators: Name, operator and MACs, by operator index.
        units: Names of the model's units, by unit index.
        accelerators: Number of accelerators.
    """
    begin, end = window
    segments = attribute(timeline, begin, end)
    phases = segments.ticks_by_phase()
    by_operator = segments.ticks_by_operator()
    return Breakdown(
        begin,
        end,
        {phase.label: ticks for phase, ticks in phases.items()},
        roll_up(phases),
        tuple(
            _operator_time(index, ticks, operators) for index, ticks in sorted(by_operator.items())
        ),
        tuple(_accelerator_time(timeline, i, units) for i in range(accelerators)),
    )


def _operator_time(
    index: int, ticks: dict[Phase, int], operators: Sequence[tuple[str, str, int]]
) -> OperatorTime:
    has_name = index < len(operators)
    name, op, macs = operators[index] if has_name else ("(none)", "", 0)
    labelled = {phase.label: part for phase, part in sorted(ticks.items())}
    own = index if index != NO_INDEX else -1
    return OperatorTime(own, name, op, macs, sum(ticks.values()), labelled)


def _accelerator_time(timeline: Timeline, instance: int, units: Sequence[str]) -> AcceleratorTime:
    own = timeline[timeline["track"] == instance]
    commands = own[own["kind"] == TimelineKind.COMMAND]
    busy = own[own["kind"] == TimelineKind.UNIT]
    transfers = own[own["kind"] == TimelineKind.TRANSFER]
    used = sorted({int(code) for code in np.unique(transfers["detail"])})
    return AcceleratorTime(
        instance,
        len(commands),
        covered_ticks(commands),
        {name: covered_ticks(busy[busy["detail"] == i]) for i, name in enumerate(units)},
        covered_ticks(transfers),
        {
            INTERFACE_NAMES.get(code, str(code)): int(
                transfers["bytes"][transfers["detail"] == code].sum()
            )
            for code in used
        },
    )


def covered_ticks(records: Timeline | Any) -> int:
    """Return the ticks that at least one of the records covers."""
    if not len(records):
        return 0
    order = np.argsort(records["begin"], kind="stable")
    begin = records["begin"][order].astype(np.int64)
    end = np.maximum.accumulate(records["end"][order].astype(np.int64))
    previous = np.concatenate([[np.int64(0)], end[:-1]])
    return int(np.maximum(end - np.maximum(begin, previous), 0).sum())


def breakdown_statistics(breakdown: Breakdown) -> list[Statistic]:
    """Return the breakdown as lines of stats.txt, under `system.phases` and `system.accel<i>`."""
    lines = vector(
        "system.phases.ticks", breakdown.phases, "Tick", "ticks of the inference by phase"
    )
    operators = {
        f"{time.index if time.index >= 0 else 'none'}": time.ticks for time in breakdown.operators
    }
    lines += vector("system.operators.ticks", operators, "Tick", "ticks by operator index")
    for time in breakdown.accelerators:
        prefix = f"system.accel{time.instance}"
        lines += vector(
            f"{prefix}.unitBusyTicks", time.unit_ticks, "Tick", "ticks that each unit was busy"
        )
        lines += vector(
            f"{prefix}.transferBytes", time.bytes_by_interface, "Byte", "bytes by interface"
        )
    return lines
