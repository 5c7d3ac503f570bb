"""Handwritten digits that training never saw: 360 scans of 8 x 8 pixels, upscaled on loading.

Source: scikit-learn's `load_digits` (1,797 scans of the UCI "Optical Recognition of Handwritten
Digits" set, E. Alpaydin and C. Kaynak, 1998, CC BY 4.0). Its first 1,437 scans train the networks,
the last 360 (other writers than most of the first) are shipped in `data/digits_test.npz`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"
TRAINING_SCANS = 1437
"""Scans of the set, from its start, that training may use."""

CLASSES = tuple(str(digit) for digit in range(10))


def upscale(scans: NDArray[np.uint8], size: int) -> NDArray[np.float16]:
    """Resize square scans bilinearly, pixel centres aligned.

    Args:
        scans: (N, 8, 8) grey levels 0 to 16.
        size: Rows and columns wanted.

    Returns:
        (N, size, size) in [0, 1]; computed in fp64, rounded once.
    """
    edge = scans.shape[1]
    centre = np.clip((np.arange(size) + 0.5) * edge / size - 0.5, 0, edge - 1)
    low = np.floor(centre).astype(np.int64)
    high = np.minimum(low + 1, edge - 1)
    weight = centre - low
    pixels = scans.astype(np.float64) / 16
    rows = pixels[:, low] * (1 - weight)[:, None] + pixels[:, high] * weight[:, None]
    image = rows[:, :, low] * (1 - weight) + rows[:, :, high] * weight
    rounded: NDArray[np.float16] = image.astype(np.float16)
    return rounded


@cache
def test_scans() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the shipped scans (360, 8, 8) and their labels (360,)."""
    with np.load(DATA / "digits_test.npz") as archive:
        return archive["scans"], archive["labels"]


def test_image(index: int, size: int) -> NDArray[np.float16]:
    """Return test image `index` as (size, size)."""
    image: NDArray[np.float16] = upscale(test_scans()[0][index : index + 1], size)[0]
    return image


def load_weights(network: str) -> dict[str, NDArray[np.float16]]:
    """Return the trained weights of a shipped network by tensor name."""
    with np.load(DATA / f"{network}.npz") as archive:
        return {name: archive[name] for name in archive.files}
