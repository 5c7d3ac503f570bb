"""Units of time, size and rate: one tick is one picosecond, as in gem5.

Quantities in files always carry their unit ("2.5 GHz", "32 KiB", "12 ns"); inside the program
the unit is in the name (`latency_ticks`, `size_bytes`, `frequency_hz`).
"""

from __future__ import annotations

import re
from fractions import Fraction

from harness.base.errors import SpecError

TICKS_PER_SECOND = 10**12
"""Ticks in a second: 1 tick = 1 ps (gem5's default `ticks.setGlobalFrequency`)."""

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

_SIZE_BYTES = {"B": 1, "KiB": KIB, "MiB": MIB, "GiB": GIB}
_TIME_TICKS = {"ps": 1, "ns": 10**3, "us": 10**6, "ms": 10**9, "s": 10**12}
_FREQUENCY_HZ = {"Hz": 1, "kHz": 10**3, "MHz": 10**6, "GHz": 10**9}
_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z/]+)\s*")


def _parse(text: object, scale: dict[str, int], kind: str) -> Fraction:
    match = _QUANTITY.fullmatch(text) if isinstance(text, str) else None
    if match is None or match[2] not in scale:
        raise SpecError(
            f"not a {kind}",
            expected=f"a number and one of {', '.join(scale)}, such as '4 {list(scale)[-1]}'",
            got=repr(text),
        )
    return Fraction(match[1]) * scale[match[2]]


def _parse_whole(text: object, scale: dict[str, int], kind: str, unit: str) -> int:
    value = _parse(text, scale, kind)
    if value.denominator != 1:
        raise SpecError(f"{kind} is not a whole number of {unit}", got=repr(text))
    return int(value)


def parse_size_bytes(text: object) -> int:
    """Parse "32 KiB" into bytes; units are B, KiB, MiB and GiB.

    Raises:
        SpecError: No unit, an unknown one, or not a whole number of bytes.
    """
    return _parse_whole(text, _SIZE_BYTES, "size", "bytes")


def parse_time_ticks(text: object) -> int:
    """Parse "12 ns" into ticks (ps); an inexact conversion is an error."""
    return _parse_whole(text, _TIME_TICKS, "time", "ticks (ps)")


def parse_frequency_hz(text: object) -> int:
    """Parse "2.5 GHz" into Hz."""
    return _parse_whole(text, _FREQUENCY_HZ, "frequency", "Hz")


def period_ticks(frequency_hz: int) -> int:
    """Return a clock's period in ticks.

    Raises:
        SpecError: The period is not a whole number of picoseconds.
    """
    if frequency_hz <= 0 or TICKS_PER_SECOND % frequency_hz:
        raise SpecError(
            "the clock's period is not a whole number of picoseconds",
            got=f"{frequency_hz} Hz",
            way_out="choose a frequency that divides 1 THz, such as 1 GHz, 1.25 GHz or 2.5 GHz",
        )
    return TICKS_PER_SECOND // frequency_hz


def format_ticks(ticks: int) -> str:
    """Format ticks for people: "1.234 ms"; four significant digits."""
    for unit in ("s", "ms", "us", "ns"):
        if ticks >= _TIME_TICKS[unit]:
            return f"{ticks / _TIME_TICKS[unit]:.4g} {unit}"
    return f"{ticks} ps"


def format_bytes(size_bytes: int) -> str:
    """Format a size for people: "1.25 MiB"; four significant digits."""
    for unit in ("GiB", "MiB", "KiB"):
        if size_bytes >= _SIZE_BYTES[unit]:
            return f"{size_bytes / _SIZE_BYTES[unit]:.4g} {unit}"
    return f"{size_bytes} B"
