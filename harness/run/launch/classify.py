"""From evidence to a verdict: the rules in the order in which they decide.

A process's exit status alone proves nothing: gem5's standard library returns 0 after m5_fail, a
limit of ticks and a panic of the guest, and some scripts return 1 after a good simulation.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.child_process import end_text
from harness.run.ending import Ending
from harness.run.launch.batch_signals import ending_of_signal
from harness.run.launch.classify_exit import judge_exit
from harness.run.launch.stops import StopReason
from harness.run.launch.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.run.launch.evidence import Evidence
    from harness.run.launch.notes import Simulation

_CRASH_SIGNALS = {
    signal.SIGABRT,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGSEGV,
    signal.SIGSYS,
    signal.SIGTRAP,
}
_STOPS = {
    StopReason.TIME_LIMIT: (Ending.TIME_LIMIT, "host time limit reached", "raise --timeout"),
    StopReason.MEMORY_LIMIT: (Ending.OUT_OF_MEMORY, "memory limit reached", "raise --memory"),
    StopReason.NO_PROGRESS: (Ending.NO_PROGRESS, "no progress", ""),
    StopReason.GUEST_PANIC: (Ending.GUEST_PANIC, "guest kernel panic", ""),
}


def classify(evidence: Evidence) -> Verdict:
    """Return the verdict that the evidence supports."""
    rules: tuple[Callable[[Evidence], Verdict | None], ...] = (
        _stopped,
        _guest_panic_as_gem5_says,
        _out_of_memory,
        _disk_full,
        _bad_exit,
        _crashed,
        _fatal,
        _exception,
        _killed,
        _bad_status,
        judge_exit,
        _guest_trouble,
        _lacks_stats,
    )
    for rule in rules:
        verdict = rule(evidence)
        if verdict is not None:
            return verdict
    return Verdict(Ending.SUCCESS, evidence.cause)


def _stopped(evidence: Evidence) -> Verdict | None:
    stop = evidence.supervised.stop
    if stop is None:
        return None
    if stop.reason is StopReason.INTERRUPTED:
        ending = ending_of_signal(stop.signal, os.environ, time.time())
        return Verdict(ending, f"interrupted ({stop.signal})", stop.text)
    ending, cause, way_out = _STOPS[stop.reason]
    return Verdict(ending, cause, stop.text, way_out)


def _guest_panic_as_gem5_says(evidence: Evidence) -> Verdict | None:
    """On Arm and RISC-V gem5 can panic itself when the guest's kernel does."""
    line = evidence.messages.guest_panic()
    if not line or not evidence.spec.watches_guest:
        return None
    return Verdict(Ending.GUEST_PANIC, "guest kernel panic", line)


def _out_of_memory(evidence: Evidence) -> Verdict | None:
    status, said = evidence.supervised.status, evidence.messages.no_memory()
    way_out = "give the run more memory, or simulate less of it"
    if evidence.signal == signal.SIGKILL and evidence.is_kernel_oom:
        text = "the kernel killed gem5 because memory ran out"
        return Verdict(Ending.OUT_OF_MEMORY, "killed for want of memory", text, way_out)
    if status and said:
        return Verdict(Ending.OUT_OF_MEMORY, "no memory", said, way_out)
    return None


def _disk_full(evidence: Evidence) -> Verdict | None:
    said = evidence.messages.disk_full()
    has_failed = evidence.supervised.status != 0 or evidence.stats.is_cut
    if not (has_failed and (said or evidence.is_disk_full)):
        return None
    text = said or "the disk of the output folder is full"
    return Verdict(
        Ending.DISK_FULL, "disk full", text, "free some space, or choose another disk with --output"
    )


def _bad_exit(evidence: Evidence) -> Verdict | None:
    """gem5 turns what a script gives sys.exit() into an int, and aborts if it is none."""
    kind = evidence.messages.bad_exit()
    if not kind or not evidence.supervised.status:
        return None
    given = {"NoneType": "nothing", "str": "a text"}.get(kind, f"a {kind}")
    return Verdict(
        Ending.SCRIPT_ERROR,
        "sys.exit() without a number",
        f"the script called sys.exit() with {given}: gem5 aborts on that and loses its last dump"
        " of statistics",
        "end the script with sys.exit(0), or let it end by itself",
    )


