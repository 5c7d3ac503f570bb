"""A stats.txt that a running gem5 still writes: each dump as soon as its End line is there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness.base.errors import StatsError
from harness.stats.names import NameFilter, Names
from harness.stats.scan_pass import HEAD_BYTES, ScanPass, look_at_head
from harness.stats.source import Source
from harness.stats.stats_file import dump_from_columns
from harness.stats.tail import END

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from harness.stats.dump import Dump


class FollowedStats:
    """A growing file. `poll` never waits; a dump is given out once, when it is whole.

    If the file becomes shorter or another one takes its name, a new run writes it: following begins
    again at its first dump.
    """

    def __init__(self, path: Path, patterns: Iterable[str] | None = None) -> None:
        self._path = path
        self._wanted = None if patterns is None else NameFilter(patterns)
        self._identity = (0, 0)
        self._offset = 0
        self._names = Names()
        self._pass: ScanPass | None = None
        self._given = 0

    def poll(self) -> Iterator[Dump]:
        """Yield the dumps that were finished since the last call.

        Raises:
            StatsError: The file is compressed, cannot be read, or a line is not gem5's.
        """
        if not self._path.is_file():
            return
        source = Source(self._path)
        if source.is_compressed:
            raise StatsError("a compressed file cannot be followed", where=source.where)
        self._notice_new_run(source)
        if self._pass is None:
            self._pass = self._begun(source)
        if self._pass is None:
            return
        for block in source.blocks(self._offset):
            self._offset += len(block)
            for columns in self._pass.feed(block):
                yield dump_from_columns(self._names, columns, None, self._given)
                self._given += 1
        if self._pass.better_reading is not None:
            raise StatsError("lines are shifted out of gem5's columns", where=source.where)

    def _notice_new_run(self, source: Source) -> None:
        status = source.path.stat()
        identity = (status.st_dev, status.st_ino)
        if identity != self._identity or status.st_size < self._offset:
            self._identity, self._offset, self._given = identity, 0, 0
            self._names, self._pass = Names(), None

    def _begun(self, source: Source) -> ScanPass | None:
        """Return a pass once the file holds enough to tell how it is set."""
        head = b"".join(map(bytes, source.blocks(0, HEAD_BYTES)))
        if len(head) < HEAD_BYTES and END not in head:
            return None
        return ScanPass(source, self._names, look_at_head(source), self._wanted)


def follow(
    path: Path, patterns: Iterable[str] | None = None, interval_s: float = 1.0
) -> Iterator[Dump]:
    """Yield dumps for ever, looking at the file every `interval_s` seconds."""
    followed = FollowedStats(path, patterns)
    while True:
        yield from followed.poll()
        time.sleep(interval_s)
