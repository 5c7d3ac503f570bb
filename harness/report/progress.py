"""Tells people on stderr what a run is doing: one changing line on a terminal, else plain lines."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from harness.base.units import format_ticks

REFRESH_S = 0.1
"""A terminal's line changes at most this often."""
PLAIN_INTERVAL_S = 5.0
"""Plain lines about a running simulation come at most this often."""


class ConsoleProgress:
    """Shows stages and simulated time."""

    def __init__(self, stream: TextIO | None = None, *, is_quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._is_quiet = is_quiet
        self._is_terminal = not is_quiet and self._stream.isatty()
        self._last_s = 0.0
        self._width = 0

    def stage(self, text: str) -> None:
        """A new stage begins."""
        if self._is_terminal:
            self._replace_line(text)
        elif not self._is_quiet:
            self._stream.write(f"harness: {text}\n")
            self._stream.flush()
        self._last_s = time.monotonic()

    def notice(self, text: str) -> None:
        """The user has to do something; this is shown in any case."""
        self.close()
        self._stream.write(f"harness: {text}\n")
        self._stream.flush()

    def tick(self, tick: int, detail: str = "") -> None:
        """Simulated time moved on."""
        now_s = time.monotonic()
        interval_s = REFRESH_S if self._is_terminal else PLAIN_INTERVAL_S
        if self._is_quiet or now_s - self._last_s < interval_s:
            return
        self._last_s = now_s
        place = format_ticks(tick) if tick or not detail else ""  # 0: nobody has told it
        text = f"simulating: {', '.join(each for each in (place, detail) if each)}"
        if self._is_terminal:
            self._replace_line(text)
        else:
            self._stream.write(f"harness: {text}\n")
            self._stream.flush()

    def close(self) -> None:
        """Remove the changing line."""
        if self._is_terminal and self._width:
            self._replace_line("")
            self._stream.write("\r")
            self._stream.flush()

    def _replace_line(self, text: str) -> None:
        self._stream.write("\r" + text.ljust(self._width))
        self._stream.flush()
        self._width = len(text)
