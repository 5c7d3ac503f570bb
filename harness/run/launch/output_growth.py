"""How much gem5 has written: the sizes and times of the files in its output folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DEEPEST = 3
_MOST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class OutputState:
    """The output folder at one moment; any difference between two means that gem5 wrote."""

    files: int
    size_bytes: int
    newest_ns: int


def output_state(outdir: Path) -> OutputState:
    """Look at the files of an output folder, some levels deep."""
    files = size_bytes = newest_ns = 0
    for entry in _entries(str(outdir), 0):
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        files += 1
        size_bytes += found.st_size
        newest_ns = max(newest_ns, found.st_mtime_ns)
        if files >= _MOST_FILES:
            break
    return OutputState(files, size_bytes, newest_ns)


def _entries(folder: str, depth: int) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError:
        return
    for entry in entries:
        if not entry.is_dir(follow_symlinks=False):
            yield entry
        elif depth < _DEEPEST:
            yield from _entries(entry.path, depth + 1)
