"""The last complete dump, found from a file's end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.stats.source import Source

BEGIN = b"---------- Begin Simulation Statistics ----------"
END = b"---------- End Simulation Statistics   ----------"
_FIRST_STEP_BYTES = 1 << 20


def last_complete_dump(source: Source) -> tuple[int, int] | None:
    """Return the offsets of the last complete dump of a file that is not compressed.

    Returns:
        Offset of its Begin line and offset after its End line; None if there is none.
    """
    size = source.size()
    begin, step = size, _FIRST_STEP_BYTES
    text = b""
    while begin > 0:
        step = min(step, begin)
        text = b"".join(map(bytes, source.blocks(begin - step, begin))) + text
        begin -= step
        step = len(text)
        place = _place(text, is_start=begin == 0)
        if place is not None:
            return begin + place[0], begin + place[1]
    return None


def _place(text: bytes, *, is_start: bool) -> tuple[int, int] | None:
    end = text.rfind(b"\n" + END)
    if end < 0:
        return None
    mark = text.rfind(b"\n" + BEGIN, 0, end + 1)
    if mark < 0 and not (is_start and text.startswith(BEGIN)):
        return None
    newline = text.find(b"\n", end + 1)
    return mark + 1, len(text) if newline < 0 else newline + 1
