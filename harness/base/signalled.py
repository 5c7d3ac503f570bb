"""Exceptions that signal handlers raise, and that must arrive.

Python drops an exception that is raised while it runs a callback of its own (an import lock's, a
finaliser's): it hands it to `sys.unraisablehook` and goes on as if nothing had come. A signal whose
exception was dropped so is sent again, a little later.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_AGAIN_AFTER_S = 0.005


@dataclass(frozen=True)
class _Raised:
    error: BaseException
    number: int
    handler: Any


_raised: list[_Raised] = []
"""The newest exception of a handler, none or one."""


def remember_signalled(error: BaseException, number: int) -> BaseException:
    """Return the exception that the handler of a signal is about to raise, and remember it.

    Call it before the handler changes what the signal does: that is what is put back.
    """
    _raised[:] = [_Raised(error, number, signal.getsignal(number))]
    return error


@contextmanager
def dropped_signals_come_again() -> Iterator[None]:
    """Send a signal again whose exception Python dropped; its handler acts a second time."""
    before = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if _raised and unraisable.exc_value is _raised[0].error:
            _send_again(_raised[0])
        else:
            before(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _send_again(raised: _Raised) -> None:
    signal.signal(raised.number, raised.handler)
    again = threading.Timer(_AGAIN_AFTER_S, os.kill, (os.getpid(), raised.number))
    again.daemon = True
    again.start()
