"""What a run on gem5 cost its host while inferences were simulated."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.errors import StatsError
from harness.run.gem5.command import BRIDGE_COSTS

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

HOST_COSTS = "host_costs.json"
BEGINS, ENDS = "harness inference begins", "harness inference ends"
_CLOCKS = ("wall_seconds", "cpu_seconds", "model_cpu_seconds")


@dataclass(frozen=True, slots=True)
class HostCosts:
    """Host seconds of the inferences of a run, without what lies before and between them.

    Attributes:
        wall_seconds: By a clock on the wall.
        cpu_seconds: CPU time of gem5's process, all its threads, user and system.
        model_cpu_seconds: CPU time of the model's process; 0 if there is none.
        exchange_cpu_seconds: CPU time of gem5's simulating thread inside exchanges: with the model,
            or in a replay with the trace.
    """

    wall_seconds: float
    cpu_seconds: float
    model_cpu_seconds: float
    exchange_cpu_seconds: float


def read_host_costs(output: Path) -> HostCosts:
    """Return the costs that gem5's script noted at the begin and end of each inference.

    Raises:
        StatsError: They are not there.
    """
    path = output / HOST_COSTS
    try:
        notes: list[dict[str, Any]] = json.loads(path.read_text())
        begins = [each for each in notes if each["cause"] == BEGINS]
        ends = [each for each in notes if each["cause"] == ENDS]
        sums = [
            sum(
                float(end[name]) - float(begin[name])
                for begin, end in zip(begins, ends, strict=False)
            )
            for name in _CLOCKS
        ]
        path = output / BRIDGE_COSTS
        exchanging = float(json.loads(path.read_text())["cpu_seconds"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StatsError(
            "the host's costs of a gem5 run cannot be read", where=str(path), got=str(error)
        ) from error
    if not ends or len(begins) != len(ends):
        raise StatsError(
            "the host's costs of a gem5 run lack an inference",
            where=str(path),
            expected=f"{len(begins)} ends",
            got=str(len(ends)),
        )
    wall, cpu, model = sums
    return HostCosts(wall, cpu, model, exchanging)
