# SPDX-License-Identifier: BSD-3-Clause
"""Plain lines on standard output that harness follows; the end of runs in which nothing moves."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import m5
import m5.event
from _m5.event import exitSimLoop

if TYPE_CHECKING:
    from types import SimpleNamespace

    from soc.processors import Processors
    from soc.terminal import Terminal

PANICKED = "harness guest panicked"
STALLED = "harness stalled"
STALL_TICKS = 10**12
"""One simulated second without an instruction on any core: the guest waits for nothing."""
_LINE_EVERY_S = 0.2


class Progress(m5.event.Event):
    """Says where the run is, every so many ticks, and ends a run that has come to a stop.

    It is an event of Python's in gem5's queue, which changes nothing that is simulated; but a queue
    with it never runs empty, so gem5 itself no longer notices that a guest waits for ever.

    Args:
        gem5: Of the run; says how often to look and how many steps the program has.
        processors: Count instructions.
        bridge: The accelerator bridge, or None; knows the step that the guest marked last.
        terminal: What a full system's guest prints; None in syscall emulation.
    """

    def __init__(
        self,
        gem5: SimpleNamespace,
        processors: Processors,
        bridge: object,
        terminal: Terminal | None,
    ) -> None:
        super().__init__()
        self.inference = -1
        self._period_ticks = gem5.progress_ticks
        self._steps = gem5.steps
        self._processors = processors
        self._bridge = bridge
        self._terminal = terminal
        self._instructions = -1
        self._moved_tick = m5.curTick()
        self._said_s = 0.0
        self._schedule()

    def __call__(self) -> None:
        """Look; gem5 calls this."""
        cause = ""
        if time.monotonic() - self._said_s >= _LINE_EVERY_S:
            self.report()
            if self._terminal is not None and self._terminal.has_panicked():
                cause = PANICKED
        if self._has_stalled():
            cause = STALLED
        if cause:
            exitSimLoop(cause, 1, m5.curTick(), 0, False)
        else:
            self._schedule()

    def _has_stalled(self) -> bool:
        instructions = self._processors.instructions()
        if instructions is None or instructions != self._instructions:
            self._instructions, self._moved_tick = instructions, m5.curTick()
        return m5.curTick() - self._moved_tick >= STALL_TICKS

    def report(self) -> None:
        """Print the line of now."""
        self._said_s = time.monotonic()
        where = f"step {_step_of(self._bridge)} of {self._steps} inference {self.inference}"
        say(f"tick {m5.curTick()} {where} commands {_commands_of(self._bridge)}")

    def _schedule(self) -> None:
        m5.event.getEventQueue(0).schedule(self, m5.curTick() + self._period_ticks)


def say(text: str) -> None:
    """Print one line that begins with the word that harness looks for, at once."""
    sys.stdout.write(f"harness: {text}\n")
    sys.stdout.flush()


def _step_of(bridge: object) -> int:
    reader = getattr(bridge, "currentStep", None)  # a method of the extension's C++ object
    return int(reader()) if reader is not None else 0


def _commands_of(bridge: object) -> int:
    """Return how many commands have ended since the statistics were reset."""
    commands = 0
    for accelerator in getattr(bridge, "accelerators", ()):
        accelerator.preDumpStats()  # brings them up to date; changes nothing else
        commands += int(accelerator.resolveStat("commands").value)
    return commands
