"""Sets of points: products, lists in step, explicit points, samples, filters.

A space is the ordered values of its points. `a * b` takes every point of `a` with every point of
`b`, the last one running fastest; `a + b` takes those of `a` and then those of `b`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.errors import SpecError
from harness.sweep.description.expression import Expression

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Scalar = str | int | float | bool
Values = dict[str, Scalar]
MOST_POINTS = 200_000
_SCALARS = (str, int, float, bool)


@dataclass(frozen=True, slots=True)
class Space:
    """Points, each as its values by name, in order."""

    points: tuple[Values, ...]

    def __len__(self) -> int:
        return len(self.points)

    def __mul__(self, other: Space) -> Space:
        _check_count(len(self) * len(other))
        return Space(
            tuple(
                _merged(left, right) for left, right in itertools.product(self.points, other.points)
            )
        )

    def __add__(self, other: Space) -> Space:
        _check_count(len(self) + len(other))
        return Space((*self.points, *other.points))

    def where(self, condition: str | Callable[[Mapping[str, Scalar]], bool]) -> Space:
        """Return the points that pass a filter.

        Args:
            condition: An expression over the values ("cores >= 2"), or a function of them.
        """
        holds = Expression(condition).holds if isinstance(condition, str) else condition
        return Space(tuple(point for point in self.points if holds(point)))


ONE_POINT = Space(({},))
NO_POINTS = Space(())


def product(
    axes: Mapping[str, Sequence[Scalar]] | None = None, /, **more: Sequence[Scalar]
) -> Space:
    """Return every combination of lists; names that are no Python names come in a mapping.

    Raises:
        SpecError: A list is empty or holds other than text, numbers and truth values.
    """
    lists = {name: checked_list(name, values) for name, values in {**(axes or {}), **more}.items()}
    count = 1
    for values in lists.values():
        count *= len(values)
    _check_count(count)
    rows = itertools.product(*lists.values())
    return Space(tuple(dict(zip(lists, row, strict=True)) for row in rows))


def zip_(axes: Mapping[str, Sequence[Scalar]] | None = None, /, **more: Sequence[Scalar]) -> Space:
    """Return lists of one length in step: the first values of all, the second values, ...

    Raises:
        SpecError: The lists differ in length.
    """
    lists = {name: checked_list(name, values) for name, values in {**(axes or {}), **more}.items()}
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1:
        got = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise SpecError("lists in step differ in length", got=got)
    return Space(
        tuple(dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True))
    )


def points(rows: Iterable[Mapping[str, Scalar]]) -> Space:
    """Return points given one by one.

    Raises:
        SpecError: A value is neither text nor a number nor a truth value.
    """
    return Space(tuple({name: checked(name, each) for name, each in row.items()} for row in rows))


def checked_list(name: str, values: object) -> list[Scalar]:
    """Return the values of an axis; a single value is a list of one."""
    if isinstance(values, _SCALARS):
        return [checked(name, values)]
    try:
        found = [checked(name, each) for each in values]  # type: ignore[attr-defined]
    except TypeError as error:
        raise SpecError(
            f"{name} is no list of values", expected="text, numbers, true, false", got=repr(values)
        ) from error
    if not found:
        raise SpecError(f"{name} is an empty list")
    return found


def checked(name: str, value: object) -> Scalar:
    """Return a point's value."""
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - not a number
        raise SpecError(f"{name} is no number", got=repr(value))
    if isinstance(value, _SCALARS):
        return value
    raise SpecError(
        f"{name} is no single value", expected="text, a number, true or false", got=repr(value)
    )


def _merged(left: Values, right: Values) -> Values:
    twice = [name for name in left if name in right]
    if twice:
        raise SpecError(f"{twice[0]!r} is given twice", way_out="leave it in one of the lists")
    return {**left, **right}


def _check_count(count: int) -> None:
    if count > MOST_POINTS:
        raise SpecError("too many points", expected=f"{MOST_POINTS} or fewer", got=str(count))
