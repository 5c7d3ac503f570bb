"""Tells people on stderr how a sweep gets on: a live table on a terminal, else plain lines."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

from harness.sweep.state.point_state import Phase

if TYPE_CHECKING:
    from harness.sweep.state.state_table import StateTable

REFRESH_S = 0.25
PLAIN_INTERVAL_S = 5.0
_SHOWN = 8
"""So many running points are named on a terminal."""


class NoProgress:
    """Tells nobody."""

    def show(self, table: StateTable) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Nothing was shown."""


class ConsoleSweepProgress:
    """Shows counts and, on a terminal, what is running; no thread of its own, runs are forked."""

    def __init__(self, stream: TextIO | None = None, *, is_quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._is_quiet = is_quiet
        self._is_terminal = not is_quiet and self._stream.isatty()
        self._live: Any = None
        self._last_s = float("-inf")
        self._line = ""

    def show(self, table: StateTable) -> None:
        """Show the states, now and then and when all is done."""
        now_s = time.monotonic()
        interval_s = REFRESH_S if self._is_terminal else PLAIN_INTERVAL_S
        if self._is_quiet or (now_s - self._last_s < interval_s and not table.is_done):
            return
        self._last_s = now_s
        if self._is_terminal:
            self._draw(table)
            return
        line = counts_line(table)
        if line != self._line:
            self._line = line
            self._stream.write(f"harness: {line}\n")
            self._stream.flush()

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _draw(self, table: StateTable) -> None:
        from rich.console import Console  # noqa: PLC0415 - only on a terminal
        from rich.live import Live  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        if self._live is None:
            console = Console(file=self._stream)
            self._live = Live(
                console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
            )
            self._live.start()
        lines = [counts_line(table), *running_lines(table)]
        self._live.update(Text("\n".join(lines)), refresh=True)


def counts_line(table: StateTable) -> str:
    """Return how many points are in which phase, on one line."""
    counts = table.counts()
    total = sum(counts.values())
    parts = [f"{counts[phase]} {phase.value}" for phase in Phase if counts[phase]]
    return f"{table.directory.name}: {total} points: {', '.join(parts)}"


def running_lines(table: StateTable) -> list[str]:
    """Name some of the points that run."""
    by_id = table.directory.by_id
    running = sorted(table.running().items(), key=lambda each: by_id[each[0]].index)
    lines = []
    for point, claim in running[:_SHOWN]:
        place = claim.job or claim.process.host
        lines.append(
            f"  {point}  {time.time() - claim.begun_s:6.0f} s  {place}  {by_id[point].title}"
        )
    if len(running) > _SHOWN:
        lines.append(f"  and {len(running) - _SHOWN} more")
    return lines
