"""Simulates several inputs of a workload one after the other; keeps nothing but the outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.compiler import compile_graph
from harness.run.inputs import resolve_inputs
from harness.run.model_session import hello_parameters
from harness.soc.simulate import simulate
from harness.target import load_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from harness.run.workload import Workload


def simulate_inputs(
    workload: Workload, target_name: str, count: int
) -> Iterator[tuple[np.ndarray[Any, np.dtype[Any]], ...]]:
    """Yield the outputs of the first `count` inputs, each from a cold SoC."""
    from harness.bridge.in_process import connect_in_process  # noqa: PLC0415 - the SDK

    target = load_target(target_name)
    hello = hello_parameters(target, "kernel", 0)
    connection = connect_in_process(target.accelerator.model, hello)
    try:
        program = compile_graph(workload.graph, target, connection.description)
    finally:
        connection.abort()
    for index in range(count):
        connection = connect_in_process(target.accelerator.model, hello)
        try:
            inputs = resolve_inputs(workload, str(index), 0)
            yield simulate(program, target, connection, inputs=inputs).outputs
        finally:
            connection.abort()
