"""The timeline's record: who did what when; both backends write it, phases are computed from it."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.array_file import read_array
from harness.base.errors import StatsError

if TYPE_CHECKING:
    from pathlib import Path

    Timeline = np.ndarray[Any, np.dtype[np.void]]

TIMELINE_DTYPE = np.dtype(
    [
        ("begin", "<u8"),
        ("end", "<u8"),
        ("kind", "<u2"),
        ("track", "<u2"),
        ("detail", "<u2"),
        ("reserved", "<u2"),
        ("operator", "<u4"),
        ("item", "<u4"),
        ("command", "<u4"),
        ("node", "<u4"),
        ("bytes", "<u8"),
    ]
)
"""48 bytes, little-endian; ticks are half open: [begin, end)."""

NO_INDEX = 0xFFFFFFFF
"""`operator`, `item`, `command` and `node` of records that belong to none."""


class TimelineKind(IntEnum):
    """What a record says; `track` and `detail` depend on it."""

    HOST = 1
    """Host thread `track` works; `detail` is the phase's code."""
    HOST_WAIT = 2
    """Host thread `track` waits; `detail` is a `WaitReason`."""
    COMMAND = 3
    """Accelerator `track` has a command."""
    UNIT = 4
    """Unit `detail` of accelerator `track` is busy."""
    TRANSFER = 5
    """Accelerator `track` moves `bytes` through interface `detail`."""
    INTERRUPT = 6
    """Accelerator `track` interrupts."""


class WaitReason(IntEnum):
    """What a waiting host thread waits for."""

    ACCELERATORS = 1
    WORKERS = 2
    OTHER = 3


INTERFACE_NAMES = {1: "dma", 2: "acp", 3: "cache", 4: "direct"}
"""Codes of memory interfaces, as in proto/README.md section 5.1."""


def empty_timeline() -> Timeline:
    """Return a timeline without records."""
    return np.zeros(0, dtype=TIMELINE_DTYPE)


def read_timeline(path: Path) -> Timeline:
    """Read `timeline.npy`.

    Raises:
        StatsError: The file is missing, truncated or holds something else.
    """
    records: Timeline = read_array(path, StatsError, "the timeline")
    if records.dtype != TIMELINE_DTYPE or records.ndim != 1:
        raise StatsError(
            "the file is not a timeline of this version",
            where=str(path),
            got=f"array of {records.dtype}, shape {records.shape}",
        )
    return records
