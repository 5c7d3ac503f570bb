"""Decides from what gem5 left whether a run is a success, and says what went wrong if not."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.child_process import end_text
from harness.base.disk_full import is_disk_full
from harness.run.directory import MODEL_LOG
from harness.run.failure import SimulationFailedError
from harness.run.gem5.command import EXIT, MESSAGES, MODEL_ERROR, STDERR, TERMINAL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXPECTED_CAUSE = "harness exit"
CHECKPOINT_CAUSE = "harness checkpoint"
MODEL_CAUSE = "harness model failed"
LIMIT_CAUSES = ("harness maximum ticks", "simulate() limit reached")
INTERRUPT_CAUSE = "user interrupt received"
CUT_OFF_CAUSE = "harness statistics cut off"
STALL_CAUSE = "harness stalled"
RUNTIME_NAME = "harness-runtime:"

CLOCK_NANOSECONDS, CLOCK_TICKS = "clock.nanoseconds", "clock.ticks"
CLOCK_TOLERANCE = 0.01
_TICKS_PER_NANOSECOND = 1000

_PANIC = re.compile(r"^.*\bpanic: .*$|^.*Assertion .* failed.*$", re.MULTILINE)
_FATAL = re.compile(r"^.*\bfatal: .*$|^error: .*(?:\n  .*)*$", re.MULTILINE)
"""gem5's own, or our scripts' message about what they were given."""
KERNEL_TROUBLE = re.compile(r"^.*(?:Kernel panic|Oops|\bBUG:).*$", re.MULTILINE)
_LOST = re.compile(r"the model('s process ended| disconnected| missed its deadline)")
"""How the bridge's texts about a lost peer begin (harness/bridge/cpp/zmq_link.cc)."""
_BROKE_PROTOCOL = re.compile(r"the model broke the protocol: ")
"""How the extension's texts about it begin (gem5_configs/simobjects/exchange_answer.cc)."""
_DIVERGED = re.compile(
    r"exchange \d+ differs from the trace|the run goes on where the trace ends"
    r"|the trace was recorded with another Hello"
)
"""How its texts about a replayed trace of another run begin (harness/bridge/cpp/trace_file.cc)."""
_LARGEST_TEXT_BYTES = 4 << 20
_TAIL_LINES = 8


@dataclass(frozen=True, slots=True)
class Ended:
    """How a gem5 process ended.

    Attributes:
        output: gem5's output directory.
        status: The process's exit status, negative for a signal.
        cause: The exit cause that the script noted; empty if it noted none.
        code: The code that belongs to it.
        start_tick: The tick at which the simulation began.
    """

    output: Path
    status: int
    cause: str = ""
    code: int = 0
    start_tick: int = 0


def read_end(output: Path, status: int) -> Ended:
    """Return how gem5 ended; the script writes exit.json last."""
    try:
        data = json.loads((output / EXIT).read_text())
        start_tick = int(data.get("start_tick", 0))
        return Ended(output, status, str(data["cause"]), int(data["code"]), start_tick)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Ended(output, status)


def require_success(ended: Ended, expected: str = EXPECTED_CAUSE) -> None:
    """See to it that gem5 ended as it should, and that nothing it wrote speaks against it.

    Raises:
        SimulationFailedError: It did not; the error says what happened and where to look.
    """
    for check in (_check_model, _check_gem5, _check_guest_kernel, _check_signal):
        check(ended)
    _check_cause(ended, expected)
    if ended.status:
        raise _failure("gem5 failed", "gem5 failed after the simulation", ended)


def _check_model(ended: Ended) -> None:
    text = read_text(ended.output / MODEL_ERROR).strip()
    if not text and ended.cause != MODEL_CAUSE:
        return
    what = text or "the model's end of the bridge failed"
    log = ended.output.parent / MODEL_LOG
    if log.is_file() and log.stat().st_size:
        what += f"\n  what it printed: {log}"
    causes = (
        (_LOST, "model lost"),
        (_BROKE_PROTOCOL, "model broke the protocol"),
        (_DIVERGED, "replay diverged"),
    )
    cause = next((each for pattern, each in causes if pattern.match(text)), "model failed")
    raise SimulationFailedError(cause, what)


