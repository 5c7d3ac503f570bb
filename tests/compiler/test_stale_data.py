"""Compiled programs on the worst caches there can be: nothing is evicted, results are prefetched.

A line is held clean or dirty by the host's accesses. While the device writes a line, the cache may
fetch its old bytes: it is stale until it is dropped. No access may see old bytes.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness import graph as h
from harness.bridge.descriptor import decode_command
from harness.compiler import Program, compile_graph
from harness.compiler.program import Finalize, Flush, Invalidate, Invoke, Prepare, RunOnCpu
from harness.target import load_target
from workloads import cnn10, lenet5, minerva

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.bridge.description import ModelDescription
    from harness.graph import Graph

CLEAN, DIRTY, STALE = "clean", "dirty", "stale"
DMA = 1
Line = tuple[int, int]


def _branches() -> Graph:
    with h.Graph("branches") as graph:
        x = h.input_data((1, 24, 24, 40), dtype="fp16", layout="NHWC", name="x")
        y = h.conv2d(x, h.constant(np.ones((72, 3, 3, 40), np.float16), layout="NHWC"))
        low, _ = h.split(y, sizes=(40, 32), axis=3, name="split")
        z = h.add(h.max_pool2d(low, pool=2), h.max_pool2d(h.relu(low), pool=2))
        h.mat_mul(h.flatten(z), h.constant(np.ones((64, 5760), np.float16), layout="NC"))
    return graph


NETWORKS = {
    "lenet5": lenet5.make_graph,
    "minerva": minerva.make_graph,
    "cnn10": cnn10.make_graph,
    "branches": _branches,
}


def _compile(network: str, policy: str, description: Any, *sets: str) -> Program:
    target = load_target("smaug", sets)
    return compile_graph(NETWORKS[network](), target, description, policy=policy)


def _span(window: int, begin: int, size_bytes: int) -> Iterator[Line]:
    for number in range(begin // 64, -(-(begin + size_bytes) // 64)):
        yield window, number


class Caches:
    """Walks a program; `errors` names what saw old bytes."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.lines: dict[Line, str] = {}
        self.errors: list[str] = []

    def run(self, inferences: int = 2) -> list[str]:
        program = self.program
        for _ in range(inferences):
            self.write(line for index in program.input_buffers for line in self.buffer(index))
            for step in program.steps:
                self.walk(step.action)
            self.read(line for index in program.output_buffers for line in self.buffer(index))
        return self.errors

    def walk(self, action: Any) -> None:
        if isinstance(action, (Prepare, Finalize)):
            for copy in self.program.copies[action.first : action.first + action.count]:
                source = (copy.source_buffer, copy.source_offset_bytes)
                target = (copy.destination_buffer, copy.destination_offset_bytes)
                self.read(self.runs(*source, copy.extents, copy.source_strides_bytes))
                self.write(self.runs(*target, copy.extents, copy.destination_strides_bytes))
        elif isinstance(action, (Flush, Invalidate)):
            for part in self.program.ranges[action.first : action.first + action.count]:
                for line in _span(part.window, part.offset_bytes, part.size_bytes):
                    self.lines.pop(line, None)
        elif isinstance(action, RunOnCpu):
            routine = self.program.cpu_operators[action.index]
            self.read(line for index in routine.inputs for line in self.buffer(index))
            self.write(line for index in routine.outputs for line in self.buffer(index))
        elif isinstance(action, Invoke):
            for operand in decode_command(self.program.commands[action.command]).operands:
                self.operand(operand)

    def operand(self, operand: Any) -> None:
        window, offset = operand.address >> 40, operand.address & (1 << 40) - 1
        lines = list(_span(window, offset, operand.size_bytes))
        if operand.interface != DMA:
            self.read(lines if operand.is_read else ())
            self.write(lines if operand.is_written else ())
            return
        for line in lines:
            state = self.lines.get(line)
            if operand.is_read and state == DIRTY:
                self.errors.append(f"device reads old bytes at {line}")
            if operand.is_written:
                if state in (CLEAN, DIRTY):
                    self.errors.append(f"device writes {line} below a {state} copy")
                self.lines[line] = STALE

    def buffer(self, index: int) -> Iterator[Line]:
        buffer = self.program.buffers[index]
        return _span(buffer.window, buffer.offset_bytes, buffer.size_bytes)

    def runs(
        self, index: int, offset: int, extents: tuple[int, ...], strides: tuple[int, ...]
    ) -> Iterator[Line]:
        buffer = self.program.buffers[index]
        for numbers in itertools.product(*map(range, extents[:-1])):
            begin = buffer.offset_bytes + offset + sum(map(int.__mul__, numbers, strides))
            yield from _span(buffer.window, begin, extents[-1])

    def read(self, lines: Iterable[Line]) -> None:
        for line in lines:
            if self.lines.setdefault(line, CLEAN) == STALE:
                self.errors.append(f"host reads old bytes at {line}")

    def write(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.lines[line] = DIRTY


def _shrunk(program: Program, kind: type[Flush | Invalidate]) -> Iterator[Program]:
    """Yield the program without each one of the ranges of its steps of this kind."""
    for step in program.steps:
        if isinstance(step.action, kind):
            for index in range(step.action.first, step.action.first + step.action.count):
                ranges = list(program.ranges)
                ranges[index] = dataclasses.replace(ranges[index], size_bytes=0)
                yield dataclasses.replace(program, ranges=tuple(ranges))


@pytest.mark.parametrize("policy", ["traffic", "smaug"])
@pytest.mark.parametrize(
    "sets", [(), ("accelerators=4",), ("accelerators=3", "assignment=dynamic")]
)
@pytest.mark.parametrize("network", NETWORKS)
def test_nobody_sees_old_bytes(
    network: str, sets: Any, policy: str, description: ModelDescription
) -> None:
    assert Caches(_compile(network, policy, description, *sets)).run(3) == []


@pytest.mark.parametrize("policy", ["traffic", "smaug"])
@pytest.mark.parametrize("output", ["acp", "cache"])
@pytest.mark.parametrize("role", ["input", "output"])
def test_mixed_interfaces_see_no_old_bytes(
    role: str, output: str, policy: str, description: ModelDescription
) -> None:
    program = _compile("branches", policy, description, f"accelerator.interfaces.{role}={output}")

    assert Caches(program).run(3) == []


@pytest.mark.parametrize("policy", ["traffic", "smaug"])
@pytest.mark.parametrize("network", ["lenet5", "minerva", "branches"])
@pytest.mark.parametrize("kind", [Flush, Invalidate])
def test_every_range_of_every_flush_and_invalidate_is_needed(
    kind: type[Flush | Invalidate], network: str, policy: str, description: ModelDescription
) -> None:
    program = _compile(network, policy, description)
    shrunk = list(_shrunk(program, kind))

    assert shrunk
    assert all(Caches(each).run() for each in shrunk)
