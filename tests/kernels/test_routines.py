"""Routines on bytes: any dtype, padding in storage, refusals, and the work that is timed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.graph import OPERATORS
from harness.kernels.costs import load_costs
from harness.soc import _engine
from harness.soc.tensors import numpy_dtype

DTYPES = ("fp32", "fp16", "int8", "uint8", "int32", "int64", "bool")


def _array(dtype: Any, *shape: Any) -> Any:
    numbers = np.arange(np.prod(shape)).reshape(shape) % 2 if dtype == "bool" else None
    values = np.arange(np.prod(shape)).reshape(shape) % 120 if numbers is None else numbers
    return values.astype(numpy_dtype(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_data_movement_keeps_elements_of_every_dtype(dtype: Any, run_kernel: Any) -> None:
    x = _array(dtype, 2, 3, 5, 7)
    source = [(x, dtype, "NHWC")]
    (flat,) = run_kernel("reshape", source, [(dtype, "NC", (2, 105))])
    np.testing.assert_array_equal(flat, x.reshape(2, 105))
    (channel_first,) = run_kernel("reorder", source, [(dtype, "NCHW", (2, 7, 3, 5))])
    np.testing.assert_array_equal(channel_first, x.transpose(0, 3, 1, 2))
    forms = [(dtype, "NHWC", (2, 3, 5, size)) for size in (1, 4, 2)]
    parts = run_kernel("split", source, forms, [3])
    np.testing.assert_array_equal(np.concatenate(parts, axis=3), x)
    joined = [(part, dtype, "NHWC") for part in parts]
    (whole,) = run_kernel("concat", joined, [(dtype, "NHWC", x.shape)], [-1])
    np.testing.assert_array_equal(whole, x)
    (padded,) = run_kernel(
        "pad", source, [(dtype, "NHWC", (2, 6, 5, 8))], [0, 0, 1, 2, 0, 0, 1, 0, 0]
    )
    np.testing.assert_array_equal(padded, np.pad(x, ((0, 0), (1, 2), (0, 0), (1, 0))))


def test_int64_values_beyond_the_range_of_fp32_move_unchanged(run_kernel: Any) -> None:
    x = np.array([[2**62 + 1, -(2**53) - 1, 7]])
    (y,) = run_kernel("copy", [(x, "int64", "NC")], [("int64", "NC", (1, 3))])
    np.testing.assert_array_equal(y, x)


def test_sums_are_rounded_once(run_kernel: Any) -> None:
    """1 + 4096 x 2^-13 in fp16: adding one by one in fp16 would stay at 1."""
    x = np.array([[1.0] + [2.0**-13] * 4096], dtype=np.float16)
    w = np.ones((1, 4097), dtype=np.float16)
    (y,) = run_kernel("mat_mul", [(x, "fp16", "NC"), (w, "fp16", "NC")], [("fp16", "NC", (1, 1))])
    assert y[0, 0] == np.float16(1.5)


def test_transposed_weights_give_the_same_product(run_kernel: Any) -> None:
    rng = np.random.default_rng(1)
    x, w = (rng.standard_normal(shape).astype(np.float16) for shape in ((3, 10), (4, 10)))
    form = [("fp16", "NC", (3, 4))]
    straight = run_kernel("mat_mul", [(x, "fp16", "NC"), (w, "fp16", "NC")], form)
    transposed = run_kernel("mat_mul", [(x, "fp16", "NC"), (w.T.copy(), "fp16", "CN")], form)
    np.testing.assert_array_equal(straight, transposed)


@pytest.mark.parametrize(
    ("routine", "inputs", "attributes"),
    [
        ("conv2d", 1, [1] * 9),
        ("conv2d", 2, [1] * 8),
        ("mat_mul", 1, []),
        ("concat", 1, []),
        ("split", 1, [9]),
        ("pad", 1, [0, 0]),
        ("elu", 1, []),
        ("relu", 0, []),
        ("add", 2, [1]),
    ],
)
def test_a_call_that_does_not_fit_is_refused(
    routine: Any, inputs: Any, attributes: Any, run_kernel: Any
) -> None:
    x = _array("fp16", 1, 4, 4, 8)
    with pytest.raises(_engine.KernelError):
        run_kernel(routine, [(x, "fp16", "NHWC")] * inputs, [("fp16", "NHWC", x.shape)], attributes)


def test_memory_that_is_too_small_is_refused() -> None:
    form = (2, "NC", [2, 8], [2, 8])
    with pytest.raises(_engine.KernelError, match="smaller"):
        _engine.run_routine("relu", [form], [bytes(31)], [form], [])


def test_the_work_of_a_matrix_product_is_its_multiplications() -> None:
    inputs = [(2, "NC", [3, 16], [3, 16]), (2, "NC", [5, 16], [5, 16])]
    output = (2, "NC", [3, 5], [3, 8])
    _, rows, elements = _engine.run_routine(
        "mat_mul", inputs, [bytes(96), bytes(160)], [output], []
    )
    assert (rows, elements) == (15, 3 * 5 * 16)


def test_every_routine_and_the_tile_copy_were_counted() -> None:
    assert set(load_costs()) == {*_engine.routine_names(), "copy_nd"}
    for cost in load_costs().values():
        assert min(cost.call, cost.row, cost.unit) >= 0
        assert cost.row + cost.unit > 0


def test_every_operator_of_a_network_has_a_routine() -> None:
    names = {op.name if hasattr(op, "name") else op for op in OPERATORS}
    inputs_only = {"input", "constant", "flatten"}
    assert names - inputs_only <= set(_engine.routine_names())
