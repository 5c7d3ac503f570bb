"""The guests' terminals: files in gem5's output folder in which a dying kernel says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.run.followed_file import FollowedFile

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = ("*.device", "*terminal*", "*.vt", "*.uart", "*uart*", "*.dmesg")
"""X86: system.pc.com_1.device; Arm: board.terminal; RISC-V: board.platform.terminal."""
PANIC = re.compile(r"Kernel panic - not syncing|end Kernel panic|Kernel panic: ")
"""After these a kernel does nothing any more; an Oops alone may kill one process only."""
_TROUBLE = re.compile(r"Kernel panic|\bOops\b|kernel BUG at|BUG: unable to handle")
_LONGEST_LINE = 300


class GuestTerminals:
    """Follows every terminal of an output folder while gem5 runs."""

    def __init__(self, outdir: Path) -> None:
        self._outdir = outdir
        self._followed: dict[Path, FollowedFile] = {}
        self.panic = ""
        """The line in which a kernel gave up; empty while none has."""
        self.trouble = ""
        """The first line that speaks of a kernel's trouble of any kind."""

    def look(self) -> None:
        """Read what was added to any terminal."""
        for path in terminal_files(self._outdir):
            followed = self._followed.setdefault(path, FollowedFile(path))
            while lines := followed.lines():
                self._read(path, lines)

    def finish(self) -> None:
        """Read the rest, also a last line that nothing ended."""
        self.look()
        for path, followed in self._followed.items():
            self._read(path, [followed.rest()])

    def _read(self, path: Path, lines: list[str]) -> None:
        for line in lines:
            if not self.trouble and _TROUBLE.search(line):
                self.trouble = f"{path.name}: {line.strip()[:_LONGEST_LINE]}"
            if not self.panic and PANIC.search(line):
                self.panic = f"{path.name}: {line.strip()[:_LONGEST_LINE]}"


def terminal_files(outdir: Path) -> list[Path]:
    """Return the files that are guests' terminals."""
    found = {path for name in _NAMES for path in outdir.glob(name) if path.is_file()}
    return sorted(found)
