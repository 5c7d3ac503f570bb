"""Outputs: distance from the reference, classes, inputs that are fed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.base.errors import SpecError
from harness.graph import Graph, input_data, relu
from harness.run.inputs import resolve_inputs
from harness.run.outputs import (
    classify,
    compare_with_reference,
    describe_outputs,
    ulp_distance,
)
from harness.run.workload import Workload

if TYPE_CHECKING:
    from pathlib import Path

BITS = st.integers(0, 2**16 - 1)


def half(*bits: int) -> np.ndarray:
    return np.array(bits, dtype=np.uint16).view(np.float16)


@given(BITS, BITS)
def test_neighbours_in_fp16_are_one_apart_and_distance_is_symmetric(a: int, b: int) -> None:
    first, second = half(a), half(b)

    assert ulp_distance(first, second) == ulp_distance(second, first)
    assert ulp_distance(first, first) == 0
    if np.isfinite(first[0]) and first[0] < np.finfo(np.float16).max:
        assert ulp_distance(first, np.nextafter(first, np.float16(np.inf))) == 1


def test_signed_zeros_are_equal_and_nan_is_far_from_numbers() -> None:
    assert ulp_distance(half(0x0000), half(0x8000)) == 0
    assert ulp_distance(half(0x8001), half(0x0001)) == 2
    assert ulp_distance(half(0x7E00), half(0x0000)) > 1 << 40
    assert ulp_distance(half(0x7E00), half(0x7E00)) == 0


def test_other_shapes_or_dtypes_are_never_within_tolerance() -> None:
    check = compare_with_reference([np.zeros(2, np.float16)], [np.zeros(3, np.float16)])

    assert not check.within_tolerance


def test_two_ulp_are_within_tolerance_and_three_are_not() -> None:
    one = half(0x3C00)

    assert compare_with_reference([half(0x3C02)], [one]).within_tolerance
    assert not compare_with_reference([half(0x3C02)], [one]).is_equal
    assert not compare_with_reference([half(0x3C03)], [one]).within_tolerance


def test_large_outputs_keep_their_hash_only() -> None:
    (small,) = describe_outputs(["y"], [np.arange(3, dtype=np.float16)])
    (large,) = describe_outputs(["y"], [np.zeros((100, 100), np.float16)])

    assert small.values == (0.0, 1.0, 2.0)
    assert large.values == ()
    assert len(large.sha256) == 64


def test_classes_are_predicted_per_element_of_the_batch() -> None:
    output = np.array([[0, 2, 1], [5, 2, 1]], np.float16)

    found = classify([output], ("a", "b", "c"), (1, 2))

    assert found is not None
    assert (found.predicted, found.is_right, found.name(1)) == ((1, 0), False, "b")
    assert classify([output], ("a", "b"), ()) is None
    assert classify([output], (), ()) is None
    assert classify([output, output], ("a", "b", "c"), ()) is None


def workload(**options: object) -> Workload:
    with Graph("net") as graph:
        relu(input_data((2, 3), dtype="fp16", layout="NC", name="x"), name="y")
    return Workload(graph=graph, **options)  # type: ignore[arg-type]


def test_inputs_that_are_not_shipped_are_drawn_from_the_seed() -> None:
    (first,) = resolve_inputs(workload(), "0", seed=3)
    (again,) = resolve_inputs(workload(), "0", seed=3)
    (other,) = resolve_inputs(workload(), "0", seed=4)

    assert first.dtype == np.float16
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_inputs_are_read_from_npy_and_npz_files(tmp_path: Path) -> None:
    array = np.ones((2, 3), np.float16)
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", x=array)

    for name in ("a.npy", "a.npz"):
        (read,) = resolve_inputs(workload(), str(tmp_path / name), seed=0)
        assert np.array_equal(read, array)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones((3, 2), np.float16), r"\(2, 3\)"),
        (np.ones((2, 3), np.float32), "float16"),
    ],
)
def test_files_that_do_not_fit_the_network_are_refused(
    tmp_path: Path, array: np.ndarray, message: str
) -> None:
    np.save(tmp_path / "a.npy", array)

    with pytest.raises(SpecError, match=message):
        resolve_inputs(workload(), str(tmp_path / "a.npy"), seed=0)


def test_unknown_names_numbers_and_files_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", z=np.ones((2, 3), np.float16))
    (tmp_path / "b.npy").write_bytes(b"not numpy")
    for choice in (str(tmp_path / "a.npz"), str(tmp_path / "b.npy"), "1", "nothing.npy"):
        with pytest.raises(SpecError):
            resolve_inputs(workload(), choice, seed=0)
