"""Cycle rules against what the loop nests imply, term by term."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accel_models.vector_mac.cycles.convolution import (
    ConvolutionTile,
    convolution_cycles,
    convolution_passes,
)
from accel_models.vector_mac.cycles.matrix import matrix_cycles
from accel_models.vector_mac.cycles.transfers import convert_cycles, piece_sizes
from accel_models.vector_mac.cycles.vectors import (
    activation_cycles,
    batch_norm_cycles,
    elementwise_cycles,
    fused_activation_cycles,
    pool_cycles,
    softmax_cycles,
)
from accel_models.vector_mac.parameters import VectorMacParameters
from harness.base.errors import SpecError

ENGINE = VectorMacParameters()
TILE = ConvolutionTile(
    output_rows=16,
    output_columns=16,
    filters=8,
    kernel_rows=3,
    kernel_columns=3,
    channels=32,
    is_padded=False,
)


def test_passes_count_filter_blocks_kernel_positions_and_channel_blocks() -> None:
    tile = replace(TILE, filters=20, channels=40)
    assert convolution_passes(tile, ENGINE) == 3 * 9 * 2


def test_one_more_column_costs_four_cycles_per_row_and_pass() -> None:
    wider = replace(TILE, output_columns=17)
    difference = convolution_cycles(wider, ENGINE) - convolution_cycles(TILE, ENGINE)
    assert difference == 9 * 16 * 4


def test_fewer_channels_cost_no_fewer_cycles_per_pixel() -> None:
    few, all_32 = replace(TILE, channels=8), TILE
    for tile in (few, all_32):
        wider = replace(tile, output_columns=17)
        assert convolution_cycles(wider, ENGINE) - convolution_cycles(tile, ENGINE) == 9 * 16 * 4


def test_pass_reads_one_vector_of_weights_per_used_pe_and_group() -> None:
    four_filters = replace(TILE, filters=4)
    saved = convolution_cycles(TILE, ENGINE) - convolution_cycles(four_filters, ENGINE)
    assert saved == 9 * (8 - 4) * 4


def test_rows_that_touch_padding_are_cheaper_because_their_reads_are_skipped() -> None:
    padded = replace(TILE, is_padded=True)
    assert convolution_cycles(padded, ENGINE) < convolution_cycles(TILE, ENGINE)


def test_filters_beyond_a_block_cost_a_whole_block() -> None:
    nine, sixteen = replace(TILE, filters=9), replace(TILE, filters=16)
    assert convolution_cycles(nine, ENGINE) == convolution_cycles(sixteen, ENGINE)
    assert convolution_cycles(sixteen, ENGINE) == 2 * convolution_cycles(TILE, ENGINE)


def test_unsampled_published_convolution_is_within_two_percent() -> None:
    """28x28x1 image, 16 of 32 filters 3x3 same, relu: 89,771 cycles, 24,432 of them idle.

    Source: SMAUG 8fd68e6, doxygen/docs/run_model_in_simulation.rst; a run without sampling.
    """
    tile = ConvolutionTile(
        output_rows=28,
        output_columns=28,
        filters=16,
        kernel_rows=3,
        kernel_columns=3,
        channels=8,
        is_padded=True,
    )
    transfers = sum(
        convert_cycles(size // 2, 8, is_first=index == 0, is_store=is_store)
        for elements, is_store in ((28 * 28 * 8, False), (32 * 9 * 8, False), (28 * 28 * 16, True))
        for index, size in enumerate(piece_sizes(2 * elements, 4096))
    )
    got = convolution_cycles(tile, ENGINE) + transfers
    assert got == pytest.approx(89771 - 24432, rel=0.02)


def test_pieces_are_whole_transfers_and_one_rest() -> None:
    assert piece_sizes(9216, 4096) == [4096, 4096, 1024]
    assert piece_sizes(4096, 4096) == [4096]
    assert piece_sizes(16, 4096) == [16]


def test_converting_two_vectors_takes_three_cycles() -> None:
    one, two = (
        convert_cycles(size, 8, is_first=False, is_store=False) for size in (1024, 1024 + 16)
    )
    assert two - one == 3


def test_each_weight_vector_of_a_matrix_costs_one_cycle_per_input_row() -> None:
    one = matrix_cycles(1, 16, 256, ENGINE)
    assert matrix_cycles(1, 16, 256 + 8, ENGINE) - one == 16
    assert matrix_cycles(2, 16, 256 + 8, ENGINE) - matrix_cycles(2, 16, 256, ENGINE) == 2 * 16


def test_partly_filled_block_of_neurons_costs_more_than_its_share() -> None:
    def overhead(neurons: int) -> int:
        return matrix_cycles(1, neurons, 64, ENGINE) - neurons * 8

    assert overhead(16) - overhead(8) < overhead(9) - overhead(8)


def test_pool_pixel_costs_control_reads_and_a_write_per_group() -> None:
    base = pool_cycles((1, 8, 8, 16), 4, 8)
    assert pool_cycles((1, 8, 9, 16), 4, 8) - base == 8 * (1 + 2 * (4 + 1))
    assert pool_cycles((1, 8, 8, 24), 4, 8) - base == 64 * (4 + 1)
    assert pool_cycles((1, 8, 8, 16), 9, 8) - base == 64 * 2 * (9 - 4)


def test_batch_norm_vector_costs_its_four_operations() -> None:
    assert batch_norm_cycles(101) - batch_norm_cycles(100) == 4


def test_unrolled_loop_enters_one_vector_per_cycle_and_drains_each_iteration() -> None:
    assert elementwise_cycles(8, latency_cycles=5) == 7 + 5
    assert elementwise_cycles(9, latency_cycles=5) == 7 + 5 + 5
    assert elementwise_cycles(0, latency_cycles=5) == 0


def test_fused_relu_is_free_and_elu_pays_for_negative_vectors_only() -> None:
    assert fused_activation_cycles("relu", 100, 100, ENGINE) == 0
    assert fused_activation_cycles("elu", 100, 0, ENGINE) == 0
    chain = 3 + 5 + 4  # exponential, subtraction, multiplication
    assert fused_activation_cycles("elu", 100, 8, ENGINE) == 7 + chain


def test_stand_alone_activation_also_copies() -> None:
    copy = activation_cycles("relu", 64, 0, ENGINE)
    assert copy == 64
    fused = fused_activation_cycles("sigmoid", 64, 0, ENGINE)
    assert activation_cycles("sigmoid", 64, 0, ENGINE) == copy + fused


def test_softmax_is_serial_in_its_channels() -> None:
    base = softmax_cycles(1, 10, ENGINE)
    assert softmax_cycles(1, 11, ENGINE) - base == 3 + 5 + 4
    assert softmax_cycles(2, 10, ENGINE) == 2 * base


def test_wider_pes_need_fewer_passes_but_more_reads_per_pixel() -> None:
    wide = VectorMacParameters(macs_per_pe=64)
    tile = replace(TILE, channels=64)
    assert convolution_passes(tile, wide) == convolution_passes(tile, ENGINE) // 2
    wider = replace(tile, output_columns=17)
    assert convolution_cycles(wider, wide) - convolution_cycles(tile, wide) == 9 * 16 * 8


@pytest.mark.parametrize(
    "values", [{"pe_count": 0}, {"macs_per_pe": 12}, {"transfer_bytes": 100}], ids=str
)
def test_impossible_parameters_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(SpecError):
        VectorMacParameters(**values)
