"""Runs one gem5 process to its end: shows its progress, and ends it whatever happens."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from harness.run.followed_file import FollowedFile
from harness.run.gem5.command import EXIT, OUTPUTS, STDOUT, TERMINAL
from harness.run.gem5.outcome import KERNEL_TROUBLE, Ended, read_end
from harness.run.gem5.output import ModelCommand, Position, Stage, parse_line
from harness.run.gem5.process import Gem5Process
from harness.run.watch import held, undisturbed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.run.gem5.place import ProgramPlaces
    from harness.run.live import StatusFile
    from harness.run.prepared import Progress

SOCKET_FOLDERS = "bridge-*"
LOOK_S = 0.2
"""How often gem5's output is looked at."""
SILENCE_S = 10.0
"""After so long without a line of progress, the user is told that there is none."""


class Supervisor:
    """Watches one gem5.

    Args:
        progress: Who is told.
        status: The live file.
        places: Knows the program that runs.
    """

    def __init__(self, progress: Progress, status: StatusFile, places: ProgramPlaces) -> None:
        self._progress = progress
        self._status = status
        self._places = places

    def run(self, argv: Sequence[str], output: Path) -> Ended:
        """Run gem5 until it ends; return how it ended.

        Raises:
            BackendError: It cannot be started.
            KeyboardInterrupt: The user interrupted; gem5 has written its statistics and ended.
            HostTimeLimitError: As above.
        """
        for name in (EXIT, OUTPUTS, TERMINAL):  # evidence of this run only
            (output / name).unlink(missing_ok=True)
        process: Gem5Process | None = None
        try:
            with held():
                process = Gem5Process(argv, output)
            self._status.heard(simulator_pid=process.pid)
            followed = FollowedFile(output / STDOUT)
            terminal = FollowedFile(output / TERMINAL)
            while not process.wait(LOOK_S):
                self._look(followed)
                if any(KERNEL_TROUBLE.search(line) for line in terminal.lines()):
                    break  # the guest does nothing any more, for ever
            self._look(followed)
        finally:
            with undisturbed():
                status = 0 if process is None else process.end()
                self._status.heard(simulator_pid=0)
                for folder in output.glob(SOCKET_FOLDERS):  # a killed gem5 leaves its socket
                    shutil.rmtree(folder, ignore_errors=True)
        return read_end(output, status)

    def _look(self, followed: FollowedFile) -> None:
        for line in followed.lines():
            said = parse_line(line)
            if isinstance(said, Position):
                step = self._places.step(said)
                self._status.heard(
                    tick=said.tick,
                    inference=said.inference,
                    step=step,
                    steps=said.steps,
                    operator=self._places.operator(step),
                )
            elif isinstance(said, Stage):
                self._status.heard(stage=said.text)
                self._progress.stage(said.text)
            elif isinstance(said, ModelCommand):
                self._progress.notice(
                    f"start the model in another terminal, under any debugger:\n{said.text}"
                )
        self._status.write()
        self._progress.tick(self._status.status.tick, self._detail())

    def _detail(self) -> str:
        status = self._status.status
        parts = []
        if status.inference >= 0 and status.inferences > 1:
            parts.append(f"inference {status.inference + 1} of {status.inferences}")
        if status.step >= 0 and status.steps:
            operator = f" ({status.operator})" if status.operator else ""
            parts.append(f"step {status.step} of {status.steps}{operator}")
        parts.append(format_rate(self._status.ticks_per_second))
        silence_s = time.time() - status.heard_s
        if silence_s > SILENCE_S:
            parts.append(f"no progress for {silence_s:.0f} s; see harness status")
        return ", ".join(parts)


def format_rate(ticks_per_second: float) -> str:
    """Format simulated ticks per host second for people: "1.23 G ticks/s"."""
    for prefix, scale in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if ticks_per_second >= scale:
            return f"{ticks_per_second / scale:.3g} {prefix} ticks/s"
    return f"{ticks_per_second:.0f} ticks/s"
