"""Every operator on the host: the C++ kernels in the engine against the numpy reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.graph import (
    Graph,
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

RNG = np.random.default_rng(7)


def _random(*shape: Any, dtype: Any = np.float16) -> Any:
    return RNG.standard_normal(shape).astype(dtype)


def _weights(name: Any, *shape: Any, layout: Any = "N") -> Any:
    return constant(_random(*shape), layout=layout, name=name)


def _statistics(channels: Any) -> Any:
    names = ("mean", "variance", "gamma", "beta")
    arrays = [_random(channels) for _ in names]
    arrays[1] = np.abs(arrays[1]) + np.float16(0.5)
    return [constant(a, layout="N", name=n) for a, n in zip(arrays, names, strict=True)]


IMAGES = {
    "conv2d same": lambda x: conv2d(x, _weights("w", 5, 3, 3, 6, layout="NHWC"), name="y"),
    "conv2d all": lambda x: conv2d(
        x,
        _weights("w", 4, 3, 2, 3, layout="NHWC"),
        _weights("b", 4),
        stride=(2, 1),
        padding=(1, 0, 2, 1),
        dilation=(1, 2),
        groups=2,
        activation="leaky_relu",
        name="y",
    ),
    "max_pool2d": lambda x: max_pool2d(x, pool=3, stride=2, padding=(1, 1, 1, 1), name="y"),
    "avg_pool2d": lambda x: avg_pool2d(x, pool=3, stride=2, padding=(1, 1, 1, 1), name="y"),
    "avg_pool2d counts": lambda x: avg_pool2d(
        x, pool=(2, 3), stride=1, padding=(1, 0, 1, 1), count_include_pad=True, name="y"
    ),
    "global_avg_pool2d": lambda x: global_avg_pool2d(x, name="y"),
    "batch_norm": lambda x: batch_norm(x, *_statistics(6), activation="relu", name="y"),
    "softmax": lambda x: softmax(x, name="y"),
    "add": lambda x: add(x, _weights("w", 1, 1, 1, 6, layout="NHWC"), name="y"),
    "mul": lambda x: mul(x, _weights("w", 1, 9, 7, 6, layout="NHWC"), name="y"),
    "concat": lambda x: concat([x, x, relu(x, name="r")], axis=3, name="y"),
    "concat rows": lambda x: concat([x, x], axis=1, name="y"),
    "split": lambda x: split(x, (1, 3, 2), axis=3, name="y")[1],
    "pad": lambda x: pad(x, ((0, 0), (1, 2), (0, 1), (0, 3)), name="y"),
    "reorder": lambda x: reorder(x, "NCHW", name="y"),
    "flatten": lambda x: flatten(x, name="y"),
    "reshape": lambda x: reshape(x, (2, 3, 21, 6), layout="NHWC", name="y"),
    "relu": lambda x: relu(x, name="y"),
    "leaky_relu": lambda x: leaky_relu(x, name="y"),
    "elu": lambda x: elu(x, name="y"),
    "selu": lambda x: selu(x, name="y"),
    "tanh": lambda x: tanh(x, name="y"),
    "hard_tanh": lambda x: hard_tanh(x, name="y"),
    "sigmoid": lambda x: sigmoid(x, name="y"),
}


def _reference(graph: Any, array: Any) -> Any:
    outputs = execute_reference(graph, {graph.inputs[0].name: array})
    return [outputs[tensor.name] for tensor in graph.outputs]


def _close(got: Any, expected: Any) -> Any:
    """Equal, or one last bit apart where libm's transcendental functions may differ."""
    assert got.shape == expected.shape
    assert got.dtype == expected.dtype
    np.testing.assert_array_max_ulp(got, np.asarray(expected), maxulp=1)


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_operator_on_the_host_equals_the_reference(name: Any, run_on_cpu: Any) -> None:
    with Graph("one") as graph:
        x = input_data((2, 9, 7, 6), dtype="fp16", layout="NHWC", name="x")
        IMAGES[name](x)
    array = _random(2, 9, 7, 6)
    result = run_on_cpu(graph, [array])
    for got, expected in zip(result.outputs, _reference(graph, array), strict=True):
        _close(got, expected)


@pytest.mark.parametrize("op", ["conv2d", "max_pool2d", "batch_norm", "softmax", "reorder"])
def test_a_channel_first_image_equals_the_reference(op: Any, run_on_cpu: Any) -> None:
    with Graph("one") as graph:
        x = input_data((2, 6, 9, 7), dtype="fp16", layout="NCHW", name="x")
        if op == "conv2d":
            conv2d(x, _weights("w", 4, 6, 3, 3, layout="NCHW"), stride=2, name="y")
        elif op == "max_pool2d":
            max_pool2d(x, pool=2, stride=2, name="y")
        elif op == "batch_norm":
            batch_norm(x, *_statistics(6), name="y")
        elif op == "softmax":
            softmax(x, name="y")
        else:
            reorder(x, "NHWC", name="y")
    array = _random(2, 6, 9, 7)
    for got, expected in zip(
        run_on_cpu(graph, [array]).outputs, _reference(graph, array), strict=True
    ):
        _close(got, expected)


@pytest.mark.parametrize("dtype", ["fp16", "fp32"])
def test_a_matrix_product_with_bias_and_activation_equals_the_reference(
    dtype: Any, run_on_cpu: Any
) -> None:
    kind = {"fp16": np.float16, "fp32": np.float32}[dtype]
    with Graph("one") as graph:
        x = input_data((3, 37), dtype=dtype, layout="NC", name="x")
        w = constant(_random(11, 37, dtype=kind), layout="NC", name="w")
        b = constant(_random(11, dtype=kind), layout="N", name="b")
        mat_mul(x, w, b, activation="sigmoid", name="y")
    array = _random(3, 37, dtype=kind)
    _close(run_on_cpu(graph, [array]).outputs[0], _reference(graph, array)[0])


def test_two_inferences_of_one_engine_give_the_same_bytes(run_on_cpu: Any) -> None:
    with Graph("one") as graph:
        x = input_data((1, 5, 5, 6), dtype="fp16", layout="NHWC", name="x")
        max_pool2d(relu(x, name="r"), pool=2, stride=1, name="y")
    result = run_on_cpu(graph, [_random(1, 5, 5, 6)], repeat=2)
    cold, warm = result.inferences
    assert warm.begin_tick == cold.end_tick
    assert warm.end_tick - warm.begin_tick < cold.end_tick - cold.begin_tick
