"""Small networks that each hold one thing that tilers, layouts or routines may get wrong."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import graph as h

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.graph import Graph, Tensor

ACTIVATIONS = ("relu", "leaky_relu", "elu", "selu", "tanh", "hard_tanh", "sigmoid")


def _weights(*shape: int, layout: str = "NHWC", dtype: str = "float16", name: str = "w") -> Tensor:
    rng = np.random.default_rng(zlib.crc32(f"{name}{shape}".encode()))
    inputs = np.prod(shape[1:]) if len(shape) > 1 else 4
    values = rng.standard_normal(shape) / np.sqrt(inputs)
    return h.constant(values.astype(dtype), layout=layout, name=name)


def _image(*shape: int, layout: str = "NHWC", dtype: str = "fp16", name: str = "x") -> Tensor:
    return h.input_data(shape, dtype=dtype, layout=layout, name=name)


def _norm(x: Tensor, channels: int, name: str) -> Tensor:
    rows = [
        h.constant(
            np.random.default_rng(i).uniform(0.1, 2, channels).astype(np.float16),
            layout="N",
            name=f"{name}.{i}",
        )
        for i in range(4)
    ]
    return h.batch_norm(x, *rows, name=name)


def grouped() -> None:
    x = h.conv2d(_image(1, 14, 14, 32), _weights(48, 3, 3, 8), groups=4, activation="relu")
    h.conv2d(h.conv2d(x, _weights(48, 3, 3, 1, name="d"), groups=48), _weights(24, 1, 1, 48))


def dilated() -> None:
    h.conv2d(_image(1, 20, 20, 16), _weights(24, 3, 3, 16), dilation=(2, 3))


def first_layer_of_vgg() -> None:
    x = _image(1, 224, 224, 3)
    h.conv2d(x, _weights(64, 3, 3, 3), _weights(64, layout="N", name="b"), activation="relu")


def strides_and_padding_of_all_sides() -> None:
    x = _image(1, 17, 23, 16)
    h.conv2d(x, _weights(24, 3, 5, 16), stride=(1, 3), padding=(2, 0, 1, 3), name="a")
    h.conv2d(x, _weights(20, 5, 2, 16, name="w2"), stride=(3, 1), padding="valid", name="b")


def fused_activations() -> None:
    x, y = _image(1, 8, 8, 16), h.input_data((2, 64), dtype="fp16", layout="NC", name="y")
    for name in ACTIVATIONS:
        x = h.conv2d(x, _weights(16, 3, 3, 16, name=f"c{name}"), activation=name, name=f"c{name}")
        y = h.mat_mul(
            y, _weights(64, 64, layout="NC", name=f"m{name}"), activation=name, name=f"m{name}"
        )


def activations_alone() -> None:
    x = _image(1, 9, 9, 20)
    for apply in (h.relu, h.leaky_relu, h.elu, h.selu, h.tanh, h.hard_tanh, h.sigmoid, h.softmax):
        apply(x)


def concat_split_pad_reshape() -> None:
    x = _image(1, 8, 8, 36)
    a, b, c = h.split(x, (12, 4, 20), axis=3)
    y = h.concat([h.conv2d(a, _weights(20, 3, 3, 12)), h.relu(b), c], axis=3)
    y = h.pad(h.concat([y, h.tanh(y)], axis=1), ((0, 0), (1, 2), (3, 0), (0, 0)))
    y = h.conv2d(y, _weights(20, 3, 3, 44, name="w2"), padding="valid")
    y = h.reshape(y, (y.type.elements // 20, 20), layout="NC")
    h.mat_mul(y, _weights(10, 20, layout="NC", name="w3"))


def nchw() -> None:
    x = _image(2, 3, 20, 20, layout="NCHW")
    y = h.conv2d(x, _weights(16, 3, 3, 3, layout="NCHW"), activation="relu")
    y = _norm(h.max_pool2d(y, pool=2, stride=2), 16, "bn")
    y = h.conv2d(y, _weights(32, 16, 3, 3, layout="NCHW", name="w2"), activation="relu")
    flat = h.mat_mul(h.flatten(y), _weights(12, 3200, layout="NC", name="w3"))
    h.softmax(h.add(flat, h.flatten(h.avg_pool2d(h.reorder(x, "NHWC"), pool=10, stride=10))))


def poolings() -> None:
    x = _image(1, 15, 15, 20)
    h.max_pool2d(x, pool=3, stride=2, padding=1)
    h.avg_pool2d(x, pool=3, stride=2, padding=1)
    h.avg_pool2d(x, pool=(2, 3), stride=(2, 1), padding=1, count_include_pad=True)
    h.global_avg_pool2d(x)


def broadcast() -> None:
    rows = np.linspace(-1, 1, 16).astype(np.float16)
    y = h.add(_image(1, 10, 10, 16), h.constant(rows, layout="N", name="bias"))
    h.mul(y, h.constant(rows[::-1].copy(), layout="N", name="scale"), activation="relu")


def bf16() -> None:
    y = h.conv2d(_image(1, 8, 8, 16, dtype="bf16"), _weights(16, 3, 3, 16, dtype="bfloat16"))
    h.max_pool2d(y, pool=2, stride=2)


def fp32() -> None:
    y = h.conv2d(_image(1, 8, 8, 16, dtype="fp32"), _weights(16, 3, 3, 16, dtype="float32"))
    flat = h.flatten(h.max_pool2d(y, pool=2, stride=2))
    h.softmax(h.mat_mul(flat, _weights(10, 256, layout="NC", dtype="float32", name="m")))


def more_neurons_than_a_scratchpad_holds() -> None:
    x = h.input_data((1, 64), dtype="fp16", layout="NC", name="x")
    bias = _weights(20000, layout="N", name="b")
    h.mat_mul(x, _weights(20000, 64, layout="NC"), bias, activation="relu")


def more_inputs_than_a_scratchpad_holds() -> None:
    x = h.input_data((1, 20000), dtype="fp16", layout="NC", name="x")
    h.mat_mul(x, _weights(24, 20000, layout="NC"))


def batch_of_three() -> None:
    y = h.conv2d(_image(3, 12, 12, 8), _weights(16, 3, 3, 8), activation="relu")
    y = h.conv2d(h.max_pool2d(y, pool=2, stride=2), _weights(32, 3, 3, 16, name="w2"))
    h.mat_mul(h.flatten(y), _weights(40, 1152, layout="NC", name="w3"))


def one_pixel() -> None:
    y = h.conv2d(_image(1, 1, 1, 64), _weights(48, 1, 1, 64), activation="relu")
    h.max_pool2d(h.conv2d(y, _weights(24, 3, 3, 48, name="w2")), pool=1, stride=1)


def odd_channels() -> None:
    y = h.conv2d(_image(1, 9, 9, 5), _weights(7, 3, 3, 5), _weights(7, layout="N", name="b"))
    y = h.conv2d(_norm(y, 7, "bn"), _weights(13, 3, 3, 7, name="w2"), padding="valid")
    y = h.flatten(h.avg_pool2d(y, pool=2, stride=2))
    h.softmax(h.mat_mul(y, _weights(11, 117, layout="NC", name="w3")))


def bottlenecks() -> None:
    x = _image(1, 14, 14, 64)
    for i, (width, stride) in enumerate(((16, 1), (32, 2))):
        inputs = x.type.shape[3]
        bias = _weights(width, layout="N", name=f"ab{i}")
        y = h.conv2d(x, _weights(width, 1, 1, inputs, name=f"a{i}"), bias, activation="relu")
        weights = _weights(width, 3, 3, width, name=f"b{i}")
        y = h.conv2d(y, weights, stride=stride, activation="relu")
        y = _norm(h.conv2d(y, _weights(4 * width, 1, 1, width, name=f"c{i}")), 4 * width, f"bn{i}")
        if y.type.shape != x.type.shape:
            x = h.conv2d(x, _weights(4 * width, 1, 1, inputs, name=f"s{i}"), stride=stride)
        x = h.add(x, y, activation="relu")
    h.softmax(h.mat_mul(h.flatten(h.global_avg_pool2d(x)), _weights(10, 128, layout="NC")))


def two_inputs_two_outputs() -> None:
    a, b = _image(1, 8, 8, 16, name="a"), _image(1, 8, 8, 16, name="b")
    h.conv2d(h.add(a, b), _weights(24, 3, 3, 16), activation="relu")
    h.mul(a, b)


def many_channels() -> None:
    h.conv2d(_image(1, 7, 7, 512), _weights(64, 3, 3, 512), activation="relu")


def high_and_narrow() -> None:
    h.max_pool2d(h.conv2d(_image(1, 300, 4, 16), _weights(72, 3, 3, 16)), pool=2, stride=2)


NETWORKS: dict[str, Callable[[], Any]] = {
    each.__name__: each
    for each in (
        grouped,
        dilated,
        first_layer_of_vgg,
        strides_and_padding_of_all_sides,
        fused_activations,
        activations_alone,
        concat_split_pad_reshape,
        nchw,
        poolings,
        broadcast,
        bf16,
        fp32,
        more_neurons_than_a_scratchpad_holds,
        more_inputs_than_a_scratchpad_holds,
        batch_of_three,
        one_pixel,
        odd_channels,
        bottlenecks,
        two_inputs_two_outputs,
        many_channels,
        high_and_narrow,
    )
}

TOO_LARGE_FOR_SMAUG = ("first_layer_of_vgg", "more_neurons_than_a_scratchpad_holds")
"""SMAUG tiles neither columns nor outputs of a matrix multiplication."""


def build(name: str) -> Graph:
    """Return the network of this name."""
    with h.Graph(name) as graph:
        NETWORKS[name]()
    return graph
