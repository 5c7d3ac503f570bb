"""One function per calibrated field; its docstring is the formula, as the calibration prints it.

Each returns the value as a target's TOML has it. Counter cycles are the core's, so that they become
ticks by its clock.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from harness.base.errors import StatsError
from harness.base.units import period_ticks
from harness.kernels.costs import routine_cost
from harness.soc.configuration import L2_BUS_LATENCY_CYCLES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.run.calibration.measurement import Measured

RESHAPED_ROW_ELEMENTS = 1
"""Elements of a row in the guest's reshape (micro.cc, `routines`)."""
COPY_LINE_BYTES = 64
SHORT_COPY, LONG_COPY = 512, 4096
"""Bytes of two copies in the cache, whose difference has no call in it."""
NO_OS = "0 ns"


Value = Union[str, int, float]  # noqa: UP007 - read at run time on Python 3.10


@dataclass(frozen=True, slots=True)
class Parameter:
    """A field and how it is found.

    Attributes:
        key: The field, as --set takes it.
        formula: Returns its value; None leaves the target's as it is.
        samples: Measurements of the guest that the formula reads, for the record.
    """

    key: str
    formula: Callable[[Measured], Value | None]
    samples: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The formula in words."""
        return " ".join((self.formula.__doc__ or "").split())


def cycles_per_instruction(measured: Measured) -> float:
    """Cycles of a reshape in the cache over its instructions by kernels/costs.json."""
    rows = measured.sample("routine.reshape").units
    cost = routine_cost("reshape")
    instructions = cost.call + rows * (cost.row + RESHAPED_ROW_ELEMENTS * cost.unit)
    return round(measured.cycles("routine.reshape") / instructions, 3)


def maximum_outstanding_misses(measured: Measured) -> int | None:
    """Loads that wait for each other over those that need not; left out if near the target's."""
    bound = measured.target.cpu.maximum_outstanding_misses
    overlapped = max(1, round(measured.per_unit("load.chain") / measured.per_unit("load.miss")))
    return overlapped if 2 * overlapped < bound else None


def maximum_outstanding_stores(measured: Measured) -> int:
    """Cycles of a missing load that waits for the one before, over those of a missing store."""
    return max(1, round(measured.per_unit("load.chain") / measured.per_unit("store.miss")))


def store_line(measured: Measured) -> str:
    """Cycles per line by which a copy of 4096 bytes in the cache takes longer than one of 512."""
    names = [f"copy.{size}.hot" for size in (SHORT_COPY, LONG_COPY)]
    lines = (LONG_COPY - SHORT_COPY) // COPY_LINE_BYTES
    return f"{round((measured.cycles(names[1]) - measured.cycles(names[0])) / lines)} cycles"


def uncached_read(measured: Measured) -> str:
    """Time of one of many loads of a device register, one after the other."""
    return _time(_ticks(measured, measured.per_unit("register.read")))


def uncached_write(measured: Measured) -> str:
    """As a load of a device register: an uncached store is held until the device has answered."""
    return uncached_read(measured)


def doorbell(measured: Measured) -> str:
    """The uncached store less the median time from a command's start to its submission's end."""
    whole = _ticks(measured, measured.per_unit("register.read"))
    return _time(max(0, whole - _median(measured.gem5.after_doorbell, "submissions")))


def poll_interval(measured: Measured) -> str:
    """Time of one of many loads of the completion register, each with a comparison and a pause."""
    return _time(max(1, _ticks(measured, measured.per_unit("poll"))))


def flush_line(measured: Measured) -> str:
    """Cycles of flushing a clean line beyond its way to the point of coherency and back."""
    rest = measured.per_unit("flush.clean") - round_trip_cycles(measured)
    return f"{max(0, round(rest))} cycles"


def flush_maximum_outstanding(measured: Measured) -> int:
    """A flush's way to the point of coherency and back over the time of flushing a dirty line."""
    return max(1, round(round_trip_cycles(measured) / measured.per_unit("flush.dirty")))


def fence(measured: Measured) -> str:
    """Time of a store fence with nothing to wait for."""
    return _time(_ticks(measured, measured.cycles("fence")))


