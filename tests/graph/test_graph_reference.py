"""The reference against definitions written out in plain loops."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable

import numpy as np
import pytest

from harness.base.errors import DtypeError, GraphError, ShapeError
from harness.graph import (
    Graph,
    Tensor,
    add,
    avg_pool2d,
    batch_norm,
    concat,
    constant,
    conv2d,
    elu,
    execute_reference,
    flatten,
    global_avg_pool2d,
    hard_tanh,
    input_data,
    leaky_relu,
    mat_mul,
    max_pool2d,
    mul,
    pad,
    relu,
    reorder,
    reshape,
    selu,
    sigmoid,
    softmax,
    split,
    tanh,
)

Values = Callable[..., np.ndarray]
_LAYOUTS = {1: "N", 2: "NC", 3: "NTC", 4: "NHWC"}
_NAMES = {"float16": "fp16", "float32": "fp32", "int8": "int8", "bool": "bool"}


def run(build: Callable[..., Tensor], *arrays: np.ndarray, layout: str = "") -> np.ndarray:
    """Execute one operator; the first array is fed, the others are constants."""
    with Graph("net") as graph:
        first, *others = arrays
        x = input_data(
            first.shape,
            dtype=_NAMES[first.dtype.name],
            layout=layout or _LAYOUTS[first.ndim],
            name="x",
        )
        weights = [
            constant(a, layout=layout if a.ndim == 4 and layout else _LAYOUTS[a.ndim])
            for a in others
        ]
        build(x, *weights)
    (result,) = execute_reference(graph, {"x": first}).values()
    assert result.shape == graph.outputs[0].shape
    assert result.dtype == graph.outputs[0].dtype.numpy
    assert result.flags.c_contiguous
    return result


def half(value: float) -> np.float16:
    """Round fp64 as a node does: to fp32, then to fp16."""
    return np.float16(np.float32(value))


def naive_conv(
    x: np.ndarray, w: np.ndarray, stride: int, padding: int, dilation: int, groups: int
) -> np.ndarray:
    images, rows, columns, _ = x.shape
    filters, kernel_rows, kernel_columns, channels = w.shape
    extents = [
        (extent + 2 * padding - (kernel - 1) * dilation - 1) // stride + 1
        for extent, kernel in ((rows, kernel_rows), (columns, kernel_columns))
    ]
    out = np.zeros((images, *extents, filters), np.float16)
    for n, oh, ow, k in np.ndindex(*out.shape):
        group = k // (filters // groups)
        total = 0.0
        for r, s, c in np.ndindex(kernel_rows, kernel_columns, channels):
            h, v = oh * stride + r * dilation - padding, ow * stride + s * dilation - padding
            if 0 <= h < rows and 0 <= v < columns:
                total += float(x[n, h, v, group * channels + c]) * float(w[k, r, s, c])
        out[n, oh, ow, k] = half(total)
    return out


@pytest.mark.parametrize(
    ("stride", "padding", "dilation", "groups"),
    [(1, 0, 1, 1), (2, 1, 1, 1), (1, 2, 2, 1), (3, 1, 1, 2), (1, 1, 1, 4)],
)
def test_conv2d_is_the_sum_over_its_windows(
    halves: Values, stride: int, padding: int, dilation: int, groups: int
) -> None:
    x, w = halves(2, 6, 7, 4), halves(8, 3, 2, 4 // groups)
    if padding == 2:
        w = halves(8, 3, 3, 4 // groups)
    if padding == 1:
        w = halves(8, 2, 2, 4 // groups)

    def build(a: Tensor, b: Tensor) -> Tensor:
        return conv2d(a, b, stride=stride, padding=padding, dilation=dilation, groups=groups)

    expected = naive_conv(x, w, stride, padding, dilation, groups)
    assert np.array_equal(run(build, x, w), expected)


def test_conv2d_is_the_same_in_both_layouts(halves: Values) -> None:
    x, w, b = halves(2, 6, 7, 3), halves(5, 3, 3, 3), halves(5)
    nhwc = run(lambda *t: conv2d(*t, activation="relu"), x, w, b)
    arrays = (x.transpose(0, 3, 1, 2), w.transpose(0, 3, 1, 2), b)
    nchw = run(
        lambda *t: conv2d(*t, activation="relu"), *map(np.ascontiguousarray, arrays), layout="NCHW"
    )
    assert np.array_equal(nchw.transpose(0, 2, 3, 1), nhwc)


def test_bias_is_added_after_the_sum_was_rounded_to_fp32() -> None:
    tiny = np.float16(2**-12)  # 1 + 2^-24 rounds to 1 in fp32, so that 1 - 1 leaves nothing
    x, w = np.array([[1, tiny]], np.float16), np.array([[1, tiny]], np.float16)
    assert run(mat_mul, x, w, np.array([-1], np.float16)) == 0
    assert float(tiny) ** 2 + 1.0 - 1.0 != 0


def test_the_accumulator_is_wider_than_fp16() -> None:
    x, w = np.ones((1, 4096), np.float16), np.ones((1, 4096), np.float16)
    x[0, 0] = 0.5  # 4095.5 needs 13 bits: an fp16 accumulator stops at 2048
    assert run(mat_mul, x, w) == np.float16(4096)


def test_a_fused_activation_is_applied_before_rounding() -> None:
    extra = (
        2**-11 + 2**-13
    )  # of a step of 2^-10: 0.625 rounds up, 1.5 * 0.625 does too, to one step
    x, w, b = (np.array(v, np.float16) for v in ([[-1.0]], [[1.0]], [-extra]))
    fused = run(
        lambda *t: mat_mul(*t, activation="leaky_relu", activation_parameters=(1.5,)), x, w, b
    )
    assert fused == np.float16(-1.5 * (1 + extra))
    assert fused != np.float16(1.5 * float(np.float16(-(1 + extra))))


@pytest.mark.parametrize("layout", ["NC", "CN"])
def test_mat_mul_takes_weights_of_both_layouts(halves: Values, layout: str) -> None:
    x, w, b = halves(3, 5), halves(4, 5), halves(4)
    with Graph("net") as graph:
        fed = input_data((3, 5), dtype="fp16", layout="NC")
        mat_mul(fed, constant(w if layout == "NC" else w.T, layout=layout), constant(b, layout="N"))
    (result,) = execute_reference(graph, [x]).values()
    for n, k in np.ndindex(3, 4):
        total = math.fsum(float(x[n, c]) * float(w[k, c]) for c in range(5))
        assert result[n, k] == np.float16(np.float32(total) + np.float32(b[k]))


def _windows(
    x: np.ndarray, pool: int, stride: int, padding: int
) -> dict[tuple[int, ...], list[float]]:
    images, rows, columns, channels = x.shape
    found = {}
    extents = [(extent + 2 * padding - pool) // stride + 1 for extent in (rows, columns)]
    for n, oh, ow, c in np.ndindex(images, *extents, channels):
        places = itertools.product(range(pool), range(pool))
        inside = [
            float(x[n, oh * stride + r - padding, ow * stride + s - padding, c])
            for r, s in places
            if 0 <= oh * stride + r - padding < rows and 0 <= ow * stride + s - padding < columns
        ]
        found[n, oh, ow, c] = inside
    return found


@pytest.mark.parametrize(("pool", "stride", "padding"), [(2, 2, 0), (3, 2, 1), (3, 1, 2)])
def test_pools_reduce_their_windows(halves: Values, pool: int, stride: int, padding: int) -> None:
    x = halves(2, 6, 5, 3) - np.float16(3)  # negative: a padding of zeros would win
    largest = run(lambda t: max_pool2d(t, pool, stride=stride, padding=padding), x)
    mean = run(lambda t: avg_pool2d(t, pool, stride=stride, padding=padding), x)
    whole = run(
        lambda t: avg_pool2d(t, pool, stride=stride, padding=padding, count_include_pad=True), x
    )
    for place, values in _windows(x, pool, stride, padding).items():
        assert largest[place] == max(values)
        assert mean[place] == half(math.fsum(values) * (1.0 / len(values)))
        assert whole[place] == half(math.fsum(values) * (1.0 / pool**2))


def test_global_average_is_the_mean_of_each_channel(halves: Values) -> None:
    x = halves(2, 4, 5, 3)
    nhwc = run(global_avg_pool2d, x)
    nchw = run(global_avg_pool2d, np.ascontiguousarray(x.transpose(0, 3, 1, 2)), layout="NCHW")
    assert np.array_equal(nhwc.reshape(2, 3), nchw.reshape(2, 3))
    for n, c in np.ndindex(2, 3):
        assert nhwc[n, 0, 0, c] == half(math.fsum(map(float, x[n, :, :, c].ravel())) * (1.0 / 20))


@pytest.mark.parametrize("layout", ["NHWC", "NCHW", "NC"])
def test_batch_norm_uses_the_reciprocal_as_it_is_stored(halves: Values, layout: str) -> None:
    channels = 3
    shape = {"NHWC": (2, 4, 5, 3), "NCHW": (2, 3, 4, 5), "NC": (2, 3)}[layout]
    x, (mean, gamma, beta) = halves(*shape), (halves(channels) for _ in range(3))
    variance = np.abs(halves(channels)) + np.float16(0.1)
    result = run(
        lambda *t: batch_norm(*t, epsilon=1e-3), x, mean, variance, gamma, beta, layout=layout
    )
    axis = layout.index("C")
    for place in np.ndindex(*shape):
        c = place[axis]
        r = np.float16(1.0 / math.sqrt(float(variance[c]) + 1e-3))
        value = (np.float32(x[place]) - np.float32(mean[c])) * np.float32(r)
        assert result[place] == np.float16(value * np.float32(gamma[c]) + np.float32(beta[c]))


ACTIVATIONS: list[tuple[str, Callable[[Tensor], Tensor], Callable[[float], float]]] = [
    ("relu", relu, lambda v: max(v, 0.0)),
    ("leaky_relu", leaky_relu, lambda v: v if v > 0 else float(np.float32(0.2)) * v),
    ("elu", elu, lambda v: v if v > 0 else 0.1 * (math.exp(v) - 1)),
    ("selu", selu, lambda v: 1.0507 * (v if v > 0 else 1.6733 * (math.exp(v) - 1))),
    ("tanh", tanh, math.tanh),
    ("hard_tanh", hard_tanh, lambda v: min(max(v, -1.0), 1.0)),
    ("sigmoid", sigmoid, lambda v: 1 / (1 + math.exp(-v))),
]


@pytest.mark.parametrize(("name", "alone", "formula"), ACTIVATIONS)
def test_activations_follow_their_formula_alone_and_fused(
    halves: Values,
    ulp_distance: Callable[[np.ndarray, np.ndarray], int],
    name: str,
    alone: Callable[[Tensor], Tensor],
    formula: Callable[[float], float],
) -> None:
    x = halves(4, 50, scale=3)
    result = run(alone, x)
    assert np.array_equal(
        result,
        run(lambda t: add(t, constant(np.zeros(1, np.float16), layout="N"), activation=name), x),
    )
    expected = np.array([half(formula(float(v))) for v in x.ravel()]).reshape(x.shape)
    assert ulp_distance(result, expected) <= 1  # exp and tanh of two libraries


def test_activation_parameters_are_honoured() -> None:
    x = np.array([-2, -0.5, 0.5, 2], np.float16)
    assert run(lambda t: leaky_relu(t, slope=0.5), x).tolist() == [-1, -0.25, 0.5, 2]
    assert run(lambda t: hard_tanh(t, minimum=-0.25, maximum=1.5), x).tolist() == [
        -0.25,
        -0.25,
        0.5,
        1.5,
    ]
    assert run(lambda t: elu(t, alpha=2.0), x)[0] == half(2 * (math.exp(-2) - 1))


def test_a_nan_stays_one_and_infinities_are_values() -> None:
    x = np.array([np.nan, np.inf, -np.inf, 60000], np.float16)
    assert np.array_equal(
        run(relu, x), np.array([np.nan, np.inf, 0, 60000], np.float16), equal_nan=True
    )
    assert np.isinf(run(lambda t: add(t, t), x)[3])


@pytest.mark.parametrize("channels", [1, 7, 8, 10, 1000])
def test_softmax_sums_to_one_for_any_number_of_classes(halves: Values, channels: int) -> None:
    x = halves(3, channels, scale=4)
    result = run(softmax, x)
    for row, values in zip(result, x, strict=True):
        powers = [math.exp(float(v) - float(values.max())) for v in values]
        assert np.allclose(row, np.array(powers) / sum(powers), rtol=2e-3, atol=1e-7)
    assert abs(float(result.astype(np.float64).sum()) - 3) < 0.02


def test_large_scores_do_not_overflow_softmax() -> None:
    assert run(softmax, np.array([[60000, 60000]], np.float16)).tolist() == [[0.5, 0.5]]


def test_add_and_mul_broadcast_as_numpy_does(halves: Values) -> None:
    x, y = halves(2, 3, 4, 5), halves(3, 1, 5)
    assert np.array_equal(run(add, x, y), x + y)
    assert np.array_equal(run(mul, x, y), x * y)
    assert np.array_equal(run(mul, x[0, 0, 0], x), x[0, 0, 0] * x)


def test_reshape_and_flatten_keep_the_order_in_memory(halves: Values) -> None:
    x = halves(2, 3, 4, 5)
    assert np.array_equal(run(flatten, x), x.reshape(2, 60))
    assert np.array_equal(run(flatten, x, layout="NCHW"), x.reshape(2, 60))
    assert np.array_equal(run(lambda t: reshape(t, (6, 20), layout="NC"), x), x.reshape(6, 20))


def test_reorder_transposes_and_undoes_itself(halves: Values) -> None:
    x = halves(2, 3, 4, 5)
    assert np.array_equal(run(lambda t: reorder(t, "NCHW"), x), x.transpose(0, 3, 1, 2))
    assert np.array_equal(run(lambda t: reorder(reorder(t, "NCHW"), "NHWC"), x), x)
    assert np.array_equal(run(lambda t: reorder(t, "CN"), x[0, 0]), x[0, 0].T)


def test_concat_undoes_split(halves: Values) -> None:
    x = halves(2, 3, 4, 6)
    for axis in range(4):
        sizes = [1, x.shape[axis] - 1]
        assert np.array_equal(
            run(lambda t, s=sizes, a=axis: concat(split(t, s, axis=a), axis=a), x), x
        )


@pytest.mark.parametrize("dtype", ["fp32", "int8", "uint8", "int32", "int64", "bool"])
def test_movement_works_in_every_element_type(dtype: str) -> None:
    with Graph("net") as graph:
        x = input_data((2, 3), dtype=dtype, layout="NC", name="x")
        pad(concat([reorder(reorder(x, "CN"), "NC"), x], axis=0), [(0, 1), (1, 0)])
    values = np.arange(6).reshape(2, 3).astype(x.dtype.numpy)
    (result,) = execute_reference(graph, [values]).values()
    assert np.array_equal(result[:4, 1:], np.concatenate([values, values]))
    assert not result[4].any()
    assert not result[:, 0].any()


def test_a_batch_is_its_images_one_by_one(halves: Values) -> None:
    w, v = halves(4, 3, 3, 2, scale=0.3), halves(5, 4 * 3 * 3, scale=0.1)

    def build(x: Tensor) -> Tensor:
        y = conv2d(x, constant(w, layout="NHWC"), activation="elu")
        y = max_pool2d(y, 2)
        return softmax(mat_mul(flatten(y), constant(v, layout="NC")))

    x = halves(4, 6, 6, 2)
    together = run(build, x)
    for index in range(4):
        assert np.array_equal(run(build, x[index : index + 1])[0], together[index])


def test_fp32_graphs_round_to_fp32_only(halves: Values) -> None:
    x, w = (a.astype(np.float32) / 3 for a in (halves(2, 50), halves(3, 50)))
    expected = (x.astype(np.float64) @ w.T.astype(np.float64)).astype(np.float32)
    assert np.array_equal(run(mat_mul, x, w), expected)


def test_bf16_graphs_round_to_bf16() -> None:
    with Graph("net") as graph:
        x = input_data((2,), dtype="bf16", layout="N", name="x")
        add(x, constant([1.0], layout="N", dtype="bf16"))
    (result,) = execute_reference(graph, [np.array([1, 2**-9]).astype(x.dtype.numpy)]).values()
    assert result.astype(np.float32).tolist() == [2.0, 1.0]  # bf16 has 8 bits


def test_all_tensors_are_returned_on_request() -> None:
    with Graph("net") as graph:
        x = input_data((2,), dtype="fp16", layout="N", name="x")
        relu(add(x, constant(np.ones(1, np.float16), layout="N", name="c")))
    values = execute_reference(graph, [np.array([-3, 1], np.float16)], keep_all=True)
    assert {name: list(map(float, value)) for name, value in values.items()} == {
        "x": [-3, 1],
        "c": [1],
        "add.output": [-2, 2],
        "relu.output": [0, 2],
    }


def test_inputs_that_do_not_fit_are_refused() -> None:
    with Graph("net") as graph:
        relu(input_data((2,), dtype="fp16", layout="N", name="x"))
    good = np.zeros(2, np.float16)
    for inputs, kind in (
        ([], GraphError),
        ([good, good], GraphError),
        ({"y": good}, GraphError),
        ({"x": np.zeros(3, np.float16)}, ShapeError),
        ({"x": np.zeros(2)}, DtypeError),
    ):
        with pytest.raises(kind, match="input"):
            execute_reference(graph, inputs)


def test_a_network_of_27_million_macs_takes_a_fraction_of_a_second(halves: Values) -> None:
    with Graph("cnn") as graph:
        y = input_data((1, 32, 32, 3), dtype="fp16", layout="NHWC")
        y = conv2d(y, constant(halves(32, 3, 3, 3), layout="NHWC"))
        y = max_pool2d(conv2d(y, constant(halves(32, 3, 3, 32), layout="NHWC")), 2)
        y = conv2d(y, constant(halves(64, 3, 3, 32), layout="NHWC"))
        y = max_pool2d(conv2d(y, constant(halves(64, 3, 3, 64), layout="NHWC")), 2)
        mat_mul(flatten(y), constant(halves(512, 4096), layout="NC"))
    x = halves(1, 32, 32, 3)
    seconds = []
    for _ in range(3):
        begin = time.process_time()
        execute_reference(graph, [x])
        seconds.append(time.process_time() - begin)
    assert min(seconds) < 1.0  # CPU seconds of all threads; about 0.1 on an idle machine
