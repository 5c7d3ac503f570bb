"""The graph of nodes that a command becomes: order, overlap, and equality of the two modes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from accel_models.vector_mac import VectorMacEngine
from harness.bridge.messages import ModelMode
from harness.bridge.records import NodeKind

READ, WRITE, COMPUTE = int(NodeKind.READ), int(NodeKind.WRITE), int(NodeKind.COMPUTE)
FC = {"input_first": 0, "output_first": 0}


@pytest.fixture
def tensors(random_fp16: Any) -> dict[str, Any]:
    """16 KiB of weights in four pieces, 512 B of inputs in one."""
    return {"input": random_fp16(1, 256), "weights": random_fp16(32, 256), "output": (1, 32)}


def ancestors(ran: Any, node: int) -> set[int]:
    found, todo = set(), [node]
    while todo:
        for parent in ran.dependences[todo.pop()]:
            if parent not in found:
                found.add(parent)
                todo.append(parent)
    return found


def of_kind(ran: Any, kind: int) -> list[int]:
    return [index for index, node in enumerate(ran.nodes) if node["kind"] == kind]


def test_exact_mode_records_the_same_nodes_as_kernel_mode(
    bench: Any, tensors: dict[str, Any]
) -> None:
    for parameters in ({}, {"double_buffer": True}):
        runs = [
            bench(VectorMacEngine(parameters), mode).run("mat_mul", tensors, **FC, activation=1)
            for mode in (ModelMode.KERNEL, ModelMode.EXACT)
        ]
        kernel, exact = runs
        assert kernel.dependences == exact.dependences
        for name in ("id", "kind", "stream", "unit", "address", "value", "row_bytes", "operand"):
            np.testing.assert_array_equal(kernel.nodes[name], exact.nodes[name], err_msg=name)
        np.testing.assert_array_equal(kernel.output, exact.output)


def test_pieces_are_at_most_4096_bytes_and_cover_each_operand(
    bench: Any, tensors: dict[str, Any]
) -> None:
    ran = bench(VectorMacEngine({})).run("mat_mul", tensors, **FC)
    reads = ran.nodes[ran.nodes["kind"] == READ]
    assert reads["row_bytes"].tolist() == [512, 4096, 4096, 4096, 4096]
    assert set(reads["stream"].tolist()) == {0}
    writes = ran.nodes[ran.nodes["kind"] == WRITE]
    assert writes["row_bytes"].tolist() == [64]
    assert set(writes["stream"].tolist()) == {1}


def test_without_double_buffering_every_step_waits_for_the_one_before(
    bench: Any, tensors: dict[str, Any]
) -> None:
    ran = bench(VectorMacEngine({})).run("mat_mul", tensors, **FC)
    steps = [i for i, node in enumerate(ran.nodes) if node["kind"] in (READ, WRITE, COMPUTE)]
    for before, after in itertools.pairwise(steps):
        assert before in ancestors(ran, after)


def test_double_buffering_issues_all_loads_at_once(bench: Any, tensors: dict[str, Any]) -> None:
    ran = bench(VectorMacEngine({"double_buffer": True})).run("mat_mul", tensors, **FC)
    assert all(not ran.dependences[read] for read in of_kind(ran, READ))
    mac = next(i for i, node in enumerate(ran.nodes) if node["unit"] == 1)
    converts = [i for i in of_kind(ran, COMPUTE) if i < mac]
    assert set(converts) <= ancestors(ran, mac)


def test_each_transfer_has_its_conversion(bench: Any, tensors: dict[str, Any]) -> None:
    for parameters in ({}, {"double_buffer": True}):
        ran = bench(VectorMacEngine(parameters)).run("mat_mul", tensors, **FC)
        for read in of_kind(ran, READ):
            child = next(i for i in of_kind(ran, COMPUTE) if read in ran.dependences[i])
            assert ran.nodes[child]["unit"] == 0
        for write in of_kind(ran, WRITE):
            assert any(ran.nodes[i]["unit"] == 0 for i in ran.dependences[write])


def test_command_without_loads_and_stores_only_computes(
    bench: Any, tensors: dict[str, Any]
) -> None:
    engine = bench(VectorMacEngine({}))
    engine.run("mat_mul", tensors, **FC)
    ran = engine.run("mat_mul", tensors, **FC, load_input=0, load_weights=0, store_output=0)
    assert [int(node["kind"]) for node in ran.nodes] == [COMPUTE]


def test_description_names_units_scratchpads_and_alignment() -> None:
    description = VectorMacEngine({"input_scratchpad_bytes": 65536}).describe()
    assert description.units == ("convert", "mac", "vector")
    assert [pad.size_bytes for pad in description.scratchpads] == [65536, 32768, 32768]
    assert description.channel_alignment == 8
    assert description.kernels["conv2d"] == {"pe_count": 8, "macs_per_pe": 32}
    assert description.parameters["double_buffer"] is False


def test_statistics_count_macs_bytes_and_energy(bench: Any, tensors: dict[str, Any]) -> None:
    engine = bench(VectorMacEngine({}))
    engine.run("mat_mul", tensors, **FC)
    values = {each.name: each.value for each in engine.model.statistics()}
    macs = 32 * 256
    assert values["macs"] == macs
    assert values["bytes_loaded"] == 2 * (256 + macs)
    assert values["bytes_stored"] == 64
    loaded, stored = 256 + macs, 32
    assert values["scratchpad_words_written"] == loaded + 32
    assert values["scratchpad_words_read"] == macs + 4 * 256 + stored  # weights, inputs per block
    assert values["energy::multiply"] == pytest.approx(macs * 35.32e-12, rel=1e-3)


def test_fused_elu_occupies_the_vector_unit_only_for_negative_results(bench: Any) -> None:
    weights, ones = np.ones((8, 8), np.float16), np.ones((1, 8), np.float16)
    cycles = []
    for x in (ones, -ones):
        tensors = {"input": x, "weights": weights, "output": (1, 8)}
        ran = bench(VectorMacEngine({})).run(
            "mat_mul", tensors, **FC, activation=3, activation_alpha=1.0
        )
        cycles.append(ran.cycles(unit=2))
    assert cycles == [0, 3 + 5 + 4]  # exponential, subtraction, multiplication
