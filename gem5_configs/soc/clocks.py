# SPDX-License-Identifier: BSD-3-Clause
"""Clock domains, one per frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m5.objects import SrcClockDomain, VoltageDomain

if TYPE_CHECKING:
    from m5.objects import SimObject


class Clocks:
    """Gives the clock domain of a frequency; parts of equal frequency share theirs.

    gem5 switches CPUs, and restores checkpoints, only between parts of one clock domain, so a core
    and its successor must both ask here.

    Args:
        owner: Gets the domains as children.
        clock_hz: Of `owner.clk_domain`, for what has no clock of its own.
    """

    def __init__(self, owner: SimObject, clock_hz: int) -> None:
        owner.voltage_domain = VoltageDomain()
        self._owner = owner
        self._domains: dict[int, SrcClockDomain] = {}
        self._add(clock_hz, "clk_domain")

    def domain(self, clock_hz: int) -> SrcClockDomain:
        """Return the domain of a frequency."""
        if clock_hz not in self._domains:
            self._add(clock_hz, f"clock_{clock_hz}_hz")
        return self._domains[clock_hz]

    def _add(self, clock_hz: int, name: str) -> None:
        domain = SrcClockDomain(clock=f"{clock_hz}Hz", voltage_domain=self._owner.voltage_domain)
        setattr(self._owner, name, domain)
        self._domains[clock_hz] = domain
