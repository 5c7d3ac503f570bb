"""What the engine found, in the user's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.base.errors import BackendError, CoherenceError
from harness.base.units import format_ticks
from harness.compiler.program import Finalize, Flush, Invalidate, Prepare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.compiler.program import Program

_NO_INDEX = 0xFFFFFFFF


def coherence_error(program: Program, hazard: Mapping[str, Any]) -> CoherenceError:
    """Describe a non-coherent DMA access that met a cached line."""
    operator = hazard["operator"]
    tensors = _buffers_at(program, hazard["window"], hazard["offset_bytes"], operator)
    known = operator != _NO_INDEX
    name = program.operators[operator].name if known else ""
    verb = "reads" if hazard["is_read"] else "writes"
    lines = "a dirty" if hazard["is_read"] else "a cached"
    return CoherenceError(
        f'{hazard["requestor"]} {verb} {lines} line of buffer {tensors} in operator "{name}"',
        where=str(program.operators[operator].location) if known else "",
        expected="a Flush or Invalidate of that buffer before the access",
        got=(
            f"{hazard['holder']} holds the line {hazard['state']} at "
            f"{format_ticks(hazard['tick'])}, host in step {hazard['step']}, "
            f"command {hazard['command']}"
        ),
        way_out="set dma.coherent=true, or report the missing flush with this program",
    )


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
    return touched


def deadlock_error(tick: int, pending: Sequence[str]) -> BackendError:
    """Describe a simulation in which nothing can happen any more."""
    return BackendError(
        f"nothing can happen any more at {format_ticks(tick)}",
        got="; ".join(pending) or "no component waits",
        way_out="a model that never sends its final Actions does this, or a bug in harness",
    )
