"""All that a verdict rests on, gathered once after the command has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.disk_full import is_disk_full
from harness.run.launch.kernel_kills import was_named_in_log
from harness.run.launch.messages import Messages, read_messages
from harness.run.launch.notes import Simulation, read_simulations
from harness.run.launch.places import OUTDIR
from harness.run.launch.stats_evidence import StatsEvidence, read_stats_evidence

if TYPE_CHECKING:
    from pathlib import Path

    from harness.run.launch.command import LaunchCommand
    from harness.run.launch.spec import LaunchSpec
    from harness.run.launch.supervise import Supervised

_SHELL_SIGNAL_BASE = 128
_MOST_SIGNALS = 64


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a command that has ended.

    Attributes:
        spec: What was asked for.
        supervised: How the process ended, and what was seen while it ran.
        messages: What it printed.
        simulations: What gem5 noted of its exits.
        stats: The dumps that it left.
        outdir: gem5's output folder, as the launch chose it.
        signal: The signal that ended gem5, also where a wrapper tells it by its status; 0 if none.
        is_kernel_oom: Whether the kernel killed something for want of memory meanwhile.
        is_disk_full: Whether the disk of the output has no room left.
    """

    spec: LaunchSpec
    supervised: Supervised
    messages: Messages
    simulations: tuple[Simulation, ...]
    stats: StatsEvidence
    outdir: Path
    signal: int
    is_kernel_oom: bool
    is_disk_full: bool

    @property
    def main(self) -> Simulation | None:
        """The simulation whose end is the run's."""
        launched = [each for each in self.simulations if not each.is_fork]
        return max(launched, key=lambda each: each.exits, default=None)

    @property
    def cause(self) -> str:
        """The last exit's cause; empty if nothing tells it."""
        if self.main is not None and self.main.exits:
            return self.main.cause
        printed = self.messages.printed_exit()
        return "" if printed is None else printed.cause

    @property
    def code(self) -> int:
        """The last exit's code."""
        if self.main is not None and self.main.exits:
            return self.main.code
        return self.messages.guest_code()

    @property
    def tick(self) -> int:
        """The last tick that anything tells of."""
        printed = self.messages.printed_exit()
        return max(self.supervised.tick, printed.tick if printed else 0)


def gather(spec: LaunchSpec, command: LaunchCommand, run: Path, supervised: Supervised) -> Evidence:
    """Look at all that a command left."""
    outdir, options = run / OUTDIR, command.arguments
    chosen = (options.value("stdout-file"), options.value("stderr-file"))
    number = _signal(supervised.status, is_wrapped=bool(command.wrapper))
    return Evidence(
        spec,
        supervised,
        read_messages(outdir, chosen),
        read_simulations(run),
        read_stats_evidence(outdir, options.value("stats-file")),
        outdir,
        number,
        _is_kernel_oom(supervised) if number else False,
        is_disk_full(outdir),
    )


def _signal(status: int, *, is_wrapped: bool) -> int:
    if status < 0:
        return -status
    by_shell = status - _SHELL_SIGNAL_BASE
    return by_shell if is_wrapped and 0 < by_shell <= _MOST_SIGNALS else 0


def _is_kernel_oom(supervised: Supervised) -> bool:
    if was_named_in_log(set(supervised.processes)):
        return True
    before, after = supervised.oom
    return after.has_risen_since(before)
