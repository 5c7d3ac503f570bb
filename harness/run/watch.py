"""Ctrl-C, SIGTERM and the host time limit end a run in good order, at any moment."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness.base.errors import BackendError
from harness.base.signalled import dropped_signals_come_again, remember_signalled

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDING_SIGNALS = (
    *(signal.SIGTERM, signal.SIGHUP),
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU),
)
"""Signals that end a run as Ctrl-C does; batch systems send them, some as a warning only. The
interruption carries the signal's name."""


_INTERRUPTIONS = (signal.SIGINT, *ENDING_SIGNALS)


class HostTimeLimitError(BackendError):
    """The run used up the host time that `--timeout` allows."""


@contextmanager
def watched(timeout_s: float = 0.0) -> Iterator[None]:
    """Turn ending signals into KeyboardInterrupt, and the time limit into an error.

    Outside the main thread Python cannot catch signals; then nothing is watched.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    defaults = (signal.SIG_DFL, signal.default_int_handler)  # not nohup's, not our console's
    numbers = [n for n in _INTERRUPTIONS if signal.getsignal(n) in defaults]
    old = {number: signal.signal(number, _interrupt) for number in numbers}
    if timeout_s:

        def expire(number: int, _: Any) -> None:
            raise remember_signalled(_time_limit_error(timeout_s), number)

        old[signal.SIGALRM] = signal.signal(signal.SIGALRM, expire)
        signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        with dropped_signals_come_again():
            yield
    finally:
        if timeout_s:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in old.items():
            signal.signal(number, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let no signal interrupt what is kept of a run; it takes milliseconds."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, 0)
    numbers = (signal.SIGINT, *ENDING_SIGNALS)
    old = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


@contextmanager
def held() -> Iterator[None]:
    """Hold signals back while something begins that nobody could end yet; then let them act.

    Between a process's start and its handle's safe keeping an exception would lose the handle.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGALRM, *ENDING_SIGNALS)
    old = {number: signal.signal(number, lambda n, _: came.append(n)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(signal.Signals(came[0]))


def _interrupt(number: int, _: Any) -> None:
    """Interrupt once: what then cleans up is short, and a second signal must not break it off."""
    error = remember_signalled(KeyboardInterrupt(signal.Signals(number).name), number)
    for each in _INTERRUPTIONS:
        signal.signal(each, signal.SIG_IGN)
    raise error


def _time_limit_error(timeout_s: float) -> HostTimeLimitError:
    return HostTimeLimitError(
        "the run reached its limit of host time",
        expected=f"{timeout_s:g} s",
        way_out="raise --timeout, or leave it out",
    )
