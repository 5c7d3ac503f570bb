"""Checks of a program that came from a file: every index, range and address lies inside."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.base.errors import CompileError, ProtocolError
from harness.bridge.descriptor import DTYPE_BYTES, Command, decode_command
from harness.compiler.program import (
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

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAXIMUM_BYTES = 1 << 40
"""Offsets in a window have 40 bits (proto/README.md section 5.3)."""


def check_program(program: Program, where: str) -> None:
    """Refuse a program that a host could not walk safely.

    Raises:
        CompileError: An index, a range, a size or an address is out of bounds, or work items are
            not consecutive.
    """
    try:
        _Checker(program).run()
    except CompileError as error:
        raise CompileError(
            error.what, where=where, expected=error.expected, got=error.got
        ) from error


class _Checker:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._sizes = [window.size_bytes for window in program.windows]

    def run(self) -> None:
        program = self._program
        _require(program.line_bytes > 0, "the line size", "above 0", program.line_bytes)
        _require(bool(program.windows), "the windows", "at least one", 0)
        for window in program.windows:
            size = window.size_bytes
            _require(
                0 < size < _MAXIMUM_BYTES,
                f"the size of window {window.name!r}",
                "1 B to 1 TiB",
                size,
            )
        self._check_buffers()
        for copy in program.copies:
            self._check_copy(copy)
        for part in program.ranges:
            self._index(part.buffer, program.buffers, "buffer")
            self._inside(part.window, part.offset_bytes, part.size_bytes, "range")
        for index in (*program.input_buffers, *program.output_buffers):
            self._index(index, program.buffers, "buffer")
        for routine in program.cpu_operators:
            self._check_routine(routine)
        self._check_commands()
        self._check_steps()

    def _check_buffers(self) -> None:
        for buffer in self._program.buffers:
            name = f"buffer {buffer.name!r}"
            self._inside(buffer.window, buffer.offset_bytes, buffer.size_bytes, name)
            _require(
                buffer.dtype in DTYPE_BYTES, f"{name}: element type", "a known one", buffer.dtype
            )
            same_rank = len(buffer.shape) == len(buffer.storage_shape) > 0
            pairs = zip(buffer.shape, buffer.storage_shape, strict=False)
            fits = same_rank and all(0 < shape <= storage for shape, storage in pairs)
            _require(fits, f"{name}: shape", "at most the storage shape", buffer.shape)
            needed = math.prod(buffer.storage_shape) * DTYPE_BYTES[buffer.dtype]
            _require(needed == buffer.size_bytes, f"{name}: size", f"{needed} B", buffer.size_bytes)

    def _check_copy(self, copy: Copy) -> None:
        count = len(copy.extents)
        strides = (copy.source_strides_bytes, copy.destination_strides_bytes)
        is_whole = 1 <= count <= 6 and all(len(each) == count - 1 for each in strides)
        _require(is_whole, "a copy's extents and strides", "1 to 6, one stride less", copy.extents)
        _require(all(copy.extents), "a copy's extents", "above 0", copy.extents)
        ends = (
            (copy.source_buffer, copy.source_offset_bytes, strides[0]),
            (copy.destination_buffer, copy.destination_offset_bytes, strides[1]),
        )
        for index, offset, steps in ends:
            self._index(index, self._program.buffers, "buffer")
            reach = sum((n - 1) * step for n, step in zip(copy.extents, steps, strict=False))
            end = offset + reach + copy.extents[-1]
            size = self._program.buffers[index].size_bytes
            _require(end <= size, "a copy's end", f"at most {size} B", end)

    def _check_routine(self, routine: CpuOperator) -> None:
        for index in (*routine.inputs, *routine.outputs):
            self._index(index, self._program.buffers, "buffer")
        finite = all(math.isfinite(value) for value in routine.attributes)
        _require(finite, f"attributes of routine {routine.routine!r}", "finite", routine.attributes)

    def _check_commands(self) -> None:
        for index, descriptor in enumerate(self._program.commands):
            try:
                command = decode_command(descriptor)
            except ProtocolError as error:
                raise CompileError(f"command {index}: {error.what}") from error
            self._check_operands(command, index)

    def _check_operands(self, command: Command, index: int) -> None:
        for operand in command.operands:
            name = f"command {index}, operand {operand.name!r}"
            window, offset = divmod(operand.address, _MAXIMUM_BYTES)
            self._inside(window, offset, operand.size_bytes, name)
            is_allowed = not operand.is_written or self._program.windows[window].is_writable
            _require(is_allowed, f"{name}: window", "writable", window)

    def _check_steps(self) -> None:
        items = 0
        for index, step in enumerate(self._program.steps):
            self._index(step.operator, self._program.operators, "operator")
            ok = all(other < index for other in step.depends_on)
            _require(ok, f"step {index}: dependences", "earlier steps", step.depends_on)
            items = self._check_action(step, items)

    def _check_action(self, step: Step, items: int) -> int:
        action, program = step.action, self._program
        if isinstance(action, Invoke):
            self._index(action.command, program.commands, "command")
            _require(
                items <= action.item + 1 <= items + 1,
                "a work item",
                f"{items - 1} or {items}",
                action.item,
            )
            return action.item + 1
        if isinstance(action, RunOnCpu):
            self._index(action.index, program.cpu_operators, "CPU operator")
            return items
        _require(action.count > 0, "the count of a step", "above 0", action.count)
        sizes = {
            Prepare: len(program.copies),
            Finalize: len(program.copies),
            Flush: len(program.ranges),
            Invalidate: len(program.ranges),
            Wait: items,
        }
        end, size = action.first + action.count, sizes[type(action)]
        _require(end <= size, f"{type(action).__name__.lower()}: end", f"at most {size}", end)
        return items

    def _inside(self, window: int, offset: int, size: int, name: str) -> None:
        self._index(window, self._sizes, "window")
        end = offset + size
        _require(
            size > 0 and end <= self._sizes[window],
            f"{name}: end",
            f"at most {self._sizes[window]} B",
            end,
        )

    def _index(self, index: int, table: Iterable[object], kind: str) -> None:
        count = len(list(table)) if not isinstance(table, (list, tuple)) else len(table)
        _require(index < count, f"the index of a {kind}", f"below {count}", index)


def _require(is_met: bool, what: str, expected: str, got: object) -> None:  # noqa: FBT001
    if not is_met:
        raise CompileError(f"{what} is not valid", expected=expected, got=str(got))
