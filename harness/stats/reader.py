"""Read any gem5 stats.txt: several dumps, cut ones, vectors, distributions, one-line vectors.

Which lines a dump has differs from dump to dump (gem5 hides zeros and NaNs), so nothing here
relies on positions: lines are found by name.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import StatsError
from harness.stats.statistic import Statistic, is_unit

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN = "---------- Begin Simulation Statistics"
END = "---------- End Simulation Statistics"


@dataclass(frozen=True, slots=True)
class Dump:
    """One dump: its lines by name, in file order."""

    lines: dict[str, Statistic]
    is_complete: bool = True

    def __getitem__(self, name: str) -> float:
        try:
            return self.lines[name].value
        except KeyError:
            raise StatsError(f'no statistic "{name}" in this dump') from None

    def get(self, name: str, default: float = 0) -> float:
        """Return a value, or `default` if the line is not there (gem5 hides zeros)."""
        found = self.lines.get(name)
        return default if found is None else found.value

    def vector(self, name: str) -> dict[str, float]:
        """Return the elements of a vector or distribution by what follows `::`."""
        prefix = f"{name}::"
        return {
            key[len(prefix) :]: line.value
            for key, line in self.lines.items()
            if key.startswith(prefix)
        }

    def matching(self, pattern: str) -> list[Statistic]:
        """Return the lines whose name, or name before `::`, matches a shell pattern."""
        return [
            line
            for name, line in self.lines.items()
            if fnmatchcase(name, pattern) or fnmatchcase(name.split("::")[0], pattern)
        ]


def read_stats(path: str | Path) -> list[Dump]:
    """Read a stats.txt, or a .gz of one; the last dump may be cut off by a killed run.

    Raises:
        StatsError: The file cannot be read, holds no dump, or a line is not gem5's grammar.
    """
    try:
        raw = Path(path).read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8", "replace")
    except (OSError, EOFError, zlib.error) as error:
        raise StatsError(f"cannot read statistics: {error}", where=str(path)) from error
    dumps = parse_stats(text, str(path))
    if not dumps:
        raise StatsError(
            "the file holds no dump of statistics",
            where=str(path),
            got="an empty file" if not text.strip() else "no Begin line",
            way_out="a gem5 that was killed or panicked before its first dump leaves this",
        )
    return dumps


def parse_stats(text: str, where: str = "stats.txt") -> list[Dump]:
    """Parse the text of a stats.txt into its dumps."""
    dumps: list[Dump] = []
    lines: dict[str, Statistic] | None = None
    rows = text.split("\n")
    for number, row in enumerate(rows, start=1):
        if row.startswith(BEGIN):
            if lines is not None:
                dumps.append(Dump(lines, is_complete=False))
            lines = {}
        elif row.startswith(END):
            dumps.append(Dump(lines or {}, is_complete=lines is not None))
            lines = None
        elif row.strip():
            is_cut = number == len(rows)
            for statistic in _parse_row(row, f"{where}:{number}", is_cut=is_cut):
                lines = {} if lines is None else lines
                lines[statistic.name] = statistic
    if lines is not None:
        dumps.append(Dump(lines, is_complete=False))
    return dumps


def _parse_row(row: str, where: str, *, is_cut: bool) -> Iterator[Statistic]:
    """Parse one line; a last line without its newline is a cut one and is left out if broken."""
    left, _, comment = f"{row} ".partition(" # ")
    description, unit = _split_unit(comment.strip())
    try:
        if " |" in left:
            yield from _parse_one_line_vector(left, unit, description)
            return
        name, value, *fractions = left.split()
        shares = tuple(_parse_share(share) for share in fractions)
        yield Statistic(name, _parse_number(value), unit, description, shares)
    except ValueError as error:
        if not is_cut:
            raise StatsError("not a line of gem5 statistics", where=where, got=row) from error


def _parse_one_line_vector(left: str, unit: str, description: str) -> Iterator[Statistic]:
    """Parse `name | value share% share% | ...` (Ruby and Garnet)."""
    head, *cells = left.split(" |")
    (name,) = head.split()
    for index, cell in enumerate(cells):
        value, *shares = cell.split()
        fractions = tuple(_parse_share(share) for share in shares)
        yield Statistic(f"{name}::{index}", _parse_number(value), unit, description, fractions)


def _parse_number(text: str) -> float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _parse_share(text: str) -> float:
    if not text.endswith("%"):
        raise ValueError(text)
    return float(text[:-1]) / 100


def _split_unit(comment: str) -> tuple[str, str]:
    """Split "text (Unit)"; the last balanced group counts only if it is in gem5's vocabulary."""
    if not comment.endswith(")"):
        return comment, ""
    depth = 0
    for position in range(len(comment) - 1, -1, -1):
        depth += (comment[position] == ")") - (comment[position] == "(")
        if depth == 0:
            unit = comment[position + 1 : -1]
            return (comment[:position].rstrip(), unit) if is_unit(unit) else (comment, "")
    return comment, ""
