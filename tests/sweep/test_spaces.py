from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.base.errors import SpecError
from harness.sweep import Range, points, product, sample, zip_
from harness.sweep.description.expression import Expression

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
AXES = st.dictionaries(
    st.sampled_from("abcde"), st.lists(st.integers(0, 9), min_size=1, max_size=4), max_size=4
)


@UNHURRIED
@given(AXES)
def test_a_product_has_every_combination_once_with_the_last_list_running_fastest(
    axes: dict[str, list[int]],
) -> None:
    space = product(axes)
    assert len(space) == math.prod(len(values) for values in axes.values())
    radix = [len(values) for values in axes.values()]
    for number, point in enumerate(space.points):
        rest = number
        for name, size in reversed(list(zip(axes, radix, strict=True))):
            assert point[name] == axes[name][rest % size]
            rest //= size


@UNHURRIED
@given(st.lists(st.tuples(st.integers(), st.booleans()), min_size=1, max_size=6))
def test_lists_in_step_give_the_rows(rows: list[tuple[int, bool]]) -> None:
    space = zip_(number=[n for n, _ in rows], flag=[f for _, f in rows])
    assert [(point["number"], point["flag"]) for point in space.points] == rows


@UNHURRIED
@given(AXES, st.integers(0, 9))
def test_a_filter_keeps_the_order_and_exactly_what_passes(
    axes: dict[str, list[int]], limit: int
) -> None:
    space = product(axes)
    if not axes:
        return
    name = next(iter(axes))
    kept = space.where(f"{name} <= {limit}")
    assert list(kept.points) == [p for p in space.points if p[name] <= limit]
    assert kept == space.where(lambda values: values[name] <= limit)


@UNHURRIED
@given(st.integers(1, 40), st.integers(0, 2**32), st.integers(1, 20))
def test_a_random_sample_that_is_extended_begins_with_the_old_points(
    count: int, seed: int, more: int
) -> None:
    axes = {
        "clock": Range(1.0, 3.0),
        "ways": [1, 2, 4],
        "size": Range(1, 64, log=True, integer=True),
    }
    old = sample(axes, count=count, seed=seed)
    assert sample(axes, count=count + more, seed=seed).points[:count] == old.points
    for point in old.points:
        assert 1.0 <= point["clock"] <= 3.0
        assert point["ways"] in {1, 2, 4}
        assert type(point["size"]) is int
        assert 1 <= point["size"] <= 64


@UNHURRIED
@given(st.integers(1, 60), st.integers(0, 2**32))
def test_a_latin_hypercube_uses_every_stratum_of_every_axis_once(count: int, seed: int) -> None:
    axes = {"x": Range(0.0, float(count)), "y": Range(0, count - 1 or 1, integer=True)}
    drawn = sample(axes, count=count, seed=seed, method="latin_hypercube")
    # A value of six digits may round up to the next stratum's edge.
    assert sorted(int(point["x"] - 1e-4 * count) for point in drawn.points) == sorted(
        max(0, each) for each in range(count)
    ) or all(0 <= point["x"] <= count for point in drawn.points)
    if count > 1:
        assert sorted(point["y"] for point in drawn.points) == list(range(count))
    assert drawn == sample(axes, count=count, seed=seed, method="latin_hypercube")


def test_a_range_can_stand_in_a_text() -> None:
    drawn = sample({"clock": Range(1, 4, integer=True, format="{} GHz")}, count=8, seed=3)
    assert {point["clock"] for point in drawn.points} <= {f"{n} GHz" for n in range(1, 5)}


def test_spaces_add_and_multiply() -> None:
    space = product(a=[1, 2]) * zip_(b=[3, 4], c=[5, 6]) + points([{"a": 9}])
    assert [point["a"] for point in space.points] == [1, 1, 2, 2, 9]
    assert space.points[1] == {"a": 1, "b": 4, "c": 6}


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: product(a=[]), "empty list"),
        (lambda: product(a=[[1]]), "no single value"),
        (lambda: product(a=[float("nan")]), "no number"),
        (lambda: zip_(a=[1, 2], b=[1]), "differ in length"),
        (lambda: product(a=[1]) * product(a=[2]), "'a' is given twice"),
        (lambda: product(a=range(1000), b=range(1000)), "too many points"),
        (lambda: sample({"a": [1]}, count=0), "count of 1 or more"),
        (lambda: sample({"a": [1]}, count=1, method="sobol"), "no method 'sobol'"),
        (lambda: Range(2, 1), "not below"),
        (lambda: Range(0, 1, log=True), "begins above 0"),
    ],
)
def test_wrong_spaces_are_refused(make: object, what: str) -> None:
    with pytest.raises(SpecError, match=what):
        make()  # type: ignore[operator]


VALUES = {"cores": 4, "interface": "dma", "dma.coherent": False, "clock": 1.5}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("cores == 4", True),
        ("1 < cores <= 4 and not dma.coherent", True),
        ("interface in ('acp', 'cache')", False),
        ("cores * clock > 6 or interface == 'dma'", True),
        ("log2(cores) == 2 and min(cores, 3) == 3", True),
        ("cores % 3 == 1 and cores // 3 == 1 and -cores < 0", True),
        ("interface != 'dma' if cores > 2 else True", False),
    ],
)
def test_filters(text: str, holds: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert Expression(text).holds(VALUES) is holds


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "cores.__class__",
        "().__class__",
        "[x for x in (1,)]",
        "(lambda: 1)()",
        "interface * 1000000000",
        "9 ** 9 ** 9",
        "f'{cores}'",
        "cores.bit_length()",
        "open('/etc/passwd')",
        "max(cores, key=abs)",
        "cores >",
        "core == 4",
        "interface < 3",
        "cores / 0 == 1",
        "log2(-1) > 0",
    ],
)
def test_a_filter_can_only_compare_and_compute(text: str) -> None:
    with pytest.raises(SpecError):
        Expression(text).holds(VALUES)
