"""A command with good and bad days, for sweeps under test: `day.py DAY NUMBER FOLDER`."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

_LONG_S = 600


def main() -> int:
    """Have a day."""
    day, number, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    marker = folder / f"{day}-{number}"
    is_first = not marker.exists()
    marker.touch()
    if day == "exit":
        return 3
    if day == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if day == "memory":
        waste = bytearray(b"x") * (600 << 20)
        time.sleep(_LONG_S)
        del waste
    if day == "sleep" or (day == "once" and is_first):
        time.sleep(_LONG_S)
    while day == "until" and not (folder / "go-on").exists():
        time.sleep(0.1)
    if day == "worker" and is_first:
        _kill_workers()
        time.sleep(_LONG_S)
    return 0


def _kill_workers() -> None:
    """Kill all that is above this process, up to the batch script's process."""
    pid = os.getppid()
    while pid > 1:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        if b"harness.sweep.worker" not in words:
            return
        os.kill(pid, signal.SIGKILL)
        pid = parent


if __name__ == "__main__":
    sys.exit(main())
