"""Whether gem5 left whole dumps of statistics; no line of them is parsed."""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.stats.writer import BEGIN_LINE, END_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK_BYTES = 1 << 20
_MARK = re.compile(rb"(%s|%s)" % (re.escape(BEGIN_LINE.encode()), re.escape(END_LINE.encode())))
_DEEPEST = ("", "*/", "*/*/")
DEFAULT_NAME = "stats.txt"


@dataclass(frozen=True, slots=True)
class StatsEvidence:
    """The dumps of a run.

    Attributes:
        files: The files of statistics that are not empty.
        dumps: How many whole dumps they hold.
        is_cut: Whether one ends inside a dump.
        is_text: Whether they are gem5's text; of others only their being there is known.
    """

    files: tuple[str, ...] = ()
    dumps: int = 0
    is_cut: bool = False
    is_text: bool = True


def stats_name(option: str) -> str:
    """Return the file that gem5's --stats-file names, without the kind and its parameters."""
    kind, colon, rest = option.partition("://")
    return (rest if colon else kind).partition("?")[0] or DEFAULT_NAME


def read_stats_evidence(outdir: Path, option: str) -> StatsEvidence:
    """Count the dumps below an output folder.

    Args:
        outdir: gem5's output folder.
        option: The value of its --stats-file; empty for gem5's own choice.
    """
    name = stats_name(option)
    is_text = "://" not in option or option.startswith("text://")
    patterns = [f"{each}{name}" for each in _DEEPEST]
    if Path(name).is_absolute():
        paths = [Path(name)]
    else:
        paths = [path for pattern in patterns for path in sorted(outdir.glob(pattern))]
    files = [path for path in paths if path.is_file() and path.stat().st_size]
    names = tuple(
        str(path.relative_to(outdir)) if path.is_relative_to(outdir) else str(path)
        for path in files
    )
    if not is_text:
        return StatsEvidence(names, len(files), is_text=False)
    counts = [_count(path) for path in files]
    return StatsEvidence(
        names, sum(dumps for dumps, _ in counts), any(is_cut for _, is_cut in counts)
    )


def _count(path: Path) -> tuple[int, bool]:
    """Return how many whole dumps a file holds, and whether it ends inside one."""
    dumps, is_open, is_broken, rest = 0, False, False, b""
    try:
        for chunk in _chunks(path):
            text = rest + chunk
            end = 0
            for match in _MARK.finditer(text):
                end = match.end()
                is_end = match[1] == END_LINE.encode()
                dumps += is_end and is_open
                is_broken |= is_open and not is_end
                is_open = not is_end
            rest = text[max(end, len(text) - len(BEGIN_LINE)) :]
    except (EOFError, zlib.error, OSError):  # a gzip file that was cut off
        is_broken = True
    return dumps, is_open or is_broken


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
    with gzip.open(path) if is_gzip else path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
