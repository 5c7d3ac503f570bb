"""What the operators that only move data share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.graph.tensor_type import Layout

if TYPE_CHECKING:
    from harness.graph.operator import Call, Site


def layout_name(layout: Layout | str) -> str:
    """Return the name of a layout; unknown ones are refused by the attribute's check."""
    return layout.value if isinstance(layout, Layout) else layout


def as_axis(site: Site, axis: object, rank: int) -> int:
    """Return an axis counted from the front.

    Raises:
        ShapeError: The tensor has no such axis.
    """
    if isinstance(axis, bool) or not isinstance(axis, int) or not -rank <= axis < rank:
        raise site.shape_error(
            "there is no such axis",
            expected=f"an integer from {-rank} to {rank - 1}",
            got=repr(axis),
        )
    return axis % rank


def checked_axis(call: Call) -> int:
    """Return the attribute `axis`, which must lie inside the first input."""
    return as_axis(call.site, call.integer("axis"), call.types[0].rank)