def _crashed(evidence: Evidence) -> Verdict | None:
    messages = evidence.messages
    line = messages.panic() if evidence.supervised.status else messages.strict_panic()
    if line:
        cause = "gem5 panicked" if "panic: " in line else "gem5 crashed"
        return Verdict(Ending.CRASH, cause, line)
    if evidence.signal in _CRASH_SIGNALS:
        text = messages.abort() or f"gem5 was {end_text(-evidence.signal)}"
        return Verdict(Ending.CRASH, "gem5 crashed", text)
    return None


def _fatal(evidence: Evidence) -> Verdict | None:
    messages = evidence.messages
    line = messages.fatal() if evidence.supervised.status else messages.strict_fatal()
    return Verdict(Ending.FATAL, "gem5 refused its configuration", line) if line else None


def _exception(evidence: Evidence) -> Verdict | None:
    if not evidence.supervised.status:
        return None
    what, where = evidence.messages.exception()
    if what:
        text = f"{what}\n  at: {where}" if where else what
        return Verdict(Ending.SCRIPT_ERROR, "exception in the script", text)
    if refused := evidence.messages.refused_arguments():
        return Verdict(Ending.SCRIPT_ERROR, "the script refused its arguments", refused)
    return None


def _killed(evidence: Evidence) -> Verdict | None:
    if not evidence.signal:
        return None
    text = f"gem5 was {end_text(-evidence.signal)}, and not by harness"
    return Verdict(Ending.CANCELLED, "gem5 was killed", text)


def _bad_status(evidence: Evidence) -> Verdict | None:
    status = evidence.supervised.status
    if not status:
        return None
    if evidence.code and status == evidence.code & 0xFF:  # sys.exit(event.getCode())
        return judge_exit(evidence)
    lines = "\n    ".join(evidence.messages.last_lines(5))
    return Verdict(
        Ending.SCRIPT_ERROR,
        f"exit status {status}",
        f"the command ended with exit status {status}" + (f"\n    {lines}" if lines else ""),
    )


def _guest_trouble(evidence: Evidence) -> Verdict | None:
    trouble = evidence.supervised.trouble
    if not trouble or not evidence.spec.watches_guest:
        return None
    text = f"the guest's kernel was in trouble: {trouble}"
    return Verdict(Ending.GUEST_PANIC, "guest kernel trouble", text)


def _lacks_stats(evidence: Evidence) -> Verdict | None:
    if not evidence.spec.needs_stats:
        return None
    main, stats = evidence.main, evidence.stats
    way_out = "if that is what the script is for, say so with --no-stats-needed"
    if main is not None and not main.is_used and not stats.dumps:
        text = "the script ended without a call of m5.simulate()"
        return Verdict(Ending.WRONG_OUTPUT, "nothing was simulated", text, way_out)
    if not stats.dumps and main is not None and _is_elsewhere(main, evidence.outdir):
        text = f"gem5 wrote into {main.outdir} instead of {evidence.outdir}"
        way_out = "a script around gem5 must leave gem5's -d to harness"
        return Verdict(Ending.WRONG_OUTPUT, "output elsewhere", text, way_out)
    if not stats.dumps:
        found = "ends inside its first dump" if stats.is_cut else "holds no dump"
        text = f"there are no statistics: gem5's file {found}"
        return Verdict(Ending.WRONG_OUTPUT, "no statistics", text, way_out)
    if stats.is_cut:
        text = f"the statistics are cut off: {', '.join(stats.files)} ends inside a dump"
        return Verdict(Ending.WRONG_OUTPUT, "statistics cut off", text)
    return None


def _is_elsewhere(simulation: Simulation, outdir: Path) -> bool:
    return not Path(simulation.outdir).is_relative_to(outdir)
