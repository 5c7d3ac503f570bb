"""The readers that are compared, each a program: `python stats_readers.py NAME FILE`."""

from __future__ import annotations

import re
import resource
import sys
import time
from fnmatch import translate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SELECTED = ["simTicks", "system.cpu07.component.ipc"]
WILDCARD = "**.ipc"

_LINE = re.compile(
    r"^(\S+)\s+(nan|-?inf|-?\d+(?:\.\d+)?)(?:\s+\S+%)*\s*(?:#\s*(.*?))?(?:\s\((\S+)\))?$"
)
_CELLS = re.compile(r"\|\s*(\S+)")


def raw_read(path: str) -> int:
    """Read the bytes, nothing else."""
    size, block = 0, bytearray(1 << 20)
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - the barest way is the measure
        while count := file.readinto(block):
            size += count
    return size


def iterate_lines(path: str) -> int:
    """Iterate over the lines, as bytes."""
    with open(path, "rb") as file:  # noqa: PTH123 - see above
        return sum(1 for _ in file)


def regex_reader(path: str, is_wanted: Callable[[str], object] | None = None) -> int:
    """Match a regular expression with each line and keep values: what most scripts do."""
    dumps: list[dict[str, float]] = []
    comments: dict[str, tuple[str, str]] = {}
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - see above
        for line in file:
            if "Begin Simulation" in line:
                dumps.append({})
            elif " |" in line:
                name = line.split(None, 1)[0]
                if is_wanted is None or is_wanted(name):
                    for index, value in enumerate(_CELLS.findall(line)):
                        dumps[-1][f"{name}::{index}"] = float(value)
            elif (match := _LINE.match(line)) and (is_wanted is None or is_wanted(match[1])):
                dumps[-1][match[1]] = float(match[2])
                comments[match[1]] = (match[3] or "", match[4] or "")
    return sum(map(len, dumps))


def split_reader(path: str) -> int:
    """Split each line and keep the values in one dictionary a dump."""
    dumps: list[dict[str, float]] = []
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - see above
        for line in file:
            words = line.split(None, 2)
            if "Begin Simulation" in line:
                dumps.append({})
            elif " |" in line:
                for index, cell in enumerate(line.split(" |")[1:]):
                    dumps[-1][f"{words[0]}::{index}"] = float(cell.split(None, 1)[0])
            elif len(words) > 1 and not line.startswith("-----"):
                dumps[-1][words[0]] = float(words[1])
    return sum(map(len, dumps))


def harness_full(path: str) -> int:
    """Read everything and keep it: values, shares, descriptions, units."""
    from harness.stats.reader import read_stats

    return sum(map(len, read_stats(path)))


def harness_selected(path: str) -> int:
    """Read two statistics of every dump."""
    from harness.stats.reader import open_stats

    return sum(map(len, open_stats(path).read(SELECTED)))


def harness_wildcard(path: str) -> int:
    """Read what a wildcard chooses of every dump."""
    from harness.stats.reader import open_stats

    return sum(map(len, open_stats(path).read([WILDCARD])))


def harness_index(path: str) -> int:
    """Find every dump."""
    from harness.stats.reader import open_stats

    return len(open_stats(path).dumps)


def harness_last(path: str) -> int:
    """Read one statistic of the last dump."""
    from harness.stats.reader import open_stats

    return len(open_stats(path).last(SELECTED[1:]))


READERS: dict[str, Callable[[str], int]] = {
    "raw": raw_read,
    "lines": iterate_lines,
    "split": split_reader,
    "regex": regex_reader,
    "regex_selected": lambda path: regex_reader(path, frozenset(SELECTED).__contains__),
    "regex_wildcard": lambda path: regex_reader(path, re.compile(translate(WILDCARD)).match),
    "full": harness_full,
    "selected": harness_selected,
    "wildcard": harness_wildcard,
    "index": harness_index,
    "last": harness_last,
}


def main() -> None:
    """Run one reader and print its CPU seconds, wall seconds, peak memory and count."""
    import harness.stats.reader  # noqa: F401 - imports are not what is measured

    name, path = sys.argv[1:]
    wall, cpu = time.perf_counter(), time.process_time()
    count = READERS[name](path)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"{cpu} {wall} {peak} {count}\n")


if __name__ == "__main__":
    main()