def _check_gem5(ended: Ended) -> None:
    stderr = read_text(ended.output / STDERR)
    if found := _PANIC.search(stderr):
        raise _failure("gem5 panicked", "gem5 panicked", ended, got=found[0])
    if found := _FATAL.search(stderr):
        what = "gem5 refused what it was given"
        raise _failure("gem5 refused its configuration", what, ended, got=found[0])


def _check_signal(ended: Ended) -> None:
    if ended.status < 0:
        raise _failure("gem5 was killed", "gem5 was killed", ended, got=end_text(ended.status))


def _check_guest_kernel(ended: Ended) -> None:
    if found := KERNEL_TROUBLE.search(read_text(ended.output / TERMINAL)):
        what = "the guest's kernel crashed"
        raise _failure("guest kernel crashed", what, ended, got=found[0])


def _check_cause(ended: Ended, expected: str) -> None:
    if ended.cause in LIMIT_CAUSES:
        what = "the limit of simulated time is reached"
        raise SimulationFailedError("tick limit reached", what, way_out="raise --max-ticks")
    if not ended.cause:
        tail = read_text(ended.output / STDERR).strip().splitlines()[-_TAIL_LINES:]
        got = "\n    ".join([end_text(ended.status), *tail])
        raise _failure("gem5 failed", "gem5 ended without an exit cause", ended, got=got)
    if ended.cause == CUT_OFF_CAUSE:
        raise incomplete(ended, "gem5 could not write its statistics whole")
    if ended.cause == STALL_CAUSE:
        what = "the guest stalled: no core has executed an instruction for a simulated second"
        raise _failure("guest failed", what, ended, got=" ".join(_guest_words(ended.output)))
    if ended.cause != expected:
        cause = "interrupted" if ended.cause == INTERRUPT_CAUSE else "gem5 ended early"
        what = "gem5 ended before the guest had finished"
        raise _failure(cause, what, ended, expected=expected, got=ended.cause)
    if ended.code:
        got = "\n    ".join([f"exit status {ended.code}", *_guest_words(ended.output)])
        raise _failure("guest failed", "the guest runtime failed", ended, got=got)


def _guest_words(output: Path) -> list[str]:
    """Return what the runtime said: through the device, else where its output went."""
    if said := read_text(output / MESSAGES).strip():
        return said.splitlines()[-_TAIL_LINES:]
    texts = (read_text(output / name) for name in (STDERR, TERMINAL))
    lines = [line for text in texts for line in text.splitlines() if RUNTIME_NAME in line]
    return lines[-_TAIL_LINES:]


def require_right_clock(counters: Mapping[str, float]) -> None:
    """See to it that the guest's clock runs as simulated time does, if the guest compared them.

    A guest that was calibrated while KVM ran it may have a clock that is wrong.

    Raises:
        SimulationFailedError: It does not.
    """
    ticks = counters.get(CLOCK_TICKS, 0)
    own = counters.get(CLOCK_NANOSECONDS, 0) * _TICKS_PER_NANOSECOND
    if ticks and abs(own / ticks - 1) > CLOCK_TOLERANCE:
        raise SimulationFailedError(
            "guest failed",
            "the guest's clock does not run as simulated time does",
            expected=f"{ticks:.0f} ticks, within {CLOCK_TOLERANCE:.0%}",
            got=f"{own:.0f} ticks",
            way_out="boot with --boot atomic",
        )


def incomplete(ended: Ended, what: str, got: str = "") -> SimulationFailedError:
    """Return the error about something that a finished run must have left and did not."""
    return _failure("evidence incomplete", what, ended, got=got)


def _failure(
    cause: str, what: str, ended: Ended, *, expected: str = "", got: str = ""
) -> SimulationFailedError:
    terminal = ended.output / TERMINAL
    where = f"{ended.output / STDERR}"
    if terminal.is_file():
        where += f"; the guest's terminal: {terminal}"
    way_out = ""
    if is_disk_full(ended.output):
        what = f"the disk is full: {what}"
        way_out = "free some space, or choose another disk with --output"
    return SimulationFailedError(
        cause, what, where=where, expected=expected, got=got, way_out=way_out
    )


def read_text(path: Path) -> str:
    """Return a file's text, or its end if it is very large; empty if there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LARGEST_TEXT_BYTES))
            return file.read(_LARGEST_TEXT_BYTES).decode(errors="replace")
    except OSError:
        return ""
