"""Says of any run whether it goes on, is slow, is stuck, or has ended, and what it waits for."""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

from harness.base.errors import StatsError
from harness.base.units import format_bytes, format_ticks
from harness.run.directory import RESULT_JSON, find_run
from harness.run.launch.frozen import is_launch
from harness.run.live import LiveStatus, read_status
from harness.run.process_table import Task, tasks_of_group
from harness.run.result import read_result

SILENCE_S = 10.0
"""A simulator that says something more often than this is simply running."""
SAMPLE_S = 0.5
"""Over how long the use of the CPU is measured."""
BUSY_SHARE = 0.05
"""A process that uses less of one CPU sleeps."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The answer: one word, whether all is well, and lines of facts."""

    verdict: str
    is_well: bool
    lines: tuple[str, ...] = ()


def take_pulse(path: str) -> Pulse:
    """Look at a run.

    Raises:
        SpecError: That is no run.
    """
    is_launched = is_launch(Path(path))
    run = Path(path) if is_launched else find_run(path)
    if _is_held(run):
        return _running(read_status(run))
    if (run / RESULT_JSON).is_file():
        return _launch_ended(run) if is_launched else _ended(run)
    status = read_status(run)
    if status is None:
        return Pulse("killed or never begun", False, ("the run left no result",))
    return Pulse("killed", False, ("harness ended without a result", *_facts(status)))


def _is_held(run: Path) -> bool:
    """Whether a harness that runs has claimed the directory."""
    descriptor = os.open(run, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        status = read_status(run)
        return status is not None and time.time() - status.written_s < SILENCE_S
    finally:
        os.close(descriptor)
    return False


def _ended(run: Path) -> Pulse:
    try:
        result = read_result(run)
    except StatsError as error:
        return Pulse("ended", False, tuple(str(error).splitlines()))
    lines = (f"exit cause {result.exit_cause}", f"final tick {format_ticks(result.final_tick)}")
    return Pulse("succeeded" if result.is_success else "failed", result.is_success, lines)


def _launch_ended(run: Path) -> Pulse:
    from harness.run.launch.outcome import read_outcome  # noqa: PLC0415 - only of launches

    try:
        outcome = read_outcome(run)
    except StatsError as error:
        return Pulse("ended", False, tuple(str(error).splitlines()))
    lines = (
        f"ending     {outcome.ending.value}",
        f"exit cause {outcome.exit_cause or 'not told'}",
        f"final tick {format_ticks(outcome.ticks)}",
        *outcome.message.splitlines(),
    )
    return Pulse("succeeded" if outcome.is_success else "failed", outcome.is_success, lines)


def _running(status: LiveStatus | None) -> Pulse:
    if status is None:
        return Pulse("running", True, ("it says no more: gem5 has not started, or is not used",))
    facts = _facts(status)
    silence_s = time.time() - status.heard_s
    if silence_s < SILENCE_S or not status.simulator_pid:
        return Pulse("running", True, facts)
    verdict, is_well, reason = _reason(status.simulator_pid, has_models=not status.memory_bytes)
    return Pulse(verdict, is_well, (*facts, f"no progress for {silence_s:.0f} s: {reason}"))


def _facts(status: LiveStatus) -> tuple[str, ...]:
    lines = [
        f"stage      {status.stage}",
        f"tick       {status.tick} ({format_ticks(status.tick)})",
        f"rate       {status.ticks_per_second:.4g} ticks/s",
    ]
    if status.step >= 0 and status.steps:
        operator = f", operator {status.operator}" if status.operator else ""
        lines.append(f"step       {status.step} of {status.steps}{operator}")
    if status.inference >= 0:
        lines.append(f"inference  {status.inference + 1} of {status.inferences}")
    if status.memory_bytes:
        lines.append(f"memory     {format_bytes(status.memory_bytes)}")
        lines.append(f"CPU time   {status.cpu_s:.1f} s")
        lines.append(f"output     {format_bytes(status.output_bytes)}")
    if status.simulator_pid:
        lines.append(f"gem5       process {status.simulator_pid}")
    if status.heard_s:
        lines.append(f"heard      {max(0.0, time.time() - status.heard_s):.0f} s ago")
    return tuple(lines)


def _reason(gem5_pid: int, *, has_models: bool) -> tuple[str, bool, str]:
    """Say why a simulator is silent: verdict, whether that is well, and the reason."""
    before = {task.pid: task for task in tasks_of_group(gem5_pid)}
    time.sleep(SAMPLE_S)
    now = {task.pid: task for task in tasks_of_group(gem5_pid)}
    busy = {pid for pid in now if pid in before and _share(before[pid], now[pid]) > BUSY_SHARE}
    if gem5_pid not in now:
        return "ending", True, "gem5 has ended"
    if now[gem5_pid].state in "Tt":
        return "stuck", False, f"gem5's process is stopped; continue it with kill -CONT {gem5_pid}"
    if gem5_pid in busy:
        return "slow", True, "gem5 computes"
    if not has_models:
        return _other_reason(now, busy)
    return _models_reason([task for pid, task in now.items() if pid != gem5_pid], busy)


def _other_reason(now: dict[int, Task], busy: set[int]) -> tuple[str, bool, str]:
    """Say why the command of a launch is silent: it may have started gem5 as its child."""
    stopped = [pid for pid, task in now.items() if task.state in "Tt"]
    if stopped:
        return "stuck", False, f"process {stopped[0]} is stopped; continue it with kill -CONT"
    if busy:
        return "slow", True, f"process {min(busy)} computes"
    return "stuck", False, "no process of the command uses the CPU"


def _models_reason(models: list[Task], busy: set[int]) -> tuple[str, bool, str]:
    if not models:
        return "stuck", False, "gem5 does nothing, and no model's process is there"
    stopped = [task.pid for task in models if task.state in "Tt"]
    if stopped:
        return "stuck", False, f"it waits for the model, whose process {stopped[0]} is stopped"
    if any(task.pid in busy for task in models):
        return "slow", True, "gem5 waits for the model, which computes"
    return "stuck", False, "gem5 waits for the model, and the model does nothing"


def _share(before: Task, now: Task) -> float:
    return (now.cpu_s - before.cpu_s) / SAMPLE_S
