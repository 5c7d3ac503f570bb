"""Statistics of more than one line: matrices and distributions."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.base.errors import StatsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Elements = Mapping[str, float]

TOTAL = "total"
SAMPLES = "samples"
SUMMARY = frozenset(
    {
        *("samples", "mean", "gmean", "stdev", "underflows", "overflows", "min_value"),
        *("max_value", "total", "bucket_size", "min_bucket", "max_bucket"),
    }
)
"""Elements of a distribution that are no buckets."""

_BOUND = r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?|-?inf|nan"
_BUCKET = re.compile(rf"({_BOUND})(?:-({_BOUND}))?")


@dataclass(frozen=True, slots=True)
class Matrix:
    """A 2-D vector."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Bucket:
    """Samples from `low` to `high`, both included.

    gem5 prints large bounds with six digits only ("1.04858e+06-2.09715e+06"): they are rounded.
    """

    low: float
    high: float
    count: float


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution or histogram; what gem5 did not print is NaN (0 for counts).

    Attributes:
        samples: Number of samples.
        buckets: In ascending order; empty for a Deviation.
        underflows: Samples below the first bucket.
        overflows: Samples above the last bucket.
    """

    name: str
    samples: float
    mean: float
    stdev: float
    gmean: float
    underflows: float
    overflows: float
    min_value: float
    max_value: float
    total: float
    buckets: tuple[Bucket, ...]

    def percentile(self, fraction: float) -> float:
        """Return the value below which a fraction of the samples lies.

        Within a bucket samples are taken to be spread evenly; a bucket of one value gives that
        value. Where the answer lies among underflows or overflows, it is `min_value` or
        `max_value` only at the very end, else NaN: the file does not say.

        Raises:
            StatsError: The fraction is not within 0 and 1.
        """
        if not 0 <= fraction <= 1:
            raise StatsError("a percentile is a fraction", expected="0 to 1", got=str(fraction))
        counted = self.underflows + self.overflows + sum(each.count for each in self.buckets)
        if not counted:
            return math.nan
        wanted = fraction * counted
        if wanted < self.underflows:
            return self.min_value if fraction == 0 else math.nan
        passed = self.underflows
        for bucket in self.buckets:
            if bucket.count and wanted <= passed + bucket.count:
                width = bucket.high - bucket.low
                return bucket.low + width * (wanted - passed) / bucket.count
            passed += bucket.count
        return self.max_value if fraction == 1 or not self.overflows else math.nan


def matrix_of(name: str, elements: Mapping[str, Elements]) -> Matrix:
    """Collect `name_row::column` from a dump's elements by base name."""
    prefix = f"{name}_"
    found = {
        base[len(prefix) :]: {key: value for key, value in own.items() if key != TOTAL}
        for base, own in elements.items()
        if base.startswith(prefix) and SAMPLES not in own
    }
    if not found:
        raise StatsError(f'no 2-D statistic "{name}" in this dump', expected=f"{name}_ROW::COLUMN")
    columns = tuple(dict.fromkeys(key for own in found.values() for key in own))
    rows = [[own.get(column, 0.0) for column in columns] for own in found.values()]
    return Matrix(tuple(found), columns, np.array(rows, dtype=np.float64))


def distribution_of(name: str, elements: Elements) -> Distribution:
    """Take a distribution's elements apart."""
    if SAMPLES not in elements:
        raise StatsError(
            f'no distribution "{name}" in this dump', expected=f"a line {name}::{SAMPLES}"
        )
    samples = elements[SAMPLES]
    return Distribution(
        name=name,
        samples=samples,
        mean=elements.get("mean", math.nan),
        stdev=elements.get("stdev", math.nan),
        gmean=elements.get("gmean", math.nan),
        underflows=elements.get("underflows", 0),
        overflows=elements.get("overflows", 0),
        min_value=elements.get("min_value", math.nan),
        max_value=elements.get("max_value", math.nan),
        total=elements.get(TOTAL, samples),
        buckets=tuple(sorted(_buckets(elements), key=lambda each: (each.low, each.high))),
    )


def _buckets(elements: Elements) -> list[Bucket]:
    """Return the buckets; a one-line form numbers them and gives their size beside them."""
    numbered = {key: value for key, value in elements.items() if key not in SUMMARY}
    size, low, high = (
        elements.get(f"{each}") for each in ("bucket_size", "min_bucket", "max_bucket")
    )
    if size is not None and low is not None and high is not None:
        return [
            Bucket(low + i * size, min(low + i * size + size - 1, high), count)
            for i, count in enumerate(numbered.values())
        ]
    return [bucket for key, count in numbered.items() if (bucket := _bucket(key, count))]


def _bucket(label: str, count: float) -> Bucket | None:
    match = _BUCKET.fullmatch(label)
    if match is None:
        return None
    return Bucket(float(match[1]), float(match[2] or match[1]), count)
