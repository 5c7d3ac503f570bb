"""A missing Flush or Invalidate is found even where every cache happens to be clean."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from harness import graph as h
from harness.base.errors import CoherenceError
from harness.compiler.program import Flush, Invalidate
from harness.run.workload import Workload
from workloads import lenet5

TINY_CACHES = ("l1d.size=1 KiB", "l1d.associativity=1", "l2.size=4 KiB", "l2.associativity=1")
"""So small that dirty lines are written back before the device comes."""


def _without(kind: type, index: int) -> Any:
    def edit(program: Any) -> Any:
        found = [i for i, step in enumerate(program.steps) if isinstance(step.action, kind)]
        steps = list(program.steps)
        steps[found[index]] = dataclasses.replace(steps[found[index]], action=kind(0, 0))
        return dataclasses.replace(program, steps=tuple(steps))

    return edit


def _count(program: Any, kind: type) -> int:
    return sum(isinstance(step.action, kind) for step in program.steps)


@pytest.fixture
def branches() -> Workload:
    """A convolution between operators of the CPU, whose tensors leave tiny caches quickly."""
    with h.Graph("branches") as graph:
        x = h.input_data((1, 16, 16, 32), dtype="fp16", layout="NHWC", name="x")
        weights = np.full((32, 3, 3, 32), 0.01, np.float16)
        y = h.conv2d(x, h.constant(weights, layout="NHWC", name="w"), name="conv")
        low, high = h.split(y, sizes=(8, 24), axis=3, name="split")
        h.relu(h.concat([high, low], axis=3, name="concat"), name="relu")
    arrays = {"x": np.linspace(-1, 1, 8192, dtype=np.float16).reshape(1, 16, 16, 32)}
    return Workload(graph=graph, inputs=arrays)


@pytest.mark.parametrize("policy", ["traffic", "smaug"])
@pytest.mark.parametrize("sets", [(), TINY_CACHES], ids=["caches", "tiny caches"])
def test_every_missing_flush_is_found_and_named(
    policy: str, sets: tuple[str, ...], branches: Workload, run_workload: Any
) -> None:
    for workload in (lenet5.build(), branches):
        _, program = run_workload(workload, policy=policy, sets=sets)
        assert _count(program, Flush) > 0
        for index in range(_count(program, Flush)):
            with pytest.raises(CoherenceError, match=r"line of buffer \"\S+\".* in operator"):
                run_workload(workload, policy=policy, sets=sets, edit=_without(Flush, index))


def test_clean_caches_do_not_hide_a_missing_flush(branches: Workload, run_workload: Any) -> None:
    """The last lines of x that the host wrote are dirty; the first ones left the cache long ago."""
    with pytest.raises(CoherenceError, match=r'"x".*in operator "conv"'):
        run_workload(branches, sets=TINY_CACHES, edit=_without(Flush, 0))


@pytest.mark.parametrize("sets", [(), TINY_CACHES], ids=["caches", "tiny caches"])
def test_a_missing_invalidate_is_found_where_the_host_reads_the_result(
    sets: tuple[str, ...], branches: Workload, run_workload: Any
) -> None:
    with pytest.raises(CoherenceError, match=r'cpu0 reads a stale line .*"conv.*in operator') as e:
        run_workload(branches, sets=sets, edit=_without(Invalidate, 0))
    assert "by luck" in str(e.value)


def test_coherent_dma_needs_neither(branches: Workload, run_workload: Any) -> None:
    _, program = run_workload(branches, sets=("dma.coherent=true",))
    assert _count(program, Flush) == _count(program, Invalidate) == 0


@pytest.mark.parametrize("role", ["input", "weights", "output"])
def test_operands_with_other_interfaces_are_flushed_where_they_meet(
    role: str, branches: Workload, run_workload: Any
) -> None:
    """One operand class through the coherent port, the others past the caches: no false alarm."""
    plain, _ = run_workload(branches)
    for interface in ("acp", "cache"):
        mixed, _ = run_workload(branches, sets=[f"accelerator.interfaces.{role}={interface}"])
        assert mixed.outputs[0].tobytes() == plain.outputs[0].tobytes()
