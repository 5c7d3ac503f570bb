"""RUN/status.json: what a running simulation says of itself, for `harness status`."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from harness.base.plain_data import from_plain

if TYPE_CHECKING:
    from pathlib import Path

STATUS_JSON = "status.json"
WRITE_INTERVAL_S = 1.0
RATE_WINDOW_S = 5.0


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """The state of a run that goes on; times are seconds since the epoch.

    Attributes:
        stage: What it does.
        simulator_pid: gem5's process; 0 if there is none now.
        tick: Simulated time.
        ticks_per_second: Of host time, over the last seconds.
        inference: Index of the inference, from 0; -1 before the first.
        inferences: How many there will be.
        step: The dispatching thread's step; -1 if unknown.
        steps: How many steps an inference has.
        operator: Name of the step's operator; empty if unknown.
        memory_bytes: Memory of the simulator and what it started; 0 if unknown.
        cpu_s: Time of the CPUs that these have used; 0 if unknown.
        output_bytes: Size of the files that it has written; 0 if unknown.
        heard_s: When the simulator last said something.
        written_s: When this was written.
    """

    stage: str = ""
    simulator_pid: int = 0
    tick: int = 0
    ticks_per_second: float = 0.0
    inference: int = -1
    inferences: int = 1
    step: int = -1
    steps: int = 0
    operator: str = ""
    memory_bytes: int = 0
    cpu_s: float = 0.0
    output_bytes: int = 0
    heard_s: float = 0.0
    written_s: float = 0.0


def read_status(run: Path) -> LiveStatus | None:
    """Return a run's live status; None if it has none."""
    try:
        found: LiveStatus = from_plain(LiveStatus, json.loads((run / STATUS_JSON).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return found


class StatusFile:
    """Writes the live status of one run now and then; a status is never worth a failure."""

    def __init__(self, run: Path, status: LiveStatus) -> None:
        self._path = run / STATUS_JSON
        self.status = status
        self._samples: list[tuple[float, int]] = []

    def heard(self, **changes: object) -> None:
        """Note what the simulator said; the next `write` tells it."""
        now_s = time.time()
        self.note(heard_s=now_s, **changes)
        self._samples.append((now_s, self.status.tick))
        while len(self._samples) > 2 and now_s - self._samples[1][0] > RATE_WINDOW_S:
            del self._samples[0]

    def note(self, **changes: object) -> None:
        """Note what was seen of the simulator though it said nothing."""
        self.status = replace(self.status, **changes)  # type: ignore[arg-type]

    @property
    def ticks_per_second(self) -> float:
        """Simulated ticks per second of the host, over the last seconds, silence included."""
        if len(self._samples) < 2:
            return 0.0
        (begin_s, begin_tick), (_, end_tick) = self._samples[0], self._samples[-1]
        return max(0.0, (end_tick - begin_tick) / max(time.time() - begin_s, 1e-3))

    def write(self) -> None:
        """Write the file, unless it was written within the last second."""
        now_s = time.time()
        if now_s - self.status.written_s < WRITE_INTERVAL_S:
            return
        rate = self.ticks_per_second
        self.status = replace(self.status, written_s=now_s, ticks_per_second=rate)
        temporary = self._path.with_name(f".{STATUS_JSON}.part")
        with suppress(OSError):
            temporary.write_text(json.dumps(asdict(self.status)) + "\n")
            temporary.replace(self._path)

    def remove(self) -> None:
        """Remove the file: the run has ended."""
        for path in (self._path, self._path.with_name(f".{STATUS_JSON}.part")):
            with suppress(OSError):
                path.unlink(missing_ok=True)
