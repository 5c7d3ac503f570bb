"""Cycles of the loops that convert fp16 to fp32 after a load and back before a store."""

from __future__ import annotations

PIECE_CYCLES = 4
"""Entering and draining the loop once per transfer. Fitted: FC rows of all three networks."""

LOAD_CALL_CYCLES = 3
"""Once per loaded operand. Fitted: FC rows with rdI=1 against the same rows with rdI=0."""

STORE_CALL_CYCLES = 1
"""Once per stored operand. Fitted: FC and pool rows with send=1 against send=0."""


def piece_sizes(size_bytes: int, transfer_bytes: int) -> list[int]:
    """Return the sizes of the pieces in which an operand moves, in order."""
    whole, rest = divmod(size_bytes, transfer_bytes)
    return [transfer_bytes] * whole + ([rest] if rest else [])


def convert_cycles(elements: int, lanes: int, *, is_first: bool, is_store: bool) -> int:
    """Return the cycles that converting one piece takes.

    The loop is unrolled by the lanes and pipelined. Two vectors take three cycles: fitted, the
    slope of loads and stores of 64 to 16,384 elements alike.
    """
    vectors = -(-elements // lanes)
    call_cycles = STORE_CALL_CYCLES if is_store else LOAD_CALL_CYCLES
    return -(-3 * vectors // 2) + PIECE_CYCLES + (call_cycles if is_first else 0)
