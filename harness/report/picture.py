"""A small picture of an image in characters, so that people see what was classified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

SHADES = " .:-=+*#%@"
"""From dark to light; a character is about twice as high as wide, so two rows share one."""
WIDEST = 64


def draw_image(array: np.ndarray[Any, Any]) -> list[str]:
    """Draw the first image of a batch, one channel; return no lines for anything else."""
    image = array
    if not image.size or image.dtype.kind not in "fiub":
        return []
    if image.ndim == 4:
        image = image[0]
        image = image[..., 0] if image.shape[-1] == 1 else image[0]
    side = int(image.size**0.5)
    if image.ndim == 2 and image.shape[0] == 1 and side * side == image.size:
        image = image.reshape(side, side)
    if image.ndim != 2 or not 4 <= min(image.shape) <= max(image.shape) <= WIDEST:
        return []
    low, high = float(image.min()), float(image.max())
    if not low < high < low + float("inf"):
        return []
    rows = image.shape[0] // 2 * 2
    pairs = image[:rows].astype(float).reshape(rows // 2, 2, -1).mean(axis=1)
    levels = ((pairs - low) / (high - low) * (len(SHADES) - 1)).round().astype(int)
    return ["".join(SHADES[level] for level in row).rstrip() for row in levels.tolist()]
