"""The reference against two outside implementations: onnx's evaluator and onnxruntime."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator

from harness.base.errors import HarnessError
from harness.graph import (
    OPERATORS,
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
    export_onnx,
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

if TYPE_CHECKING:
    from collections.abc import Callable

_RNG = np.random.default_rng(3)


def values(*shape: int) -> np.ndarray:
    """Multiples of 1/64 below 2: sums of their products are exact in fp32 in any order."""
    return (_RNG.integers(-127, 128, shape) / 64).astype(np.float16)


def x(*shape: int, layout: str = "NHWC") -> Tensor:
    return input_data(shape, dtype="fp16", layout=layout, name="x")


def w(*shape: int, layout: str = "NHWC") -> Tensor:
    return constant(values(*shape), layout=layout)


def n(*shape: int, positive: bool = False) -> Tensor:
    array = values(*shape)
    return constant(np.abs(array) + np.float16(0.25) if positive else array, layout="N")


def _batch_norm(data: Tensor, channels: int, activation: str | None = None) -> Tensor:
    return batch_norm(
        data,
        n(channels),
        n(channels, positive=True),
        n(channels),
        n(channels),
        activation=activation,
    )


def _nchw_network() -> Tensor:
    y = conv2d(
        x(2, 3, 8, 9, layout="NCHW"),
        w(4, 3, 3, 3, layout="NCHW"),
        n(4),
        stride=(2, 1),
        padding=(0, 2, 1, 0),
        activation="elu",
    )
    return max_pool2d(_batch_norm(y, 4), 2)


OPS: dict[str, Callable[[], object]] = {
    "conv2d": lambda: conv2d(x(2, 8, 9, 3), w(4, 3, 3, 3), n(4), activation="relu"),
    "conv2d even kernel": lambda: conv2d(x(1, 8, 9, 3), w(4, 2, 4, 3), stride=2),
    "conv2d dilated": lambda: conv2d(
        x(1, 9, 9, 3), w(4, 3, 3, 3), dilation=(2, 1), padding="valid"
    ),
    "conv2d uneven padding": lambda: conv2d(x(1, 8, 9, 3), w(4, 3, 3, 3), padding=(2, 0, 1, 2)),
    "conv2d groups": lambda: conv2d(x(1, 8, 9, 6), w(4, 3, 3, 3), groups=2),
    "conv2d depthwise": lambda: conv2d(x(1, 8, 9, 6), w(6, 3, 3, 1), groups=6),
    "conv2d NCHW and pool": _nchw_network,
    "mat_mul": lambda: mat_mul(x(3, 40, layout="NC"), w(7, 40, layout="NC"), n(7)),
    "mat_mul CN": lambda: mat_mul(x(3, 40, layout="NC"), w(40, 7, layout="CN"), activation="selu"),
    "mat_mul computed weights": lambda: mat_mul(
        x(3, 4, layout="NC"), relu(w(5, 4, layout="NC")), n(5)
    ),
    "max_pool2d": lambda: max_pool2d(x(2, 7, 8, 3), 3, stride=2, padding=(1, 0, 2, 1)),
    "avg_pool2d": lambda: avg_pool2d(x(2, 7, 8, 3), 3, stride=2, padding=1, activation="tanh"),
    "avg_pool2d with padding": lambda: avg_pool2d(
        x(2, 7, 8, 3), 3, stride=2, padding=1, count_include_pad=True
    ),
    "global_avg_pool2d": lambda: global_avg_pool2d(x(2, 7, 8, 3), activation="sigmoid"),
    "batch_norm": lambda: _batch_norm(x(2, 4, 4, 5), 5, "hard_tanh"),
    "batch_norm NC": lambda: _batch_norm(x(2, 5, layout="NC"), 5),
    "batch_norm NCHW": lambda: _batch_norm(x(2, 5, 4, 4, layout="NCHW"), 5, "leaky_relu"),
    "batch_norm computed": lambda: batch_norm(
        x(2, 4, 4, 5), n(5), relu(n(5, positive=True)), n(5), n(5)
    ),
    "relu": lambda: relu(x(3, 40, layout="NC")),
    "leaky_relu": lambda: leaky_relu(x(3, 40, layout="NC"), slope=0.3),
    "elu": lambda: elu(x(3, 40, layout="NC"), alpha=0.7),
    "selu": lambda: selu(x(3, 40, layout="NC")),
    "tanh": lambda: tanh(x(3, 40, layout="NC")),
    "hard_tanh": lambda: hard_tanh(x(3, 40, layout="NC"), minimum=-0.5, maximum=0.75),
    "sigmoid": lambda: sigmoid(x(3, 40, layout="NC")),
    "softmax": lambda: softmax(x(3, 10, layout="NC")),
    "add": lambda: add(x(2, 3, 4, 5), n(5), activation="elu"),
    "mul": lambda: mul(x(2, 1, 4, 5), w(1, 3, 1, 5)),
}
MOVEMENT: dict[str, Callable[[], object]] = {
    "reshape": lambda: reshape(x(2, 3, 4, 5), (6, 20), layout="NC"),
    "flatten": lambda: flatten(x(2, 3, 4, 5)),
    "reorder": lambda: reorder(x(2, 3, 4, 5), "NCHW"),
    "concat": lambda: concat([x(2, 3, 4, 5), w(2, 3, 4, 2)], axis=-1),
    "split": lambda: split(x(2, 3, 4, 5), [1, 4], axis=-1),
    "pad": lambda: pad(x(2, 3, 4, 5), [(0, 0), (1, 2), (3, 0), (0, 1)]),
}


def _engines(model: onnx.ModelProto) -> list[Callable[[dict[str, np.ndarray]], list[np.ndarray]]]:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    evaluator = ReferenceEvaluator(model)
    return [lambda feed: session.run(None, feed), lambda feed: evaluator.run(None, feed)]


def _worst(graph: Graph, ulp_distance: Callable[[np.ndarray, np.ndarray], int]) -> int:
    model = export_onnx(graph)
    onnx.checker.check_model(model, full_check=True)
    feed = {tensor.name: values(*tensor.shape) for tensor in graph.inputs}
    expected = execute_reference(graph, feed)
    return max(
        ulp_distance(array, expected[tensor.name])
        for run in _engines(model)
        for tensor, array in zip(graph.outputs, run(feed), strict=True)
    )


@pytest.mark.parametrize("case", OPS)
def test_outside_implementations_agree_within_two_ulp(
    case: str, ulp_distance: Callable[[np.ndarray, np.ndarray], int]
) -> None:
    with Graph("net") as graph:
        OPS[case]()
    assert _worst(graph, ulp_distance) <= 2


@pytest.mark.parametrize("case", MOVEMENT)
def test_outside_implementations_move_the_same_data(
    case: str, ulp_distance: Callable[[np.ndarray, np.ndarray], int]
) -> None:
    with Graph("net") as graph:
        MOVEMENT[case]()
    assert _worst(graph, ulp_distance) == 0


def test_every_operator_is_compared() -> None:
    compared = {case.split()[0] for case in (*OPS, *MOVEMENT)}
    assert compared == set(OPERATORS) - {"input", "constant"}


def test_a_whole_network_with_ordinary_weights_agrees(
    ulp_distance: Callable[[np.ndarray, np.ndarray], int], halves: Callable[..., np.ndarray]
) -> None:
    with Graph("net") as graph:
        y = conv2d(x(2, 12, 12, 3), constant(halves(16, 3, 3, 3, scale=0.2), layout="NHWC"))
        y = max_pool2d(_batch_norm(y, 16, "relu"), 2)
        y = conv2d(y, constant(halves(8, 3, 3, 16, scale=0.1), layout="NHWC"), activation="relu")
        y = mat_mul(flatten(y), constant(halves(10, 288, scale=0.05), layout="NC"))
        softmax(y)
    assert _worst(graph, ulp_distance) <= 2


@pytest.mark.parametrize("dtype", ["fp32", "int8", "uint8", "int32", "int64", "bool"])
def test_every_element_type_is_exported(dtype: str) -> None:
    with Graph("net") as graph:
        fed = input_data((2, 3), dtype=dtype, layout="NC", name="x")
        concat(
            [pad(fed, [(0, 1), (1, 0)]), constant([[1, 0, 1, 0]], dtype=dtype, layout="NC")], axis=0
        )
    feed = {"x": np.arange(6).reshape(2, 3).astype(fed.dtype.numpy)}
    (expected,) = execute_reference(graph, feed).values()
    for run in _engines(export_onnx(graph)):
        assert np.array_equal(run(feed)[0], expected)


def test_fp32_graphs_agree_closely() -> None:
    with Graph("net") as graph:
        fed = input_data((1, 8, 8, 3), dtype="fp32", layout="NHWC", name="x")
        conv2d(
            fed, constant(values(4, 3, 3, 3).astype(np.float32), layout="NHWC"), activation="tanh"
        )
    feed = {"x": values(1, 8, 8, 3).astype(np.float32)}
    (expected,) = execute_reference(graph, feed).values()
    for run in _engines(export_onnx(graph)):
        assert np.allclose(run(feed)[0], expected, rtol=1e-6, atol=1e-6)


def test_the_model_keeps_the_graphs_interface_and_is_deterministic() -> None:
    with Graph("net") as graph:
        relu(conv2d(x(1, 8, 8, 3), w(4, 3, 3, 3)), name="last")
    model = export_onnx(graph)
    assert model.SerializeToString() == export_onnx(graph).SerializeToString()
    (fed,), (result,) = model.graph.input, model.graph.output
    assert (fed.name, result.name) == ("x", "last.output")
    assert [d.dim_value for d in result.type.tensor_type.shape.dim] == [1, 8, 8, 4]
    assert result.type.tensor_type.elem_type == onnx.TensorProto.FLOAT16


def test_a_missing_onnx_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    with Graph("net") as graph:
        relu(x(1, 2, 2, 1))
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(HarnessError, match="needs the package onnx") as error:
        export_onnx(graph)
    assert error.value.way_out == "pip install onnx"
