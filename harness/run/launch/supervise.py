"""Runs one command to its end: shows its progress, holds its limits, ends it whatever happens."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.units import format_bytes
from harness.run.followed_file import FollowedFile
from harness.run.launch.kernel_kills import OomCounts, oom_counts
from harness.run.launch.notes import noted_processes
from harness.run.launch.output_growth import output_state
from harness.run.launch.places import OUTDIR, STDERR, STDOUT
from harness.run.launch.process_tree import ProcessTree, TreeSample
from harness.run.launch.stops import Limits, Stop, StopReason
from harness.run.launch.terminals import GuestTerminals
from harness.run.launch.ticks import Ticks
from harness.run.launch.warden import Warden
from harness.run.supervised_process import ResourceUse, SupervisedProcess
from harness.run.watch import held, undisturbed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from harness.run.launch.spec import LaunchSpec
    from harness.run.live import StatusFile
    from harness.run.prepared import Progress

LOOK_S = 0.2
"""How often the processes and their output are looked at."""
FIRST_LOOK_S = 0.02
"""Short runs are not to wait for a look."""
SLOW_LOOK_S = 1.0
"""How often the whole output folder is looked at."""
_GROWTH_AFTER_LIMIT = 1.25
"""A gem5 that was asked to end for its memory, and takes more and more, is killed."""


@dataclass(frozen=True, slots=True)
class Supervised:
    """How a command ended, and what was seen of it.

    Attributes:
        status: Its exit status, negative for a signal.
        stop: Why harness ended it; None if it ended by itself.
        host_s: How long it ran.
        cpu_s: Time of the CPUs that it used.
        peak_bytes: The largest memory of all its processes together that was seen.
        panic: The line in which a guest's kernel gave up.
        trouble: The first line about any trouble of a guest's kernel.
        oom: How often the kernel killed for want of memory, before and after.
        processes: Numbers of the processes that were seen.
        tick: The largest tick that was heard of.
    """

    status: int
    stop: Stop | None
    host_s: float
    cpu_s: float
    peak_bytes: int
    panic: str
    trouble: str
    oom: tuple[OomCounts, OomCounts]
    processes: frozenset[int]
    tick: int


class LaunchSupervisor:
    """Watches one command.

    Args:
        spec: Its limits.
        run: The run's directory.
        stats: Name of its statistics file in gem5's output folder.
        progress: Who is told; None for nobody.
        status: The live file.
        echo: Gets what the command prints, while it runs; None for nobody.
    """

    def __init__(
        self,
        spec: LaunchSpec,
        run: Path,
        *,
        stats: str,
        progress: Progress | None,
        status: StatusFile,
        echo: BinaryIO | None = None,
    ) -> None:
        self._spec = spec
        self._run = run
        self._outdir = outdir = run / OUTDIR
        self._progress = progress
        self._status = status
        self._echo = echo
        self._echoed = [FollowedFile(outdir / name) for name in (STDOUT, STDERR)]
        self._terminals = GuestTerminals(outdir)
        self._ticks = Ticks(run, stats)

    def run(self, argv: Sequence[str], environment: Mapping[str, str]) -> Supervised:
        """Run a command until it ends.

        Raises:
            BackendError: It cannot be started.
        """
        before, begin_s = oom_counts(), time.monotonic()
        process: SupervisedProcess | None = None
        warden: Warden | None = None
        tree: ProcessTree | None = None
        stop: Stop | None = None
        try:
            with held():
                process = self._start(argv, environment)
                warden = Warden(process.pid)
                tree = ProcessTree(process.pid)
            stop = self._watch(process, tree, begin_s)
        except KeyboardInterrupt as error:
            name = str(error) or "SIGINT"
            stop = Stop(StopReason.INTERRUPTED, f"harness got {name}", name)
        finally:
            with undisturbed():
                status, used = self._end(process, tree, stop)
                if warden is not None:
                    warden.release()
        self._look()
        self._terminals.finish()
        return Supervised(
            status,
            stop,
            time.monotonic() - begin_s,
            used.cpu_s,
            max(used.largest_bytes, tree.peak_bytes if tree else 0),
            self._terminals.panic,
            self._terminals.trouble,
            (before, oom_counts()),
            tree.seen if tree else frozenset(),
            self._ticks.tick,
        )

    def _start(self, argv: Sequence[str], environment: Mapping[str, str]) -> SupervisedProcess:
        process = SupervisedProcess(
            argv,
            self._outdir / STDOUT,
            self._outdir / STDERR,
            cwd=self._spec.cwd,
            environment=environment,
            is_group_asked=True,
            name="the command",
        )
        self._status.heard(simulator_pid=process.pid)
        return process

    def _watch(self, process: SupervisedProcess, tree: ProcessTree, begin_s: float) -> Stop | None:
        """Look now and then, until the command ends or is to end."""
        limits = Limits(self._spec, begin_s)
        output, looked_s, wait_s = output_state(self._outdir), 0.0, FIRST_LOOK_S
        while not process.wait(wait_s):
            wait_s = min(LOOK_S, wait_s * 2)
            now_s = time.monotonic()
            sample = tree.sample()
            if stop := limits.check_memory(sample, tree):
                return stop
            if now_s - looked_s >= SLOW_LOOK_S:
                looked_s, output = now_s, output_state(self._outdir)
                self._look()
                self._tell(sample, output.size_bytes)
            if stop := limits.check(now_s, sample, output, self._ticks.tick):
                return stop
            if self._spec.watches_guest and self._terminals.panic:
                text = f"the guest's kernel gave up: {self._terminals.panic}"
                return Stop(StopReason.GUEST_PANIC, text)
        return None

    def _end(
        self, process: SupervisedProcess | None, tree: ProcessTree | None, stop: Stop | None
    ) -> tuple[int, ResourceUse]:
        if process is None or tree is None:
            return 0, ResourceUse()
        limit = self._spec.memory_bytes * _GROWTH_AFTER_LIMIT
        is_memory = stop is not None and stop.reason is StopReason.MEMORY_LIMIT

        def is_urgent() -> bool:
            return is_memory and tree.sample().resident_bytes > limit

        if self._progress is not None and stop is not None and process.is_running:
            self._progress.stage(f"{stop.text}; ending gem5")
        tree.sample()
        simulators = [pid for pid in noted_processes(self._run) if pid in tree.seen]
        status = process.end(is_urgent=is_urgent, simulators=simulators)
        self._status.note(simulator_pid=0)
        return status, process.resources

    def _look(self) -> None:
        """Read what the command, its guests and gem5's statistics say now."""
        self._ticks.look()
        self._terminals.look()
        for followed in self._echoed if self._echo is not None else ():
            while data := followed.added():
                self._write_echo(data)

    def _write_echo(self, data: bytes) -> None:
        if self._echo is not None:
            try:
                self._echo.write(data)
                self._echo.flush()
            except OSError:  # a reader that has gone, such as `head`
                self._echo = None

    def _tell(self, sample: TreeSample, size_bytes: int) -> None:
        """Tell the live file and the user."""
        before, tick = self._status.status, self._ticks.tick
        seen = {
            "tick": tick,
            "memory_bytes": sample.resident_bytes,
            "cpu_s": sample.cpu_s,
            "output_bytes": size_bytes,
        }
        if tick != before.tick or size_bytes != before.output_bytes:
            self._status.heard(**seen)
        else:
            self._status.note(**seen)
        self._status.write()
        if self._progress is not None:
            detail = (
                f"{sample.cpu_s:.0f} s of CPU, {format_bytes(sample.resident_bytes)} of memory,"
                f" {format_bytes(size_bytes)} of output"
            )
            self._progress.tick(tick, detail)
