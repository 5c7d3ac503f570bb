"""Ends gem5, and all that it started, when harness itself is killed."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress

_RELEASE = b"done\n"
_SCRIPT = 'read -r line; [ "$line" = done ] || kill -s KILL -- "-$1"'


class Warden:
    """A shell of one line that reads from a pipe: its end without a word is harness's death.

    The kernel ends the direct child of a killed harness; the gem5 that a wrapper started, and
    gem5's forks, would go on for days.
    """

    def __init__(self, group: int) -> None:
        read_end, self._write_end = os.pipe()
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _SCRIPT, "harness-warden", str(group)],
                stdin=read_end,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        finally:
            os.close(read_end)

    def release(self) -> None:
        """Let the warden go: gem5 has ended."""
        with suppress(OSError):
            os.write(self._write_end, _RELEASE)
        os.close(self._write_end)
        self._process.wait()
