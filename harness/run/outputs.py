"""Judges a run's outputs: predicted class, and distance from the reference execution."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, np.dtype[Any]]

TOLERANCE_ULP = 2
"""Largest distance from the reference, in units of the last place of the output's dtype."""
MOST_VALUES = 4096
"""Outputs with more elements are kept as their hash only."""


@dataclass(frozen=True, slots=True)
class OutputValue:
    """One output of the network; `values` is flat, and empty if there are too many."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ReferenceCheck:
    """How far the outputs are from the reference execution of the same graph."""

    is_equal: bool
    within_tolerance: bool
    maximum_ulp: int
    elements: int


@dataclass(frozen=True, slots=True)
class Classification:
    """Predicted classes, one per element of the batch, and the right ones if they are known."""

    predicted: tuple[int, ...]
    expected: tuple[int, ...]
    names: tuple[str, ...]

    @property
    def is_right(self) -> bool | None:
        """Whether all are right; None if that is not known."""
        return self.predicted == self.expected if self.expected else None

    def name(self, index: int) -> str:
        """Return a class's name."""
        return self.names[index] if index < len(self.names) else str(index)


def describe_outputs(names: Sequence[str], arrays: Sequence[Array]) -> tuple[OutputValue, ...]:
    """Return the outputs' hashes and, where they are few, their values."""
    return tuple(
        OutputValue(
            name,
            str(array.dtype),
            tuple(array.shape),
            array_sha256(array),
            tuple(array.ravel().tolist()) if array.size <= MOST_VALUES else (),
        )
        for name, array in zip(names, arrays, strict=True)
    )


def array_sha256(array: Array) -> str:
    """Return the SHA-256 of an array's elements as they lie in memory, row by row."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def compare_with_reference(arrays: Sequence[Array], reference: Sequence[Array]) -> ReferenceCheck:
    """Compare outputs with the reference's, in units of the last place."""
    distances = [
        ulp_distance(array, wanted) for array, wanted in zip(arrays, reference, strict=True)
    ]
    worst = max(distances, default=0)
    elements = sum(array.size for array in arrays)
    return ReferenceCheck(worst == 0, worst <= TOLERANCE_ULP, worst, elements)


def ulp_distance(first: Array, second: Array) -> int:
    """Return the largest distance of two arrays, counted in representable numbers between them.

    A NaN is at distance 0 of a NaN and very far from everything else; whole numbers differ by
    their difference.
    """
    if first.shape != second.shape or first.dtype != second.dtype:
        return 1 << 62
    if not first.size:
        return 0
    one, other = _ordered(first), _ordered(second)
    distance = np.abs(one - other)
    if first.dtype.kind == "f":
        nan = np.isnan(first), np.isnan(second)
        distance = np.where(nan[0] & nan[1], 0, distance)
        distance = np.where(nan[0] ^ nan[1], 1 << 62, distance)
    return int(distance.max())


def _ordered(array: Array) -> Array:
    """Map floating-point numbers to whole ones that grow by one from each to the next."""
    if array.dtype.kind != "f" or array.dtype.itemsize > 4:
        return array.astype(np.float64) if array.dtype.kind == "f" else array.astype(np.int64)
    bits = np.ascontiguousarray(array).view(f"i{array.dtype.itemsize}").astype(np.int64)
    sign = np.int64(1) << (8 * array.dtype.itemsize - 1)
    return np.where(bits < 0, -(bits + sign), bits)


def classify(
    outputs: Sequence[Array], classes: tuple[str, ...], expected: tuple[int, ...]
) -> Classification | None:
    """Return the predicted classes if the network is a classifier: one output, (N, classes)."""
    if len(outputs) != 1 or outputs[0].ndim != 2 or not (classes or expected):
        return None
    if classes and len(classes) != outputs[0].shape[1]:
        return None
    predicted = tuple(int(best) for best in np.argmax(outputs[0], axis=1))
    return Classification(predicted, expected, classes)
