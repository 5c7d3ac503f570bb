"""Fixed little-endian records of the bridge: nodes, completions, device addresses.

Layouts are normative in `proto/README.md` section 5; the dtypes here are those tables.
"""

from __future__ import annotations

import struct
from enum import IntEnum

import numpy as np

from harness.base.errors import ProtocolError

NODE_DTYPE = np.dtype(
    [
        ("id", "<u4"),
        ("kind", "u1"),
        ("interface", "u1"),
        ("stream", "u1"),
        ("unit", "u1"),
        ("address", "<u8"),
        ("value", "<u8"),
        ("row_bytes", "<u4"),
        ("rows", "<u4"),
        ("stride_bytes", "<u8"),
        ("data_offset", "<u8"),
        ("first_dependence", "<u4"),
        ("dependences", "<u4"),
        ("operand", "<u4"),
        ("flags", "<u4"),
    ]
)
"""One node of an Actions message, 64 bytes."""

COMPLETION_DTYPE = np.dtype(
    [
        ("id", "<u4"),
        ("status", "<u4"),
        ("issue_tick", "<u8"),
        ("first_tick", "<u8"),
        ("last_tick", "<u8"),
    ]
)
"""One ended node of an Event message, 32 bytes."""

NODE_BYTES = 64
COMPLETION_BYTES = 32
NODE_STRUCT = struct.Struct("<IBBBBQQIIQQIIII")
"""The same layout as `NODE_DTYPE`, for building node by node."""

FIRST_NOTIFY_ID = 0x80000000
"""Ids of NOTIFY nodes start here, so that the ids of work do not depend on how often one asks."""

MAXIMUM_STREAMS = 16
WINDOW_SHIFT = 40
OFFSET_MASK = (1 << WINDOW_SHIFT) - 1
MAXIMUM_WINDOWS = 1 << (64 - WINDOW_SHIFT)


class NodeKind(IntEnum):
    """What a node does."""

    READ = 1
    WRITE = 2
    COMPUTE = 3
    FENCE = 4
    IRQ = 5
    SET_REGISTER = 6
    NOTIFY = 7


class Interface(IntEnum):
    """How a READ or WRITE reaches memory."""

    DMA = 1
    ACP = 2
    CACHE = 3
    DIRECT = 4


class CompletionStatus(IntEnum):
    """How a node ended."""

    OK = 0
    BUS_ERROR = 1


def device_address(window: int, offset_bytes: int) -> int:
    """Return the address of a byte of a window as the device sees it.

    Raises:
        ProtocolError: The window id or the offset does not fit its field.
    """
    if not 0 <= window < MAXIMUM_WINDOWS or not 0 <= offset_bytes <= OFFSET_MASK:
        raise ProtocolError(
            "device address does not fit",
            expected=f"window below {MAXIMUM_WINDOWS}, offset below {OFFSET_MASK + 1}",
            got=f"window {window}, offset {offset_bytes}",
        )
    return window << WINDOW_SHIFT | offset_bytes


def split_device_address(address: int) -> tuple[int, int]:
    """Return (window, offset in bytes) of a device address."""
    return address >> WINDOW_SHIFT, address & OFFSET_MASK
