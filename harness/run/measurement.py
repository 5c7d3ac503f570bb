"""What a backend measured, in the form that evidence is made from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.base.errors import ModelError
from harness.base.units import TICKS_PER_SECOND
from harness.stats.statistic import BASE_UNITS, Statistic, is_statistic_name, is_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from harness.bridge.messages import ModelStatistic
    from harness.stats.timeline import Timeline

    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Inference:
    """One inference: its window, its records, and what components counted in it.

    Attributes:
        statistics: Lines for stats.txt.
        dump: The dump that a simulator wrote by itself, as text; empty if it wrote none.
    """

    begin_tick: int
    end_tick: int
    timeline: Timeline
    statistics: tuple[Statistic, ...] = ()
    dump: str = ""


@dataclass(frozen=True, slots=True)
class BackendFacts:
    """What a result says of the backend that it came from.

    Attributes:
        name: "soc" or "gem5".
        setting: For headings and comparisons.
        hashes: SHA-256 of what ran: simulator, guest, checkpoint.
        versions: The simulator's version.
        counters: What the guest counted over the whole run.
        load_ticks: Ticks from the guest's start until program and weights were loaded.
    """

    name: str = "soc"
    setting: dict[str, Any] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    counters: dict[str, float] = field(default_factory=dict)
    load_ticks: int = 0


@dataclass(frozen=True, slots=True)
class Measurement:
    """All inferences of a run, possibly cut short.

    Attributes:
        exit_cause: "finished", or why the simulation ended early.
        inferences: In order; the last one may be unfinished if the exit cause says so.
        outputs: The network's outputs, in its order; empty if no inference finished.
        exchanges: Turns taken with the model.
        model_statistics: What the model counted over the session.
        remaining_dumps: A simulator's dumps of a failed run that belong to no inference.
        backend: Where all this comes from.
    """

    exit_cause: str
    inferences: tuple[Inference, ...] = ()
    outputs: tuple[Array, ...] = ()
    exchanges: int = 0
    model_statistics: tuple[ModelStatistic, ...] = field(default=())
    remaining_dumps: str = ""
    backend: BackendFacts = field(default_factory=BackendFacts)

    @property
    def final_tick(self) -> int:
        """The simulated time at the end."""
        return self.inferences[-1].end_tick if self.inferences else 0


def root_statistics(begin_tick: int, end_tick: int) -> list[Statistic]:
    """Return gem5's root statistics that do not depend on the host; names as v24.0 has them."""
    ticks = end_tick - begin_tick
    seconds = ticks / TICKS_PER_SECOND
    return [
        Statistic("simSeconds", seconds, "Second", "Number of seconds simulated"),
        Statistic("simTicks", ticks, "Tick", "Number of ticks simulated"),
        Statistic(
            "finalTick",
            end_tick,
            "Tick",
            "Number of ticks from beginning of simulation (restored from checkpoints and"
            " never reset)",
        ),
        Statistic(
            "simFreq",
            TICKS_PER_SECOND,
            "(Tick/Second)",
            "The number of ticks per simulated second",
        ),
    ]


def model_lines(statistics: Sequence[ModelStatistic]) -> list[Statistic]:
    """Return the model's statistics as lines under `system.accel<instance>`.

    Raises:
        ModelError: A name or unit cannot stand in stats.txt, or a name occurs twice.
    """
    lines: dict[str, Statistic] = {}
    for each in statistics:
        name = f"system.accel{each.instance}.{each.name}"
        if name in lines or not is_statistic_name(each.name) or not is_unit(each.unit):
            raise ModelError(
                "the model's statistic cannot stand in stats.txt",
                where=name,
                expected=f"a name of its own without blanks, one of {', '.join(BASE_UNITS)}",
                got=f"{each.name!r} in {each.unit!r}",
            )
        if not math.isfinite(each.value):
            raise ModelError("the model's statistic is no number", where=name, got=str(each.value))
        value = int(each.value) if float(each.value).is_integer() else each.value
        lines[name] = Statistic(name, value, each.unit, f"{each.description} (all inferences)")
    return list(lines.values())
