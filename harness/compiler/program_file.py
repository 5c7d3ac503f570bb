"""`program.pb` and `program.bin`: a program on disk, byte-stable; malformed files are refused."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from harness.base.errors import CompileError
from harness.base.location import SourceLocation
from harness.compiler.program import (
    Assignment,
    Buffer,
    Copy,
    CpuOperator,
    Finalize,
    Flush,
    Invalidate,
    Invoke,
    MemoryRange,
    OperatorInfo,
    Prepare,
    Program,
    RunOnCpu,
    Step,
    Wait,
    Window,
)
from harness.compiler.program_check import check_program
from harness.pb.program.v1 import program_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT_VERSION = 1
PRODUCER = "harness 0.1.0"
PROGRAM_FILE = "program.pb"
WEIGHTS_FILE = "program.bin"

_SLICES = {
    Prepare: "prepare",
    Flush: "flush",
    Wait: "wait",
    Invalidate: "invalidate",
    Finalize: "finalize",
}
_SLICE_ACTIONS: dict[str, Any] = {name: action for action, name in _SLICES.items()}


def save_program(program: Program, directory: str | Path) -> None:
    """Write a program's two files; the same program gives the same bytes."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    weights = b"".join(window.initial for window in program.windows)
    message = _to_message(program)
    message.weights_sha256 = hashlib.sha256(weights).hexdigest()
    (folder / WEIGHTS_FILE).write_bytes(weights)
    (folder / PROGRAM_FILE).write_bytes(message.SerializeToString(deterministic=True))


def load_program(directory: str | Path) -> Program:
    """Read a program from its directory.

    Raises:
        CompileError: A file is missing, truncated, of another version, or names what is not there.
    """
    folder = Path(directory)
    path = folder / PROGRAM_FILE
    try:
        data, weights = path.read_bytes(), (folder / WEIGHTS_FILE).read_bytes()
    except OSError as error:
        raise CompileError("cannot read the program", where=str(folder), got=str(error)) from error
    message = pb.Program()
    try:
        message.ParseFromString(data)
    except (DecodeError, UnicodeDecodeError) as error:
        raise CompileError("the program is not a protobuf", where=str(path)) from error
    if message.format_version != FORMAT_VERSION:
        raise CompileError(
            "the program has another format version",
            where=str(path),
            expected=str(FORMAT_VERSION),
            got=str(message.format_version),
        )
    if hashlib.sha256(weights).hexdigest() != message.weights_sha256:
        raise CompileError(
            "the weights are not the ones that the program was compiled with",
            where=str(folder / WEIGHTS_FILE),
            expected=message.weights_sha256[:80],
        )
    program = _from_message(message, weights, str(path))
    check_program(program, str(path))
    return program


def _to_message(program: Program) -> Any:
    message = pb.Program(
        producer=PRODUCER,
        format_version=FORMAT_VERSION,
        name=program.name,
        policy=program.policy,
        windows=_windows(program.windows),
        buffers=[_fields(pb.Buffer, buffer) for buffer in program.buffers],
        copies=[_fields(pb.Copy, copy) for copy in program.copies],
        ranges=[_fields(pb.MemoryRange, each) for each in program.ranges],
        commands=program.commands,
        cpu_operators=[_fields(pb.CpuOperator, each) for each in program.cpu_operators],
        steps=[_step_message(step) for step in program.steps],
        input_buffers=program.input_buffers,
        output_buffers=program.output_buffers,
        assignment=int(program.assignment),
        line_bytes=program.line_bytes,
    )
    for info in program.operators:
        location = f"{info.location.file}:{info.location.line}" if info.location.line else ""
        message.operators.add(
            name=info.name,
            op=info.op,
            location=location,
            macs=info.macs,
            is_accelerated=info.is_accelerated,
        )
    return message


def _fields(kind: Any, value: Any) -> Any:
    return kind(**{name: getattr(value, name) for name in kind.DESCRIPTOR.fields_by_name})


def _windows(windows: Iterable[Window]) -> list[Any]:
    messages, offset = [], 0
    for window in windows:
        messages.append(
            pb.Window(
                name=window.name,
                size_bytes=window.size_bytes,
                is_writable=window.is_writable,
                initial_size_bytes=len(window.initial),
                initial_offset_bytes=offset,
            )
        )
        offset += len(window.initial)
    return messages


def _step_message(step: Step) -> Any:
    message = pb.Step(operator=step.operator, depends_on=step.depends_on)
    action = step.action
    if isinstance(action, Invoke):
        message.invoke.CopyFrom(_fields(pb.Invoke, action))
    elif isinstance(action, RunOnCpu):
        message.cpu_operator = action.index
    else:
        part = pb.Slice(first=action.first, count=action.count)
        getattr(message, _SLICES[type(action)]).CopyFrom(part)
    return message


def _from_message(message: Any, weights: bytes, where: str) -> Program:
    if message.assignment not in (1, 2):
        raise CompileError("the program has no valid assignment", where=where)
    return Program(
        name=message.name,
        policy=message.policy,
        line_bytes=message.line_bytes,
        assignment=Assignment(message.assignment),
        windows=tuple(_window(window, weights, where) for window in message.windows),
        buffers=tuple(_record(Buffer, each) for each in message.buffers),
        operators=tuple(_operator(info) for info in message.operators),
        copies=tuple(_record(Copy, each) for each in message.copies),
        ranges=tuple(_record(MemoryRange, each) for each in message.ranges),
        commands=tuple(message.commands),
        cpu_operators=tuple(_record(CpuOperator, each) for each in message.cpu_operators),
        steps=tuple(_step(step, where) for step in message.steps),
        input_buffers=tuple(message.input_buffers),
        output_buffers=tuple(message.output_buffers),
    )


def _record(kind: Any, message: Any) -> Any:
    values = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        is_scalar = isinstance(value, (int, float, str, bytes))
        values[field.name] = value if is_scalar else tuple(value)
    return kind(**values)


def _window(message: Any, weights: bytes, where: str) -> Window:
    begin, size = message.initial_offset_bytes, message.initial_size_bytes
    if begin + size > len(weights) or size > message.size_bytes:
        raise CompileError(
            f"window {message.name!r} has more initial bytes than there are",
            where=where,
            expected=f"at most {len(weights)} B and {message.size_bytes} B",
            got=f"{begin} + {size} B",
        )
    return Window(
        message.name, message.size_bytes, message.is_writable, weights[begin : begin + size]
    )


def _operator(message: Any) -> OperatorInfo:
    file, _, line = message.location.rpartition(":")
    is_known = bool(file) and line.isascii() and line.isdigit() and len(line) < 10
    location = SourceLocation(file, int(line)) if is_known else SourceLocation("", 0)
    return OperatorInfo(message.name, message.op, message.macs, message.is_accelerated, location)


def _step(message: Any, where: str) -> Step:
    kind = message.WhichOneof("action")
    depends_on = tuple(message.depends_on)
    if kind == "invoke":
        return Step(message.operator, _record(Invoke, message.invoke), depends_on)
    if kind == "cpu_operator":
        return Step(message.operator, RunOnCpu(message.cpu_operator), depends_on)
    if kind in _SLICE_ACTIONS:
        part = getattr(message, kind)
        return Step(message.operator, _SLICE_ACTIONS[kind](part.first, part.count), depends_on)
    raise CompileError("a step of the program has no action", where=where)
