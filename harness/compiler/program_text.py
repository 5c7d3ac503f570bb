"""A program as text, for `harness show`, golden tests and people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.units import format_bytes
from harness.bridge.descriptor import decode_command
from harness.compiler.program import (
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
    from collections.abc import Iterator


def format_program(program: Program) -> str:
    """Write windows, buffers and steps; deterministic, one line each."""
    lines = [
        f'program "{program.name}" policy {program.policy} '
        f"assignment {program.assignment.name.lower()} lines of {program.line_bytes} B"
    ]
    lines.extend(
        f"  window {index} {window.name}: {format_bytes(window.size_bytes)}, "
        f"{'read-write' if window.is_writable else 'read-only'}, "
        f"{len(window.initial)} B initial"
        for index, window in enumerate(program.windows)
    )
    lines.extend(
        f"  buffer {index} {buffer.name}: window {buffer.window} at {buffer.offset_bytes:#x}, "
        f"{buffer.dtype}[{_shape(buffer.shape)}] {buffer.layout}, {buffer.size_bytes} B"
        for index, buffer in enumerate(program.buffers)
    )
    lines.append(f"  inputs {_names(program, program.input_buffers)}")
    lines.append(f"  outputs {_names(program, program.output_buffers)}")
    lines.extend(_steps(program))
    return "\n".join(lines) + "\n"


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _names(program: Program, indices: tuple[int, ...]) -> str:
    return ", ".join(program.buffers[index].name for index in indices)


def _steps(program: Program) -> Iterator[str]:
    operator = -1
    for index, step in enumerate(program.steps):
        if step.operator != operator:
            operator = step.operator
            info = program.operators[operator]
            yield f"  {info.op} {info.name}, {info.macs} MACs"
        yield f"    {index}: {_step(program, step)}"


def _step(program: Program, step: Step) -> str:
    action = step.action
    if isinstance(action, (Prepare, Finalize)):
        copies = program.copies[action.first : action.first + action.count]
        runs, size_bytes = sum(c.runs for c in copies), sum(c.size_bytes for c in copies)
        name = type(action).__name__.lower()
        return f"{name} {len(copies)} copies, {runs} runs, {size_bytes} B"
    if isinstance(action, (Flush, Invalidate)):
        ranges = program.ranges[action.first : action.first + action.count]
        size_bytes = sum(part.size_bytes for part in ranges)
        return f"{type(action).__name__.lower()} {len(ranges)} ranges, {size_bytes} B"
    if isinstance(action, Wait):
        return f"wait for items {action.first} to {action.first + action.count - 1}"
    if isinstance(action, RunOnCpu):
        routine = program.cpu_operators[action.index]
        return (
            f"cpu {routine.routine}({_names(program, routine.inputs)}) -> "
            f"{_names(program, routine.outputs)}"
        )
    return _invoke(program, action)


def _invoke(program: Program, action: Invoke) -> str:
    command = decode_command(program.commands[action.command])
    operands = ", ".join(
        f"{operand.name}[{_shape(operand.shape)}]"
        f"{'<' if operand.is_read else ''}{'>' if operand.is_written else ''}"
        for operand in command.operands
    )
    end = ", last of item" if action.is_last_of_item else ""
    return f"item {action.item}: {command.kernel}({operands}){end}"
