from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

Values = Callable[..., np.ndarray]


@pytest.fixture(scope="session")
def ulp_distance() -> Callable[[np.ndarray, np.ndarray], int]:
    """The largest distance of two fp16 arrays, in representable values between them."""

    def distance(left: np.ndarray, right: np.ndarray) -> int:
        assert left.dtype == right.dtype == np.float16
        assert left.shape == right.shape

        def rank(values: np.ndarray) -> np.ndarray:
            bits = values.view(np.int16).astype(np.int64)
            return np.where(bits < 0, -(bits & 0x7FFF), bits)

        return int(np.abs(rank(left) - rank(right)).max())

    return distance


@pytest.fixture
def halves() -> Values:
    """Random fp16 arrays of about one in size; the same ones in every run."""
    rng = np.random.default_rng(7)

    def make(*shape: int, scale: float = 1.0) -> np.ndarray:
        return (rng.standard_normal(shape) * scale).astype(np.float16)

    return make
