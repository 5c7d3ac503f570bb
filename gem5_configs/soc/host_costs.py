# SPDX-License-Identifier: BSD-3-Clause
"""What the simulation costs this host, of gem5 and of the model, at the marks of the guest."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HOST_COSTS = "host_costs.json"
_CPU_CLOCK = 2  # CPUCLOCK_SCHED of a whole process, include/linux/posix-timers.h


class HostCosts:
    """Notes clocks at marks; nothing that is simulated depends on them.

    Args:
        bridge: The accelerator bridge, or None; its session knows the model's process.
    """

    def __init__(self, bridge: object) -> None:
        session = getattr(bridge, "session", None)
        self._model_pid = int(getattr(session, "model_pid", 0))
        self._notes: list[dict[str, object]] = []

    def note(self, cause: str, code: int) -> None:
        """Note the seconds used until now: of a clock on the wall, of gem5, of the model."""
        self._notes.append(
            {
                "cause": cause,
                "code": code,
                "wall_seconds": time.monotonic(),
                "cpu_seconds": time.process_time(),
                "model_cpu_seconds": self._model_seconds(),
            }
        )

    def write(self, output: Path) -> None:
        """Write what was noted."""
        text = json.dumps(self._notes, indent=1)
        with suppress(OSError):  # on a full disk other files are missed first
            (output / HOST_COSTS).write_text(text + "\n", encoding="utf-8")

    def _model_seconds(self) -> float:
        if not self._model_pid:
            return 0.0
        with suppress(OSError):  # it has ended
            return time.clock_gettime(~self._model_pid << 3 | _CPU_CLOCK)
        return 0.0
