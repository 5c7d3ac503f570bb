"""Instructions of each routine of this library, as callgrind counted them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.base.errors import InternalError

_TABLE = Path(__file__).with_name("costs.json")


@dataclass(frozen=True, slots=True)
class RoutineCost:
    """Instructions = call + rows x row + units x unit.

    A unit is a destination line for tile copies ("copy_nd"), an iteration of the inner loop for
    all other routines; `harness/kernels/routines.hh` says what rows and iterations are.

    Attributes:
        call: Instructions per call.
        row: Instructions per run of the inner loop.
        unit: Instructions per unit.
    """

    call: float
    row: float
    unit: float


@cache
def load_costs() -> dict[str, RoutineCost]:
    """Return the table that `count_instructions.py` wrote.

    Source: callgrind on this library; the table names the tools and the machine's instruction set.
    """
    table = json.loads(_TABLE.read_text(encoding="utf-8"))
    return {name: RoutineCost(**cost) for name, cost in table["routines"].items()}


def routine_cost(name: str) -> RoutineCost:
    """Return a routine's cost.

    Raises:
        InternalError: The routine was never counted.
    """
    costs = load_costs()
    if name not in costs:
        raise InternalError(f"harness/kernels/costs.json has no entry for {name!r}")
    return costs[name]
