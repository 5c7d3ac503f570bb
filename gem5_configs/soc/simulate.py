# SPDX-License-Identifier: BSD-3-Clause
"""The loop over gem5's exit events, from the first tick to exit.json."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import m5
import m5.event
import m5.stats

from soc.host_costs import HostCosts
from soc.progress import Progress, say

if TYPE_CHECKING:
    from pathlib import Path
    from types import SimpleNamespace

    from soc.processors import Processors
    from soc.terminal import Terminal

CHECKPOINT = "harness checkpoint"
READY = "harness ready"
BEGINS = "harness inference begins"
ENDS = "harness inference ends"
EXIT = "harness exit"
MODEL_FAILED = "harness model failed"
INTERRUPTED = "user interrupt received"
CUT_OFF = "harness statistics cut off"
_PROCESS_ENDED = "exiting with last active thread context"  # in syscall emulation
_END_OF_DUMP = b"End Simulation Statistics"
_MARKS = (CHECKPOINT, READY, BEGINS, ENDS)

EXIT_OK, EXIT_FAILED, EXIT_INTERRUPTED = 0, 1, 130


class Simulation:
    """Runs an instantiated system to its end.

    Args:
        run: The run.
        processors: Are switched when the guest is ready.
        bridge: For progress; may be None.
        output: gem5's output folder.
        checkpoint: Where to write one when the guest has booted; the run then ends. None: go on.
        terminal: Of a full system, to notice a panic.
    """

    def __init__(
        self,
        run: SimpleNamespace,
        processors: Processors,
        bridge: object,
        output: Path,
        checkpoint: Path | None = None,
        terminal: Terminal | None = None,
    ) -> None:
        self._processors = processors
        self._output = output
        self._checkpoint = checkpoint
        self._maximum_ticks = run.gem5.maximum_ticks
        self._start = m5.curTick()
        gem5 = run.gem5
        self._progress = Progress(gem5, processors, bridge, terminal)
        self._costs = HostCosts(bridge)
        self._marks: list[dict[str, object]] = []

    def run(self) -> int:
        """Simulate to the end; write exit.json.

        Returns:
            The exit status: 0 if the guest says that it succeeded.
        """
        while True:
            event = self._simulate()
            cause, code = event.getCause(), event.getCode()
            if cause not in _MARKS:
                return self._end(EXIT if cause == _PROCESS_ENDED else cause, code)
            if self._mark(cause, code):
                return self._end(cause, 0)
            if cause == ENDS and not is_dump_whole(self._output / "stats.txt"):
                return self._end(CUT_OFF, 1)

    def _simulate(self) -> m5.event.SimExit:
        if not self._maximum_ticks:
            return m5.simulate()
        return m5.simulate(max(1, self._start + self._maximum_ticks - m5.curTick()))

    def _mark(self, cause: str, code: int) -> bool:
        """Do what a mark of the guest asks for; return whether the run ends here."""
        self._marks.append({"cause": cause, "code": code, "tick": m5.curTick()})
        if cause == CHECKPOINT and self._checkpoint is not None:
            m5.checkpoint(str(self._checkpoint))
            return True
        if cause == READY:
            self._processors.measure()
        elif cause == BEGINS:
            self._progress.inference = code
            m5.stats.reset()
            self._costs.note(cause, code)
        elif cause == ENDS:
            self._costs.note(cause, code)
            m5.stats.dump()
        self._progress.report()
        return False

    def _end(self, cause: str, code: int) -> int:
        """Write down how it ended; gem5 itself dumps the statistics once more when Python ends."""
        status = _exit_status(cause, code)
        self._costs.write(self._output)
        write_exit(self._output, cause, code, self._start, self._marks)
        say(f"exit {cause}")
        return status


def is_dump_whole(path: Path) -> bool:
    """Tell whether a statistics file, if there is one, ends as gem5 ends a dump.

    gem5 does not look whether its statistics reach the disk, and goes on without them.
    """
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4 * len(_END_OF_DUMP)))
            return _END_OF_DUMP in file.read()
    except FileNotFoundError:
        return True  # the user gave it another name


def write_exit(
    output: Path, cause: str, code: int, start_tick: int, marks: list[dict[str, object]]
) -> None:
    """Write exit.json, whole or not at all."""
    text = json.dumps(
        {
            "cause": cause,
            "code": code,
            "tick": m5.curTick(),
            "start_tick": start_tick,
            "ticks_at_marks": marks,
        },
        indent=1,
    )
    partial = output / "exit.json.partial"
    partial.write_text(text + "\n", encoding="utf-8")
    os.replace(partial, output / "exit.json")  # noqa: PTH105 - in one step


def _exit_status(cause: str, code: int) -> int:
    if cause == INTERRUPTED:
        return EXIT_INTERRUPTED
    is_good = cause in (EXIT, CHECKPOINT) and code == 0
    return EXIT_OK if is_good else EXIT_FAILED
