"""Cycles of the fully connected layer: outputs stay in registers, weights stream past them.

Loops, outermost first: input row, block of `pe_count` neurons, block of `macs_per_pe` inputs.

Source: loop order from SMAUG 8fd68e6, matrix_multiply.c; smv-accel.cfg leaves the weights
scratchpad one vector port, so that each vector of weights costs one cycle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accel_models.vector_mac.parameters import VectorMacParameters

CALL_CYCLES = 9
BLOCK_CYCLES = 8
"""Reducing and writing back a block of neurons: 9 + 8 per block. Fitted: Minerva FC rows with two
and with eight blocks, LeNet5 and CNN10 FC rows with one."""

PARTIAL_BLOCK_CYCLES = 8
"""More for a last block with idle PEs. Fitted: the 10-neuron layers of all three networks."""


def matrix_cycles(rows: int, neurons: int, columns: int, parameters: VectorMacParameters) -> int:
    """Return the cycles of one invocation, activation and transfers excluded.

    Args:
        rows: Rows of the input (the batch).
        neurons: Rows of the weights tile.
        columns: Columns of the weights tile, padded.
        parameters: The engine.
    """
    vectors = neurons * -(-columns // parameters.vector_lanes)
    blocks, rest = divmod(neurons, parameters.pe_count)
    blocks += bool(rest)
    partial = PARTIAL_BLOCK_CYCLES if rest else 0
    return CALL_CYCLES + rows * (vectors + BLOCK_CYCLES * blocks + partial)
