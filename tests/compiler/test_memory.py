"""Buffers that are live together never share a cache line."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from harness.compiler.memory import Lifetime, plan_memory

LINE_BYTES = 64

lifetimes = st.builds(
    lambda size, first, length: Lifetime(size, first, first + length),
    st.integers(1, 5000),
    st.integers(-1, 20),
    st.integers(0, 10),
)


@given(st.lists(lifetimes, max_size=25))
def test_live_buffers_never_share_a_line(lives: list[Lifetime]) -> None:
    layout = plan_memory(lives, LINE_BYTES)

    placed = list(zip(lives, layout.offsets_bytes, strict=True))
    for (one, at), (two, other) in combinations(placed, 2):
        if one.overlaps(two):
            lines = {at // LINE_BYTES, (at + one.size_bytes - 1) // LINE_BYTES}
            others = {other // LINE_BYTES, (other + two.size_bytes - 1) // LINE_BYTES}
            assert max(lines) < min(others) or max(others) < min(lines)
    assert all(at % LINE_BYTES == 0 for _, at in placed)
    assert all(at + life.size_bytes <= layout.size_bytes for life, at in placed)
    assert layout == plan_memory(lives, LINE_BYTES)


def test_a_chain_of_buffers_needs_two_places_only() -> None:
    chain = [Lifetime(4096, step, step + 1) for step in range(10)]

    assert plan_memory(chain, LINE_BYTES).size_bytes == 2 * 4096
