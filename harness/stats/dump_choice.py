"""Which dumps a user means: `first`, `last`, `all`, `3`, `2..5`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.base.errors import StatsError
from harness.stats.scan_pass import missing_dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.stats.dump import Dump
    from harness.stats.stats_file import StatsFile

LAST = "last"
_RANGE = re.compile(r"(\d+)(?:\.\.(\d+))?")


def chosen_numbers(stats: StatsFile, choice: str) -> list[int]:
    """Return the numbers of the chosen dumps; `last` is the last complete one, if there is any.

    Raises:
        StatsError: There are no dumps, or no such one.
    """
    count = len(stats.dumps)
    if not count:
        raise missing_dump(stats.source)
    if choice == LAST:
        complete = [entry.index for entry in stats.dumps if entry.is_complete]
        return [number for number in complete[-1:] if number is not None] or [count - 1]
    if choice in {"first", "all"}:
        return list(range(count if choice == "all" else 1))
    match = _RANGE.fullmatch(choice)
    begin, end = (int(match[1]), int(match[2] or match[1])) if match else (0, count)
    if match is None or not begin <= end < count:
        raise StatsError(
            "--dump: no such dump",
            where=stats.where,
            expected=f"first, last, all, N or N..M, from 0 to {count - 1}",
            got=choice,
        )
    return list(range(begin, end + 1))


def chosen_dumps(
    stats: StatsFile, choice: str, patterns: Iterable[str] | None = None
) -> Iterator[Dump]:
    """Yield the chosen dumps, read with the names that match only.

    `last` costs no more in a large file than in a small one.
    """
    if choice == LAST:
        yield stats.last(patterns)
        return
    numbers = chosen_numbers(stats, choice)
    if len(numbers) == len(stats.dumps):
        yield from stats.read(patterns)
    else:
        yield from stats.read(patterns, numbers)
