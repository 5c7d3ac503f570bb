"""Which points no other point beats in both of two costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the indices of the points that none dominates, by the first cost; less is better.

    A point dominates another if it is no worse in both costs and better in one; of equal points
    all are on the front.
    """
    order = sorted(range(len(points)), key=lambda i: (*points[i], i))
    front: list[int] = []
    for index in order:
        last = points[front[-1]] if front else None
        if last is None or points[index][1] < last[1] or points[index] == last:
            front.append(index)
    return front
