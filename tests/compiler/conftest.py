# ruff: noqa: ANN001, ANN201, ANN202, ANN205, FBT002 - a numpy script, typed where tests touch it
"""A functional host and accelerator in numpy, written from the kernel contract."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.bridge.description import ModelDescription, Scratchpad
from harness.bridge.descriptor import decode_command
from harness.compiler.program import Finalize, Invoke, Prepare, RunOnCpu

if TYPE_CHECKING:
    from collections.abc import Callable

ACTIVATIONS = ("relu", "leaky_relu", "elu", "selu", "tanh", "hard_tanh", "sigmoid")
KERNELS = ("conv2d", "mat_mul", "max_pool2d", "avg_pool2d", "batch_norm", "add", "mul", "softmax")


def _description(capacity_bytes: int = 32 * 1024) -> ModelDescription:
    return ModelDescription(
        model="vector_mac",
        version="1",
        kernels={name: {} for name in (*KERNELS, *ACTIVATIONS)},
        dtypes=("fp16",),
        layouts=dict.fromkeys(("conv2d", "max_pool2d", "avg_pool2d", "batch_norm"), "NHWC"),
        channel_alignment=8,
        scratchpads=tuple(Scratchpad(n, capacity_bytes, 2) for n in ("input", "weights", "output")),
        units=("convert", "mac", "vector"),
        activations=ACTIVATIONS,
        parameters={"pe_count": 8, "macs_per_pe": 32},
    )


@pytest.fixture
def description() -> ModelDescription:
    return _description()


@pytest.fixture
def make_description() -> Callable[[int], ModelDescription]:
    return _description


def _activate(x, a):
    code, alpha, beta = (
        a.get("activation", 0),
        a.get("activation_alpha", 0),
        a.get("activation_beta", 0),
    )
    return _apply(int(code), x, alpha, beta)


def _apply(code, x, alpha, beta):
    wide = x.astype(np.float64)
    exp = np.exp(np.minimum(wide, 0)) - 1
    table = [
        lambda: wide,
        lambda: np.maximum(wide, 0),
        lambda: np.where(wide > 0, wide, alpha * wide),
        lambda: np.where(wide > 0, wide, alpha * exp),
        lambda: beta * np.where(wide > 0, wide, alpha * exp),
        lambda: np.tanh(wide),
        lambda: np.clip(wide, alpha, beta),
        lambda: 1 / (1 + np.exp(-wide)),
    ]
    return table[code]().astype(np.float32)


class Accelerator:
    """What stays in the scratchpads between commands."""

    def __init__(self, capacity_elements: int) -> None:
        self.held: dict[str, tuple[int, np.ndarray]] = {}
        self.output = np.zeros(0, np.float32)
        self.capacity = capacity_elements

    def run(self, command, memory) -> None:
        for operand in command.operands:
            size = int(np.prod(operand.shape))
            assert size <= self.capacity, (command.kernel, operand)
            assert operand.size_bytes == size * 2
            if operand.is_read:
                data = memory[operand.address : operand.address + operand.size_bytes]
                self.held[operand.name] = (
                    operand.address,
                    data.view("<f2").astype(np.float32).reshape(operand.shape),
                )
        tensors = {}
        for operand in command.operands:
            if operand.name != "output" and operand.name in self.held:
                address, tensors[operand.name] = self.held[operand.name]
                is_used = operand.name != "bias" or command.attributes["finish"]
                assert not is_used or address == operand.address, f"stale {operand.name}"
        out = command.operand("output")
        a = command.attributes
        if not a["accumulate"] and a.get("output_first", 0) == 0:
            self.output = np.zeros(out.shape, np.float32)
        assert self.output.shape == out.shape
        self._compute(command.kernel, tensors, a)
        if out.is_written:
            with np.errstate(over="ignore"):
                data = self.output.astype("<f2").tobytes()
            memory[out.address : out.address + out.size_bytes] = np.frombuffer(data, np.uint8)

    def _compute(self, kernel, tensors, a) -> None:
        if kernel in ("conv2d", "mat_mul"):
            self._linear(kernel, tensors, a)
            return
        x = tensors["input"]
        if kernel in ("max_pool2d", "avg_pool2d"):
            result = _pool(kernel, x, a)
            first = a["output_first"]
            self.output[..., first : first + result.shape[-1]] = _activate(result, a)
            return
        if kernel == "batch_norm":
            first = a["channel_first"]
            mean, r, gamma, beta = tensors["weights"][:, first : first + x.shape[-1]]
            result = ((x - mean) * r) * gamma + beta
        elif kernel in ("add", "mul"):
            result = x + tensors["other"] if kernel == "add" else x * tensors["other"]
        elif kernel == "softmax":
            wide = x[:, : a["channels"]].astype(np.float64)
            e = np.exp(wide - wide.max(axis=1, keepdims=True))
            result = np.zeros_like(x)
            result[:, : a["channels"]] = e / e.sum(axis=1, keepdims=True)
        else:
            code = ACTIVATIONS.index(kernel) + 1
            result = _apply(code, x, a["activation_alpha"], a["activation_beta"])
        self.output[...] = _activate(result, a)

    def _linear(self, kernel, tensors, a) -> None:
        x, w, at = tensors["input"].astype(np.float64), tensors["weights"], a["input_first"]
        x = x[..., at : at + w.shape[-1]]
        first, count = a.get("kernel_first", 0), a.get("kernel_count", w.shape[0])
        w = w[first : first + count].astype(np.float64)
        if kernel == "mat_mul":
            sums = (x @ w.T).astype(np.float32)
        else:
            sums = _convolve(x, w, a).astype(np.float32)
        region = (..., slice(a["output_first"], a["output_first"] + count))
        sums = self.output[region] + sums if a["accumulate"] else sums
        if a["finish"]:
            if "bias" in tensors:
                sums = sums + tensors["bias"][first : first + count]
            sums = _activate(sums, a)
        self.output[region] = sums


def _convolve(x, w, a):
    dh, dw, sh, sw = (a[k] for k in ("dilation_h", "dilation_w", "stride_h", "stride_w"))
    pads = ((0, 0), (a["pad_top"], a["pad_bottom"]), (a["pad_left"], a["pad_right"]), (0, 0))
    x = np.pad(x, pads)
    rows = (x.shape[1] - (w.shape[1] - 1) * dh - 1) // sh + 1
    columns = (x.shape[2] - (w.shape[2] - 1) * dw - 1) // sw + 1
    total = np.zeros((x.shape[0], rows, columns, w.shape[0]))
    for r, s in itertools.product(range(w.shape[1]), range(w.shape[2])):
        part = x[:, r * dh :: sh, s * dw :: sw][:, :rows, :columns]
        total += part @ w[:, r, s].T
    return total


def _pool(kernel, x, a):
    pads = ((0, 0), (a["pad_top"], a["pad_bottom"]), (a["pad_left"], a["pad_right"]), (0, 0))
    is_max = kernel == "max_pool2d"
    ones = np.pad(np.ones_like(x, np.float64), pads)
    x = np.pad(x.astype(np.float64), pads, constant_values=-np.inf if is_max else 0)
    rows = (x.shape[1] - a["pool_h"]) // a["stride_h"] + 1
    columns = (x.shape[2] - a["pool_w"]) // a["stride_w"] + 1
    at = [
        (slice(None), slice(r, None, a["stride_h"]), slice(s, None, a["stride_w"]))
        for r, s in itertools.product(range(a["pool_h"]), range(a["pool_w"]))
    ]
    parts = [x[i][:, :rows, :columns] for i in at]
    if is_max:
        return np.maximum.reduce(parts).astype(np.float32)
    count = sum(ones[i][:, :rows, :columns] for i in at)
    if a["count_include_pad"]:
        count = float(a["pool_h"] * a["pool_w"])
    return (sum(parts) * (1.0 / count)).astype(np.float32)


class Host:
    """Walks a program on flat memory; the CPU's routines are given by the test."""

    def __init__(self, program, accelerators, capacity_elements, is_dynamic=False) -> None:
        self.program = program
        bases, size = [], 0
        for window in program.windows:
            bases.append(size)
            size += window.size_bytes
        self.bases = bases
        self.memory = np.full(size, 0xFF, np.uint8)  # NaN: reading what nobody wrote shows
        for base, window in zip(bases, program.windows, strict=True):
            self.memory[base : base + len(window.initial)] = np.frombuffer(window.initial, np.uint8)
        self.accelerators = [Accelerator(capacity_elements) for _ in range(accelerators)]
        self.is_dynamic = is_dynamic

    def bytes_of(self, index):
        buffer = self.program.buffers[index]
        begin = self.bases[buffer.window] + buffer.offset_bytes
        return self.memory[begin : begin + buffer.size_bytes]

    def read(self, index):
        buffer = self.program.buffers[index]
        stored = self.bytes_of(index).view("<f2").reshape(buffer.storage_shape)
        return stored[..., : buffer.shape[-1]].copy()

    def write(self, index, array):
        buffer = self.program.buffers[index]
        stored = np.zeros(buffer.storage_shape, "<f2")
        stored[..., : buffer.shape[-1]] = array
        self.bytes_of(index)[:] = stored.reshape(-1).view(np.uint8)

    def copy(self, copy):
        source, target = self.bytes_of(copy.source_buffer), self.bytes_of(copy.destination_buffer)
        run = copy.extents[-1]
        for index in itertools.product(*map(range, copy.extents[:-1])):
            s = copy.source_offset_bytes + sum(map(int.__mul__, index, copy.source_strides_bytes))
            t = copy.destination_offset_bytes + sum(
                map(int.__mul__, index, copy.destination_strides_bytes)
            )
            assert t + run <= len(target)
            target[t : t + run] = source[s : s + run]

    def command(self, action):
        command = decode_command(self.program.commands[action.command])
        number = action.item_in_operator % len(self.accelerators)
        if self.is_dynamic:  # the worst case: every item meets scratchpads that others used
            self.accelerators[number] = (
                self.accelerators[number] if action.item == self.last_item else Accelerator(1 << 30)
            )
        self.last_item = action.item
        shifted = tuple(
            type(o)(
                o.name,
                self.bases[o.address >> 40] + (o.address & (1 << 40) - 1),
                o.size_bytes,
                o.dtype,
                o.shape,
                o.interface,
                o.is_read,
                o.is_written,
            )
            for o in command.operands
        )
        moved = type(command)(command.kernel, command.item, shifted, command.attributes)
        self.accelerators[number].run(moved, self.memory)

    last_item = -1

    def run(self, inputs, cpu=None):
        for index, array in zip(self.program.input_buffers, inputs, strict=True):
            self.write(index, array)
        for step in self.program.steps:
            action = step.action
            if isinstance(action, (Prepare, Finalize)):
                for copy in self.program.copies[action.first : action.first + action.count]:
                    self.copy(copy)
            elif isinstance(action, Invoke):
                self.command(action)
            elif isinstance(action, RunOnCpu):
                (cpu or self.cpu)(self, self.program.cpu_operators[action.index])
        return [self.read(index) for index in self.program.output_buffers]

    @staticmethod
    def cpu(host, routine):
        x, out = host.read(routine.inputs[0]), routine.outputs[0]
        source, target = host.program.buffers[routine.inputs[0]], host.program.buffers[out]
        if routine.routine == "reorder":
            host.write(out, np.transpose(x, [source.layout.index(c) for c in target.layout]))
        elif routine.routine == "reshape":
            host.write(out, x.reshape(target.shape))
        elif routine.routine in ("add", "mul"):
            y = host.read(routine.inputs[1]).astype(np.float32)
            result = (
                x.astype(np.float32) + y if routine.routine == "add" else x.astype(np.float32) * y
            )
            host.write(out, _apply(int(routine.attributes[0]), result, *routine.attributes[1:]))
        else:
            raise AssertionError(routine.routine)


@pytest.fixture
def run_program() -> Callable[..., list[np.ndarray]]:
    def run(program, inputs, accelerators=1, capacity_elements=16384, is_dynamic=False):
        return Host(program, accelerators, capacity_elements, is_dynamic).run(inputs)

    return run
