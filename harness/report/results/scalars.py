"""Values of parameters as numbers: `4`, "512 KiB", "2.5 GHz", "20 cycles"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.report.results.collection import Scalar

_SCALES: dict[str, tuple[float, str]] = {
    "": (1, ""),
    "cycles": (1, "cycles"),
    "B": (1, "B"),
    "KiB": (2**10, "B"),
    "MiB": (2**20, "B"),
    "GiB": (2**30, "B"),
    "kB": (2**10, "B"),
    "MB": (2**20, "B"),
    "GB": (2**30, "B"),
    "ps": (1e-12, "s"),
    "ns": (1e-9, "s"),
    "us": (1e-6, "s"),
    "ms": (1e-3, "s"),
    "s": (1, "s"),
    "Hz": (1, "Hz"),
    "kHz": (1e3, "Hz"),
    "MHz": (1e6, "Hz"),
    "GHz": (1e9, "Hz"),
    "B/s": (1, "B/s"),
    "MB/s": (1e6, "B/s"),
    "GB/s": (1e9, "B/s"),
    "MiB/s": (2**20, "B/s"),
    "GiB/s": (2**30, "B/s"),
}
"""Unit to its factor and base unit. Sizes in kB, MB and GB are powers of two, as gem5 reads them
(v24.0, src/python/m5/util/convert.py, binary_prefixes); harness's own files never spell them so."""

_QUANTITY = re.compile(r"\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*([A-Za-z/]*)\s*")


def scalar_quantity(value: Scalar) -> tuple[float, str] | None:
    """Return the number in its base unit, and that; None for words and flags."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value), ""
    match = _QUANTITY.fullmatch(value)
    if match is None or match[2] not in _SCALES:
        return None
    factor, unit = _SCALES[match[2]]
    return float(match[1]) * factor, unit


def scalar_number(value: Scalar) -> float | None:
    """Return the number in its base unit; None for words and flags."""
    quantity = scalar_quantity(value)
    return None if quantity is None else quantity[0]


def sort_key(value: Scalar) -> tuple[int, float, str]:
    """Order numbers by size, before words, which go by the alphabet."""
    number = scalar_number(value)
    return (1, 0.0, str(value)) if number is None else (0, number, str(value))
