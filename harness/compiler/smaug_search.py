"""SMAUG's choice of tiled dimensions and its enumeration of tile shapes, shared by its operators.

Sources: notes of SMAUG 8fd68e6, smaug/operators/smv/smv_tiling_base.cpp:10-118.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.errors import DoesNotFitError
from harness.compiler.spans import round_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.compiler.limits import Limits

Shape = tuple[int, ...]

_ORDER = {
    "None": "",
    "DimN": "N",
    "DimNC": "NC",
    "DimNH": "NH",
    "DimNW": "NW",
    "DimNHW": "NHW",
    "DimNCH": "NCH",
    "DimNCW": "NCW",
}
"""Tried in this order; the letters are the tiled dimensions."""

_AXES = {4: {"N": 0, "H": 1, "W": 2, "C": 3}, 2: {"N": 0, "C": 1}}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is tiled, for errors."""

    op: str
    name: str
    where: str = ""


def storage_elements(shape: Shape, limits: Limits) -> int:
    """Return the elements of a tensor as stored."""
    return math.prod(shape[:-1]) * round_up(shape[-1], limits.alignment)


def tiles_dimension(dims: str, letter: str) -> bool:
    """Return whether a dimension is tiled."""
    return letter in _ORDER[dims]


def dims_with(letters: str) -> str:
    """Return SMAUG's name of a set of tiled dimensions; C before H before W, never all three."""
    wanted = set(letters)
    for name, tiled in _ORDER.items():
        if set(tiled) == wanted:
            return name
    return "DimNHW" if {"H", "W"} <= wanted else "None"


def choose_dims(shape: Shape, smallest: Shape, limits: Limits, subject: Subject, role: str) -> str:
    """Return the first set of dimensions whose smallest tile fits.

    Raises:
        DoesNotFitError: Not even the last set fits.
    """
    capacity = limits.smallest_elements
    size = storage_elements(shape, limits)
    if size <= capacity:
        return "None"
    axes = _AXES[len(shape)]
    for name, letters in list(_ORDER.items())[1:]:
        if not set(letters) <= set(axes):
            continue
        fraction = math.prod(smallest[axes[letter]] / shape[axes[letter]] for letter in letters)
        if size * fraction <= capacity:
            return name
    raise _no_dims(shape, smallest, limits, subject, role)


def _no_dims(
    shape: Shape, smallest: Shape, limits: Limits, subject: Subject, role: str
) -> DoesNotFitError:
    least = tuple(min(pair) for pair in zip(shape, smallest, strict=True))
    needed = storage_elements(least, limits) * limits.element_bytes
    return DoesNotFitError(
        f'{subject.op} "{subject.name}": the smallest tile of its {role} needs {needed} B of '
        f'scratchpad, accelerator "{limits.model}" has '
        f"{limits.smallest_elements * limits.element_bytes} B",
        where=subject.where,
        expected="a tensor that policy smaug can tile",
        got=f"{role} {'x'.join(map(str, shape))}, smallest tile {'x'.join(map(str, least))}",
        way_out="use policy traffic, which tiles rows, columns and channels, or larger scratchpads",
    )


def enumerate_tiles(shape: Shape, smallest: Shape, steps: Shape, limits: Limits) -> Iterator[Shape]:
    """Yield the tile shapes that fit, n outermost, then channels, rows, columns."""
    if len(shape) == 2:
        for n in range(smallest[0], shape[0] + 1, steps[0]):
            for c in range(smallest[1], shape[1] + 1, steps[1]):
                if storage_elements((n, c), limits) > limits.smallest_elements:
                    break
                yield (n, c)
        return
    for n in range(smallest[0], shape[0] + 1, steps[0]):
        for c in range(smallest[3], shape[3] + 1, steps[3]):
            if (
                storage_elements((n, smallest[1], smallest[2], c), limits)
                > limits.smallest_elements
            ):
                break
            yield from _planes(shape, smallest, steps, (n, c), limits)


def _planes(
    shape: Shape, smallest: Shape, steps: Shape, fixed: tuple[int, int], limits: Limits
) -> Iterator[Shape]:
    n, c = fixed
    for h in range(smallest[1], shape[1] + 1, steps[1]):
        for w in range(smallest[2], shape[2] + 1, steps[2]):
            if storage_elements((n, h, w, c), limits) > limits.smallest_elements:
                break
            yield (n, h, w, c)


def free_tiles(
    dims: str, shape: Shape, smallest: Shape, steps: Shape, limits: Limits
) -> list[Shape]:
    """Return the tile shapes of a tensor of which only the dimensions in `dims` may be cut."""
    if dims == "None":
        return [shape]
    axes = _AXES[len(shape)]
    cut = {axes[letter] for letter in _ORDER[dims]}
    low = tuple(smallest[i] if i in cut else shape[i] for i in range(len(shape)))
    step = tuple(steps[i] if i in cut else 1 for i in range(len(shape)))
    return list(enumerate_tiles(shape, low, step, limits))


def largest(
    candidates: Sequence[tuple[Shape, ...]], limits: Limits, subject: Subject
) -> tuple[Shape, ...]:
    """Return the candidate that fills the scratchpads most; the first one of equals.

    Raises:
        DoesNotFitError: There is no candidate.
    """
    if not candidates:
        raise DoesNotFitError(
            f'{subject.op} "{subject.name}": no combination of tiles fits the scratchpads of '
            f'"{limits.model}", {limits.smallest_elements * limits.element_bytes} B each',
            where=subject.where,
            way_out="use policy traffic, or larger scratchpads",
        )
    return max(candidates, key=lambda shapes: _total(shapes, limits))


def _total(shapes: Iterable[Shape], limits: Limits) -> int:
    return sum(storage_elements(shape, limits) for shape in shapes)
