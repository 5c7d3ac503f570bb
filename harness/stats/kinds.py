"""What kind of statistic a name belongs to; the file does not say, its elements do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.stats.names import ELEMENT

if TYPE_CHECKING:
    from collections.abc import Iterable

SCALAR = "scalar"
VECTOR = "vector"
DISTRIBUTION = "distribution"
HISTOGRAM = "histogram"
SPARSE = "sparse"


def kinds_of(labels: Iterable[str]) -> dict[str, str]:
    """Return the kind of every name before "::".

    A formula looks like a scalar or a vector, a row of a 2-D vector like a vector, and they are
    called that. A distribution has samples, a mean and buckets or not; a histogram has a geometric
    mean too, or its bucket size; a sparse one has samples and buckets only.
    """
    elements: dict[str, set[str]] = {}
    for label in labels:
        base, _, element = label.partition(ELEMENT)
        elements.setdefault(base, set()).add(element)
    return {base: _kind(own) for base, own in elements.items()}


def _kind(elements: set[str]) -> str:
    if elements == {""}:
        return SCALAR
    if "samples" not in elements:
        return VECTOR
    if elements & {"gmean", "bucket_size"}:
        return HISTOGRAM
    return DISTRIBUTION if "mean" in elements else SPARSE
