"""Whole networks: totals that SMAUG itself measured, and our policy against its policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness import graph as h
from harness.bridge.descriptor import decode_command
from harness.compiler import Program, compile_graph
from harness.compiler.validate_work import BYTES, CALLS, INVOCATIONS, LOADED, STORED, count_work
from harness.target import load_target
from workloads import cnn10, lenet5, minerva

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.bridge.description import ModelDescription
    from harness.graph import Graph, Tensor

NETWORKS = {
    "lenet5": lenet5.make_graph,
    "minerva": minerva.make_graph,
    "cnn10": cnn10.make_graph,
}


def _ones(*shape: int, layout: str) -> Tensor:
    return h.constant(np.ones(shape, np.float16), layout=layout)


def _unit(x: Tensor, kernels: int, taps: int, stride: int = 1, activation: str = "relu") -> Tensor:
    """Convolve as SMAUG pads (the larger half in front), then normalise."""
    weights = _ones(kernels, taps, taps, x.type.shape[3], layout="NHWC")
    padding = (taps // 2, (taps - 1) // 2) * 2
    y = h.conv2d(x, weights, stride=stride, padding=padding)
    return h.batch_norm(y, *[_ones(kernels, layout="N") for _ in range(4)], activation=activation)


def _resnet50() -> Graph:
    with h.Graph("resnet50") as graph:
        x = h.input_data((1, 225, 225, 3), dtype="fp16", layout="NHWC", name="x")
        x = h.max_pool2d(_unit(x, 64, 7, 2), pool=3, stride=2)
        for stage, (blocks, width) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)]):
            for block in range(blocks):
                stride = 2 if stage and not block else 1
                y = _unit(_unit(_unit(x, width, 1), width, 3, stride), 4 * width, 1, 1, "none")
                x = x if block else _unit(x, 4 * width, 1, stride, "none")
                x = h.relu(h.add(y, x))
        h.mat_mul(h.flatten(x), _ones(10, 100352, layout="NC"))
    return graph


@pytest.mark.slow
def test_resnet50_does_the_work_that_smaug_counted(description: ModelDescription) -> None:
    """SMAUG 8fd68e6 built natively, ResNet50 of its published experiments (225 x 225 input)."""
    program = compile_graph(_resnet50(), load_target("smaug"), description, policy="smaug")
    work, _ = count_work(program)

    assert work[INVOCATIONS] == 6619
    assert (work[LOADED], work[STORED]) == (242_625_856, 66_995_392)
    assert (work[CALLS], work[BYTES]) == (673_230, 147_748_032)


def _moved_bytes(program: Program) -> int:
    total = sum(copy.size_bytes for copy in program.copies)
    for descriptor in program.commands:
        for operand in decode_command(descriptor).operands:
            total += operand.size_bytes * (operand.is_read + operand.is_written)
    return total


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("accelerators", [1, 2])
def test_traffic_never_moves_more_bytes_than_smaug(
    name: str, accelerators: int, description: ModelDescription
) -> None:
    make: Callable[[], Graph] = NETWORKS[name]
    target = load_target("smaug", [f"accelerators={accelerators}"])
    moved = {
        policy: _moved_bytes(compile_graph(make(), target, description, policy=policy))
        for policy in ("traffic", "smaug")
    }

    assert moved["traffic"] <= moved["smaug"]


def test_compiling_twice_gives_the_same_program(description: ModelDescription) -> None:
    target = load_target("smaug")
    graph = lenet5.make_graph()

    assert compile_graph(graph, target, description) == compile_graph(graph, target, description)
