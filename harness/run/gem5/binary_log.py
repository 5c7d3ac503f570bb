"""Logs of fixed little-endian records, as the guest, the device and the probes write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.errors import StatsError

if TYPE_CHECKING:
    from pathlib import Path

    Records = np.ndarray[Any, np.dtype[Any]]


def read_records(path: Path, dtype: np.dtype[Any], what: str) -> Records:
    """Read a whole log.

    Args:
        path: The file.
        dtype: Its record.
        what: What the file is, for the message.

    Raises:
        StatsError: The file is missing, or ends inside a record.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StatsError(
            f"cannot read {what}: {error.strerror or error}",
            where=str(path),
            way_out="gem5's own output in the same directory says why the run left none",
        ) from error
    left_over = len(data) % dtype.itemsize
    if left_over:
        raise StatsError(
            f"{what} is cut off",
            where=f"{path}, byte {len(data) - left_over}",
            expected=f"records of {dtype.itemsize} B",
            got=f"{left_over} B at the end",
        )
    return np.frombuffer(data, dtype)


def check_records(path: Path, records: Records, good: Any, what: str, expected: str) -> None:
    """Refuse a log of which not all records are good.

    Args:
        path: The file, for the message.
        records: Its records.
        good: One truth value for each.
        what: What is wrong with the others.
        expected: What would have been right.

    Raises:
        StatsError: It names the first record that is not good.
    """
    bad = np.flatnonzero(~np.asarray(good, dtype=bool))
    if bad.size:
        first = int(bad[0])
        raise StatsError(
            what,
            where=f"{path}, record {first}",
            expected=expected,
            got=record_text(records[first]),
        )


def record_text(record: Any) -> str:
    """Return a record's fields as text."""
    return ", ".join(f"{name} {int(record[name])}" for name in record.dtype.names)


def is_ordered(ticks: Records) -> Records:
    """Tell of each value whether it is no smaller than the one before."""
    good = np.ones(len(ticks), dtype=bool)
    good[1:] = ticks[1:] >= ticks[:-1]
    return good
