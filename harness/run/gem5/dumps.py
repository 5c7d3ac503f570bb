"""gem5's stats.txt cut into its dumps, each kept as the text that gem5 wrote."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.run.gem5.device_log import Mark
from harness.stats.writer import BEGIN_LINE, END_LINE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.run.gem5.device_log import Marks

_NUMBER = re.compile(r"^(finalTick|simTicks)\s+(\d+)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RawDump:
    """One dump.

    Attributes:
        text: From the empty line before its Begin line to the end of its End line.
        is_complete: Whether the End line is there.
        ticks: The ticks that it is about; 0 if it does not say.
        final_tick: The tick at which it was written; -1 if it does not say.
    """

    text: str
    is_complete: bool
    ticks: int
    final_tick: int


def read_dumps(path: Path) -> list[RawDump]:
    """Return the dumps of a stats.txt; none if there is no such file."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    starts = [
        match.start() for match in re.finditer(rf"^{re.escape(BEGIN_LINE)}", text, re.MULTILINE)
    ]
    ends = [*starts[1:], len(text)]
    return [_dump(text[begin:end]) for begin, end in zip(starts, ends, strict=False)]


def _dump(text: str) -> RawDump:
    numbers = {name: int(value) for name, value in _NUMBER.findall(text)}
    end = re.search(rf"^{re.escape(END_LINE)}.*\n", text, re.MULTILINE)
    whole = text[: end.end()] if end else text.rstrip("\n") + "\n"
    ticks, final_tick = numbers.get("simTicks", 0), numbers.get("finalTick", -1)
    return RawDump(f"\n{whole}", end is not None, ticks, final_tick)


def dumps_at_ends(dumps: Sequence[RawDump], marks: Marks) -> list[RawDump | None]:
    """Return, for each inference whose end was marked, the dump that was written there."""
    ends = sorted(int(tick) for tick in marks["tick"][marks["code"] == Mark.END])
    begins = sorted(int(tick) for tick in marks["tick"][marks["code"] == Mark.BEGIN])
    return [
        next((dump for dump in dumps if dump.is_complete and end <= dump.final_tick < limit), None)
        for end, limit in zip(ends, [*begins[1:], *([sys.maxsize] * len(ends))], strict=False)
    ]
