from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.soc import _engine


def test_every_half_widens_as_numpy_does() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16)
    expected = halves.view(np.float16).astype(np.float32)
    got = np.array([_engine.half_to_float(int(h)) for h in halves], dtype=np.float32)
    np.testing.assert_array_equal(got, expected)


@given(st.floats(width=32, allow_nan=False))
def test_every_float_rounds_to_nearest_even_as_numpy_does(value: Any) -> None:
    with np.errstate(over="ignore"):
        expected = np.float32(value).astype(np.float16).view(np.uint16)
    assert _engine.float_to_half(value) == expected


def test_halfway_cases_go_to_the_even_neighbour() -> None:
    halves = np.arange(0, 0x7C00, dtype=np.uint16).view(np.float16).astype(np.float64)
    middles = (halves[1:] + halves[:-1]) / 2
    expected = middles.astype(np.float16).view(np.uint16)
    got = [_engine.float_to_half(float(middle)) for middle in middles]
    np.testing.assert_array_equal(np.array(got, dtype=np.uint16), expected)


def test_not_a_number_stays_not_a_number() -> None:
    half = _engine.float_to_half(float("nan"))
    assert half & 0x7C00 == 0x7C00
    assert half & 0x03FF
