"""The estimate of time: its formulas by hand, and what it must prefer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.compiler.conv_plan import ConvTiling, plan_conv2d
from harness.compiler.costs import Costs, costs_of
from harness.compiler.estimate import conv2d_cycles, mat_mul_cycles, plan_ticks
from harness.compiler.limits import Limits
from harness.compiler.matrix_plan import MatrixShape
from harness.compiler.smaug_search import Subject
from harness.compiler.spans import Axis
from harness.compiler.tile_plan import Reuse
from harness.compiler.traffic import assigned, moved_bytes
from harness.compiler.traffic_conv import traffic_conv2d
from harness.compiler.traffic_other import traffic_mat_mul
from harness.compiler.window_shape import ConvShape
from harness.target import load_target

if TYPE_CHECKING:
    from harness.bridge.description import ModelDescription
    from harness.compiler.tile_plan import TilePlan

CONV = ConvShape(1, Axis(16, 3, 1, 1, 1), Axis(16, 3, 1, 1, 1), 32, 64, 3, 3)
SUBJECT = Subject("conv2d", "conv")


def _limits(accelerators: int = 1, **costs: int) -> Limits:
    return Limits(reuse=Reuse(accelerators), costs=replace(Costs(), **costs))


def _tiling(rows: int, kernels: int) -> ConvTiling:
    return ConvTiling(
        batch=1,
        rows=CONV.rows.spans_by_output(rows),
        columns=(CONV.columns.whole(),),
        input_channels=32,
        weight_channels=32,
        weight_kernels=kernels,
        output_kernels=kernels,
    )


def _ticks(plan: TilePlan, limits: Limits) -> int:
    return plan_ticks(plan, {"input": CONV.input, "output": CONV.output}, limits)


def test_a_convolution_passes_its_rows_once_per_block_and_tap() -> None:
    fill = Costs().fill_cycles
    one_pass = 4 * (10 * 4 + fill) + 8 * 4 + fill

    assert conv2d_cycles(8, 9, 32, 4, 10, Limits()) == 9 * one_pass
    assert conv2d_cycles(9, 9, 33, 4, 10, Limits()) == 4 * 9 * one_pass


def test_half_filled_mac_vectors_cost_as_much_as_full_ones() -> None:
    halves = 2 * conv2d_cycles(8, 9, 16, 4, 10, Limits())

    assert halves > conv2d_cycles(8, 9, 32, 4, 10, Limits())


def test_a_matrix_reads_each_vector_of_weights_once_per_row() -> None:
    fill = Costs().fill_cycles

    assert mat_mul_cycles(2, 16, 64, Limits()) == fill + 2 * (16 * 8 + 2 * fill)


def test_costs_come_from_the_target(description: ModelDescription) -> None:
    sets = ("accelerator.clock=500 MHz", "driver.submit=2 us", "dma.maximum_outstanding=1")
    usual, slow = (costs_of(load_target("smaug", each), description) for each in ((), sets))

    assert slow.cycle_ticks == 2 * usual.cycle_ticks
    before = load_target("smaug").driver.submit_ticks
    assert slow.submit_ticks - usual.submit_ticks == 2_000_000 - before
    assert slow.kib_ticks > usual.kib_ticks
    assert slow.shared_kib_ticks == usual.shared_kib_ticks


def test_equal_items_take_a_share_of_the_time_each() -> None:
    many = _limits(4, submit_ticks=0, start_ticks=0, end_ticks=0, shared_kib_ticks=0)
    one = replace(many, reuse=Reuse(1))
    plan = plan_conv2d(CONV, _tiling(4, 32), one)
    alone, shared = (
        min(_ticks(each, limits) for each in assigned(plan, limits)) for limits in (one, many)
    )

    assert alone / 5 < shared < alone / 3


def test_a_full_ring_holds_up_other_accelerators() -> None:
    """Items one after the other in the order of accelerators would keep the others idle."""
    limits = _limits(2, queue_depth=2)
    plan = plan_conv2d(CONV, _tiling(2, 8), limits)
    grouped = assigned(plan, limits)[1]
    half = plan.items // 2
    blocked = replace(
        grouped,
        commands=tuple(replace(c, item=int(i >= half)) for i, c in enumerate(plan.commands)),
    )

    assert _ticks(grouped, limits) < _ticks(blocked, limits)


def test_neighbours_stay_together_or_are_dealt_out_and_all_are_there() -> None:
    limits = _limits(3)
    plan = plan_conv2d(CONV, _tiling(4, 32), limits)
    dealt, grouped = assigned(plan, limits)
    outputs = [
        [c.operands[-1].tile for c in each.commands if c.item % 3 == 0] for each in (dealt, grouped)
    ]

    assert outputs == [[0, 3, 6], [0, 1, 2]]
    for each in (dealt, grouped):
        assert sorted(c.operands[-1].tile for c in each.commands) == list(range(8))
        assert [c.item for c in each.commands] == list(range(8))


def test_filters_are_cut_rather_than_mac_vectors() -> None:
    """64 x 3 x 3 x 32 weights do not fit; halving the channels would double the passes."""
    plan = traffic_conv2d(CONV, _limits(), SUBJECT)

    assert {region.shape[-1] for region in plan.tiles["weights"]} == {32}


@pytest.mark.parametrize("accelerators", [2, 4, 8])
def test_a_matrix_is_spread_over_accelerators_by_its_neurons(accelerators: int) -> None:
    plan = traffic_mat_mul(
        MatrixShape(1, 2048, 512), _limits(accelerators), Subject("mat_mul", "fc")
    )
    share = [0] * accelerators
    for command in plan.commands:
        share[command.item % accelerators] += plan.tiles["weights"][command.operands[1].tile].shape[
            0
        ]

    assert max(share) == min(share) == 512 // accelerators


@pytest.mark.parametrize("accelerators", [1, 2, 4, 8])
def test_more_accelerators_never_make_the_estimate_longer(accelerators: int) -> None:
    shapes = {"input": CONV.input, "output": CONV.output}
    fewer, more = (_limits(n) for n in (accelerators, 2 * accelerators))
    ticks = [
        plan_ticks(traffic_conv2d(CONV, each, SUBJECT), shapes, each) for each in (fewer, more)
    ]

    assert ticks[1] <= 1.02 * ticks[0]


def test_bytes_count_loads_stores_and_copies() -> None:
    plan = plan_conv2d(CONV, _tiling(16, 32), Limits())
    shapes = {"input": CONV.input, "output": CONV.output}
    image, weights, output = 16 * 16 * 32 * 2, 64 * 9 * 32 * 2, 16 * 16 * 64 * 2

    assert moved_bytes(plan, shapes, Limits()) == image + weights + 2 * output
    assert moved_bytes(plan, shapes, Limits(), is_smaug=True) == image + weights + 2 * output
