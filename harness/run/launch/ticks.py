"""Simulated time as the files of any script show it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.run.followed_file import FollowedFile
from harness.run.launch.notes import latest_tick
from harness.run.launch.places import OUTDIR, STDOUT

if TYPE_CHECKING:
    from pathlib import Path

_PRINTED = re.compile(r"(?:\btick|\bTick|@ tick|curTick\(?\)?)\s*[:=]?\s*(\d{1,20})\b")
_DUMPED = re.compile(rb"^(?:finalTick|final_tick)\s+(\d{1,20})\b", re.MULTILINE)
_OVERLAP_BYTES = 256
_MOST_READS = 64


class Ticks:
    """The largest tick that was noted by gem5, printed by its script, or dumped."""

    def __init__(self, run: Path, stats: str) -> None:
        outdir = run / OUTDIR
        self._run = run
        self._printed = FollowedFile(outdir / STDOUT)
        self._dumped = FollowedFile(outdir / stats)
        self._rest = b""
        self.tick = 0

    def look(self) -> int:
        """Read what was added, and return the largest tick until now."""
        found = [self.tick, latest_tick(self._run)]
        for _ in range(_MOST_READS):
            lines = self._printed.lines()
            if not lines:
                break
            found += [int(match[1]) for line in lines if (match := _PRINTED.search(line))]
        for _ in range(_MOST_READS):
            data = self._dumped.added()
            if not data:
                break
            text = self._rest + data
            found += [int(number) for number in _DUMPED.findall(text)]
            self._rest = text[-_OVERLAP_BYTES:]
        self.tick = max(each for each in found if each < 1 << 64)
        return self.tick
