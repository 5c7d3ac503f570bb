"""What the engine found, in the user's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.base.errors import BackendError, CoherenceError
from harness.base.units import format_ticks
from harness.bridge.descriptor import decode_command
from harness.compiler.program import Finalize, Flush, Invalidate, Invoke, Prepare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.compiler.program import Program

_NO_INDEX = 0xFFFFFFFF
_WINDOW_SHIFT = 40


def coherence_error(program: Program, hazard: Mapping[str, Any]) -> CoherenceError:
    """Describe an access that needed a Flush or an Invalidate before it."""
    operator = hazard["operator"]
    tensors = _buffers_at(program, hazard["window"], hazard["offset_bytes"], operator)
    known = operator != _NO_INDEX
    name = program.operators[operator].name if known else ""
    what = f"{hazard['requestor']} {hazard['kind']} line of buffer {tensors}"
    return CoherenceError(
        f'{what} in operator "{name}"',
        where=str(program.operators[operator].location) if known else "",
        expected="a Flush or Invalidate of that buffer before the access",
        got=(
            f"{_held(hazard)} at {format_ticks(hazard['tick'])}, host in step {hazard['step']}"
            f"{_command(hazard)}"
        ),
        way_out="set dma.coherent=true, or report the missing flush with this program",
    )


def _held(hazard: Mapping[str, Any]) -> str:
    if hazard["holder"]:
        return f"{hazard['holder']} holds the line {hazard['state']}"
    return "no cache holds newer data, by luck"


def _command(hazard: Mapping[str, Any]) -> str:
    return "" if hazard["command"] == _NO_INDEX else f", command {hazard['command']}"


def _buffers_at(program: Program, window: int | None, offset_bytes: int, operator: int) -> str:
    """Name the buffer at an address, by preference one that the operator's steps touch.

    Buffers of dead tensors are reused, so that several may share an address over time.
    """
    if window is None or window >= len(program.windows):
        return "outside all windows"
    there = [
        index
        for index, buffer in enumerate(program.buffers)
        if buffer.window == window
        and buffer.offset_bytes <= offset_bytes < buffer.offset_bytes + buffer.size_bytes
    ]
    touched = _buffers_of(program, operator)
    chosen = [index for index in there if index in touched] or there
    names = " or ".join(f'"{program.buffers[index].name}"' for index in chosen)
    place = f"{program.windows[window].name}+{offset_bytes:#x}"
    return f"{names} ({place})" if names else place


def _buffers_of(program: Program, operator: int) -> set[int]:
    touched: set[int] = set()
    for step in program.steps:
        action = step.action
        if step.operator != operator:
            continue
        if isinstance(action, (Flush, Invalidate)):
            ranges = program.ranges[action.first : action.first + action.count]
            touched.update(each.buffer for each in ranges)
        elif isinstance(action, (Prepare, Finalize)):
            copies = program.copies[action.first : action.first + action.count]
            touched.update(each.destination_buffer for each in copies)
            touched.update(each.source_buffer for each in copies)
        elif isinstance(action, Invoke):
            operands = decode_command(program.commands[action.command]).operands
            touched.update(index for each in operands for index in _holders(program, each.address))
    return touched


def _holders(program: Program, device_address: int) -> list[int]:
    window, offset = device_address >> _WINDOW_SHIFT, device_address & (1 << _WINDOW_SHIFT) - 1
    return [
        index
        for index, each in enumerate(program.buffers)
        if each.window == window and 0 <= offset - each.offset_bytes < each.size_bytes
    ]


def deadlock_error(tick: int, pending: Sequence[str]) -> BackendError:
    """Describe a simulation in which nothing can happen any more."""
    return BackendError(
        f"nothing can happen any more at {format_ticks(tick)}",
        got="; ".join(pending) or "no component waits",
        way_out="a model that never sends its final Actions does this, or a bug in harness",
    )