def step_dispatch(measured: Measured) -> str:
    """Median of the runtime's records between two steps."""
    return _time(_median(measured.gem5.dispatch, "steps"))


def thread_handoff(measured: Measured) -> str:
    """Median time from the post for a worker that sleeps to the worker's first instruction."""
    return _time(_ticks(measured, measured.cycles("handoff")))


def submit(measured: Measured) -> str:
    """Median submission to an empty ring on gem5 less that of the embedded SoC with 0 for this."""
    if measured.soc is None:
        raise StatsError("the embedded SoC has not run yet")
    gem5 = _median(measured.gem5.first, "submissions")
    return _time(max(0, gem5 - _median(measured.soc.first, "submissions of the SoC")))


def interrupt_latency(measured: Measured) -> str:
    """Median time from a raised interrupt to its acknowledgement; 0 without an operating system."""
    if not measured.is_full_system:
        return NO_OS
    return _time(_median(measured.gem5.interrupts, "interrupts"))


def interrupt_handler(_: Measured) -> str:
    """0: what follows the acknowledgement is in driver.wakeup."""
    return NO_OS


def wakeup(measured: Measured) -> str:
    """Median time from the acknowledgement to the waiting thread's next record; 0 without an OS."""
    if not measured.is_full_system:
        return NO_OS
    return _time(_median(measured.gem5.wakeups, "waits"))


def round_trip_cycles(measured: Measured) -> float:
    """Return core cycles over L1D, L2 bus, L2 and bus to the bus's other end and back.

    Source: the target's latencies as harness/soc/memory charges them, each way.
    """
    target = measured.target
    ticks = (
        target.l1d.hit_latency_cycles * period_ticks(target.l1d.clock_hz)
        + (L2_BUS_LATENCY_CYCLES + target.l2.hit_latency_cycles) * period_ticks(target.l2.clock_hz)
        + target.bus.latency_cycles * period_ticks(target.bus.clock_hz)
    )
    return 2 * ticks / period_ticks(target.cpu.clock_hz)


PARAMETERS = (
    Parameter("cpu.cycles_per_instruction", cycles_per_instruction, ("routine.reshape",)),
    Parameter(
        "cpu.maximum_outstanding_misses", maximum_outstanding_misses, ("load.chain", "load.miss")
    ),
    Parameter(
        "cpu.maximum_outstanding_stores", maximum_outstanding_stores, ("load.chain", "store.miss")
    ),
    Parameter("cpu.store_line", store_line, (f"copy.{SHORT_COPY}.hot", f"copy.{LONG_COPY}.hot")),
    Parameter("cpu.uncached_write", uncached_write, ("register.read",)),
    Parameter("cpu.uncached_read", uncached_read, ("register.read",)),
    Parameter("cpu.step_dispatch", step_dispatch),
    Parameter("cpu.thread_handoff", thread_handoff, ("handoff",)),
    Parameter("driver.doorbell", doorbell, ("register.read",)),
    Parameter("driver.poll_interval", poll_interval, ("poll",)),
    Parameter("driver.flush_line", flush_line, ("flush.clean",)),
    Parameter("driver.flush_maximum_outstanding", flush_maximum_outstanding, ("flush.dirty",)),
    Parameter("driver.fence", fence, ("fence",)),
    Parameter("driver.interrupt_latency", interrupt_latency),
    Parameter("driver.interrupt_handler", interrupt_handler),
    Parameter("driver.wakeup", wakeup),
)
"""In the order in which they are written; `submit` comes last, it needs the others."""
SUBMIT = Parameter("driver.submit", submit)


def _ticks(measured: Measured, cycles: float) -> int:
    return round(cycles * period_ticks(measured.target.cpu.clock_hz))


def _median(ticks: Sequence[int], what: str) -> int:
    if not ticks:
        raise StatsError(f"the micro workload's run has no {what}")
    return int(statistics.median(ticks))


def _time(ticks: int) -> str:
    return f"{ticks} ps" if ticks else NO_OS
