"""Steps: flushes where the DMA is not coherent, nowhere else; reuse; traffic against smaug."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness import graph as h
from harness.base.errors import CompileError, DoesNotFitError
from harness.bridge.descriptor import decode_command
from harness.compiler import PassResult, Program, compile_graph
from harness.compiler.program import Invoke, RunOnCpu, Wait
from harness.target import load_target

if TYPE_CHECKING:
    from harness.bridge.description import ModelDescription
    from harness.graph import Graph


def _network(*, layout: str = "NHWC") -> Graph:
    shape = (1, 28, 28, 32) if layout == "NHWC" else (1, 32, 28, 28)
    taps = (32, 3, 3, 32) if layout == "NHWC" else (32, 32, 3, 3)
    with h.Graph("net") as graph:
        x = h.input_data(shape, dtype="fp16", layout=layout, name="x")
        y = h.relu(h.conv2d(x, h.constant(np.ones(taps, np.float16), layout=layout), name="conv"))
        z = h.conv2d(x, h.constant(np.ones(taps, np.float16), layout=layout), name="conv2")
        x = h.flatten(h.max_pool2d(h.add(y, z), pool=2, name="pool"))
        h.mat_mul(x, h.constant(np.ones((64, 6272), np.float16), layout="NC"), name="fc")
    return graph


def _compile(
    description: ModelDescription, *overrides: str, policy: str = "traffic", layout: str = "NHWC"
) -> Program:
    target = load_target("smaug", overrides)
    return compile_graph(_network(layout=layout), target, description, policy=policy)


def _moved_bytes(program: Program) -> int:
    total = sum(copy.size_bytes for copy in program.copies)
    for descriptor in program.commands:
        for operand in decode_command(descriptor).operands:
            total += operand.size_bytes * (operand.is_read + operand.is_written)
    return total


@pytest.mark.parametrize("override", ["coherent=true", "interface=acp", "interface=cache"])
def test_coherent_interfaces_need_no_flushes(override: str, description: ModelDescription) -> None:
    assert _compile(description, override).ranges == ()


@pytest.mark.parametrize("accelerators", [1, 2, 5])
def test_traffic_never_moves_more_than_smaug(
    accelerators: int, description: ModelDescription
) -> None:
    override = f"accelerators={accelerators}"
    ours = _moved_bytes(_compile(description, override))

    assert ours <= _moved_bytes(_compile(description, override, policy="smaug"))


def test_items_end_with_their_last_command_and_are_awaited(description: ModelDescription) -> None:
    program = _compile(description, "accelerators=3", policy="smaug")
    invokes = [step.action for step in program.steps if isinstance(step.action, Invoke)]
    for invoke, following in pairwise(invokes):
        assert invoke.is_last_of_item == (following.item != invoke.item)
    waits = [step.action for step in program.steps if isinstance(step.action, Wait)]
    awaited = [item for wait in waits for item in range(wait.first, wait.first + wait.count)]
    assert awaited == list(range(invokes[-1].item + 1))


def test_a_stand_alone_activation_is_fused(description: ModelDescription) -> None:
    program = _compile(description)

    assert [info.op for info in program.operators].count("relu") == 0
    assert decode_command(program.commands[0]).attributes["activation"] == 1


def test_a_tensor_is_reordered_once_and_visibly(description: ModelDescription) -> None:
    program = _compile(description, layout="NCHW")
    reorders = [info.name for info in program.operators if info.op == "reorder"]

    assert reorders == ["x.to_nhwc", "pool.output.to_nchw"]


def test_flatten_without_padding_costs_nothing(description: ModelDescription) -> None:
    program = _compile(description)

    assert not any(isinstance(step.action, RunOnCpu) for step in program.steps)


def test_every_pass_prints(description: ModelDescription) -> None:
    results: list[PassResult] = []
    compile_graph(_network(), load_target("smaug"), description, on_pass=results.append)

    assert [result.name for result in results] == ["verify", "fuse", "layout", "tile"]
    assert all("conv2" in result.text for result in results)


def test_unknown_policy_lists_the_valid_ones(description: ModelDescription) -> None:
    with pytest.raises(CompileError, match="one of traffic, smaug"):
        compile_graph(_network(), load_target("smaug"), description, policy="best")


def test_too_small_scratchpads_name_the_operator_and_its_line(make_description) -> None:  # noqa: ANN001
    with pytest.raises(DoesNotFitError, match='"conv"') as caught:
        compile_graph(_network(), load_target("smaug"), make_description(64))
    assert "test_schedule.py" in caught.value.where
