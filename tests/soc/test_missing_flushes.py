"""Every Flush of a program is needed: without it the engine meets stale data."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from harness import graph as h
from harness.base.errors import CoherenceError
from harness.compiler.program import Flush
from harness.run.workload import Workload
from workloads import cnn10, lenet5, minerva

INPUT = np.linspace(-1, 1, 16 * 20 * 40, dtype=np.float16).reshape(1, 16, 20, 40)


def _mixed() -> Workload:
    """Return a network with branches, operators of the CPU, reorders and tiles of many kinds."""
    rng = np.random.default_rng(7)

    def values(*shape: int) -> Any:
        return rng.uniform(-0.2, 0.2, shape).astype(np.float16)

    with h.Graph("mixed") as graph:
        x = h.input_data(INPUT.shape, dtype="fp16", layout="NHWC", name="x")
        weights = h.constant(values(72, 3, 3, 40), layout="NHWC")
        y = h.conv2d(x, weights, padding="same", activation="relu", name="conv")
        low, high = h.split(y, sizes=(40, 32), axis=3, name="split")
        z = h.concat([h.add(low, x, name="sum"), high], axis=3, name="concat")
        p = h.avg_pool2d(z, pool=2, stride=2, name="pool")
        flat = h.softmax(h.mat_mul(h.flatten(p), h.constant(values(24, 5760), layout="NC")))
        h.mul(flat, h.input_data((1, 24), dtype="fp16", layout="NC", name="scale"), name="out")
    arrays = {"x": INPUT, "scale": np.ones((1, 24), np.float16)}
    return Workload(graph=graph, inputs=lambda _: arrays)


NETWORKS = {
    "lenet5": lenet5.build,
    "minerva": minerva.build,
    "cnn10": cnn10.build,
    "mixed": _mixed,
}


def _without(step: int) -> Any:
    def edit(program: Any) -> Any:
        steps = list(program.steps)
        steps[step] = dataclasses.replace(steps[step], action=Flush(0, 0))
        return dataclasses.replace(program, steps=tuple(steps))

    return edit


@pytest.mark.parametrize("policy", ["traffic", "smaug"])
@pytest.mark.parametrize("network", NETWORKS)
def test_a_program_without_any_one_of_its_flushes_is_caught(
    network: str, policy: str, run_workload: Any
) -> None:
    workload = NETWORKS[network]()
    options = {"policy": policy, "sets": ["accelerators=2"]}
    _, program = run_workload(workload, repeat=3, **options)
    flushes = [i for i, step in enumerate(program.steps) if isinstance(step.action, Flush)]
    assert flushes
    for step in flushes:
        action = program.steps[step].action
        ranges = program.ranges[action.first : action.first + action.count]
        names = {program.buffers[part.buffer].name for part in ranges}
        with pytest.raises(CoherenceError) as caught:
            run_workload(workload, edit=_without(step), **options)
        assert any(f'"{name}"' in str(caught.value) for name in names)


@pytest.mark.parametrize("policy", ["traffic", "smaug"])
@pytest.mark.parametrize("interfaces", [("acp", "dma"), ("dma", "acp"), ("cache", "dma")])
def test_interfaces_may_be_mixed(interfaces: Any, policy: str, run_workload: Any) -> None:
    kinds = zip(("input", "output"), interfaces, strict=True)
    sets = [f"accelerator.interfaces.{role}={kind}" for role, kind in kinds]
    expected, _ = run_workload(NETWORKS["mixed"](), policy=policy)
    result, _ = run_workload(NETWORKS["mixed"](), policy=policy, sets=sets, repeat=3)
    assert result.outputs[0].tobytes() == expected.outputs[0].tobytes()
