"""Program to engine image: tables of 64-bit integers, one row per entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.errors import InternalError
from harness.compiler.program import (
    Assignment,
    Buffer,
    Copy,
    CpuOperator,
    Finalize,
    Flush,
    Invalidate,
    Invoke,
    Prepare,
    Program,
    RunOnCpu,
    Step,
    Wait,
)
from harness.kernels.costs import RoutineCost, routine_cost
from harness.soc import _engine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DTYPE_CODES = {
    name: code
    for code, name in enumerate(
        ("fp32", "fp16", "bf16", "int8", "uint8", "int32", "int64", "bool"), start=1
    )
}
"""proto/README.md section 6."""

_MAXIMUM_RANK = 6
_NO_OPERATOR = 0xFFFFFFFF
_LOAD_STEP = 8
_STAGING_ALIGNMENT_BYTES = 64
_SLICES: dict[type, int] = {Prepare: 1, Flush: 2, Wait: 4, Invalidate: 5, Finalize: 6}


def pack_program(program: Program, *, is_pinned: bool = False) -> Any:
    """Return the engine's image of a program.

    A window is appended that stands for the user's memory: from there the host loads the inputs
    at the beginning of each inference (`staging_buffers`).

    Args:
        program: What runs.
        is_pinned: Its windows are user memory that the driver pins, so that the device finds their
            pages by a list.
    """
    image = _engine.ProgramImage()
    staging, staging_bytes = staging_buffers(program)
    buffers = (*program.buffers, *staging)
    windows = [(w.size_bytes, int(w.is_writable), int(is_pinned)) for w in program.windows]
    initial = [window.initial for window in program.windows]
    image.set_windows(_rows([*windows, (staging_bytes, 1, 0)]), [*initial, b""])
    image.set_buffers(
        _rows((b.window, b.offset_bytes, b.size_bytes) for b in buffers),
        [_form(b) for b in buffers],
    )
    image.set_copies(_rows(_copy_row(copy) for copy in program.copies))
    image.set_ranges(_rows((r.window, r.offset_bytes, r.size_bytes) for r in program.ranges))
    image.set_commands(list(program.commands))
    image.set_copy_cost(_rows([_cost_row(routine_cost("copy_nd"))]))
    _set_operators(image, program, len(program.buffers))
    _set_steps(image, program)
    image.is_dynamic = program.assignment is Assignment.DYNAMIC
    return image


def staging_buffers(program: Program) -> tuple[tuple[Buffer, ...], int]:
    """Return where the inputs lie in the user's memory, and the bytes of that window."""
    staging = []
    offset = 0
    for index in program.input_buffers:
        target = program.buffers[index]
        elements = int(np.prod(target.shape, dtype=np.int64))
        stored = max(int(np.prod(target.storage_shape, dtype=np.int64)), 1)
        size = elements * (target.size_bytes // stored)
        staging.append(
            Buffer(
                name=f"user.{target.name}",
                window=len(program.windows),
                offset_bytes=offset,
                size_bytes=size,
                dtype=target.dtype,
                layout=target.layout,
                shape=target.shape,
                storage_shape=target.shape,
                tensor=target.tensor,
            )
        )
        offset += -(-size // _STAGING_ALIGNMENT_BYTES) * _STAGING_ALIGNMENT_BYTES
    return tuple(staging), max(offset, 1)


def _rows(rows: Iterable[Sequence[int]]) -> bytes:
    return np.array(list(rows), dtype="<i8").tobytes()


def _form(buffer: Buffer) -> tuple[int, str, list[int], list[int]]:
    code = DTYPE_CODES[buffer.dtype]
    return code, buffer.layout, list(buffer.shape), list(buffer.storage_shape)


def _copy_row(copy: Copy) -> list[int]:
    rank = len(copy.extents)

    def padded(numbers: Sequence[int]) -> list[int]:
        return [*numbers, *([0] * (_MAXIMUM_RANK - len(numbers)))]

    return [
        copy.source_buffer,
        copy.source_offset_bytes,
        copy.destination_buffer,
        copy.destination_offset_bytes,
        rank,
        *padded(copy.extents),
        *padded(copy.source_strides_bytes),
        *padded(copy.destination_strides_bytes),
    ]


def _cost_row(cost: RoutineCost) -> tuple[int, int, int]:
    return round(1000 * cost.call), round(1000 * cost.row), round(1000 * cost.unit)


def _set_operators(image: Any, program: Program, first_staging: int) -> None:
    loads = [
        CpuOperator("reshape", (first_staging + i,), (index,))
        for i, index in enumerate(program.input_buffers)
    ]
    operators = (*program.cpu_operators, *loads)
    forms = [
        (o.routine, list(o.inputs), list(o.outputs), list(o.attributes), o.is_reorder)
        for o in operators
    ]
    image.set_cpu_operators(forms, _rows(_cost_row(routine_cost(o.routine)) for o in operators))


def _set_steps(image: Any, program: Program) -> None:
    loads = len(program.input_buffers)
    first = len(program.cpu_operators)
    rows = [[_NO_OPERATOR, _LOAD_STEP, first + i, 0, 0, 0, 0, 0] for i in range(loads)]
    dependences: list[int] = []
    for step in program.steps:
        needed = [loads + other for other in step.depends_on]
        rows.append([step.operator, *_action_row(step), len(dependences), len(needed)])
        dependences.extend(needed)
    image.set_steps(_rows(rows), _rows([dependences]))


def _action_row(step: Step) -> tuple[int, int, int, int, int]:
    """Return kind, first, count, item in operator, is last of item."""
    action = step.action
    if isinstance(action, Invoke):
        return 3, action.item, action.command, action.item_in_operator, int(action.is_last_of_item)
    if isinstance(action, RunOnCpu):
        return 7, action.index, 0, 0, 0
    kind = _SLICES.get(type(action))
    if kind is None:
        raise InternalError(f"the engine knows no step {type(action).__name__}")
    return kind, action.first, action.count, 0, 0
