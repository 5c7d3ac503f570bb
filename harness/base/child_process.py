"""Child processes: whether one has ended, and how; its status stays for who waits for it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress


def has_ended(pid: int) -> bool:
    """Tell whether a child that nobody has waited for yet has ended; its number stays its own."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def end_text(status: int) -> str:
    """Say how a process ended, from its exit status, negative for a signal."""
    if status >= 0:
        return f"exit status {status}"
    with suppress(ValueError):
        return f"killed by {signal.Signals(-status).name}"
    return f"killed by signal {-status}"
