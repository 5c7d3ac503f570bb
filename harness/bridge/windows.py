"""Checks of device addresses against the windows that Reset granted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.errors import ProtocolError
from harness.bridge.records import OFFSET_MASK, WINDOW_SHIFT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.bridge.descriptor import Command
    from harness.bridge.messages import DeviceWindow, MemoryRange


def check_operands(command: Command, windows: Sequence[DeviceWindow]) -> None:
    """Check that every operand lies inside its window, a written one inside a writable window.

    Raises:
        ProtocolError: One does not; the message names it.
    """
    for operand in command.operands:
        window = operand.address >> WINDOW_SHIFT
        is_inside = (
            window < len(windows)
            and (operand.address & OFFSET_MASK) + operand.size_bytes <= windows[window].size_bytes
        )
        if not is_inside or (operand.is_written and not windows[window].is_writable):
            raise ProtocolError(
                f'operand "{operand.name}" of command "{command.kernel}" leaves its window',
                expected=_describe(windows, window, is_written=operand.is_written),
                got=f"window {window}, offset {operand.address & OFFSET_MASK}, "
                f"{operand.size_bytes} bytes",
            )


def check_ranges(ranges: Iterable[MemoryRange], windows: Sequence[DeviceWindow]) -> None:
    """Check that functional reads lie inside windows.

    Raises:
        ProtocolError: One does not.
    """
    for each in ranges:
        window, offset_bytes = each.address >> WINDOW_SHIFT, each.address & OFFSET_MASK
        if (
            window >= len(windows)
            or each.size_bytes < 1
            or offset_bytes + each.size_bytes > windows[window].size_bytes
        ):
            raise ProtocolError(
                "a functional read leaves its window",
                expected=_describe(windows, window, is_written=False),
                got=f"window {window}, offset {offset_bytes}, {each.size_bytes} bytes",
            )


def _describe(windows: Sequence[DeviceWindow], window: int, *, is_written: bool) -> str:
    if window >= len(windows):
        return f"a window below {len(windows)}"
    right = "writable " if is_written else ""
    return f'a {right}range within {windows[window].size_bytes} bytes of "{windows[window].name}"'
