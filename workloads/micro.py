"""One-operator networks: the smallest program that shows one thing.

Each function is a workload: `harness run workloads.micro:conv`. Their inputs are drawn from the
run's seed and their weights from a fixed one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness import graph as h
from harness.run.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.graph import Tensor

WEIGHT_SEED = 7


def _weights(*shape: int, layout: str, name: str) -> Tensor:
    values = np.random.default_rng(WEIGHT_SEED).standard_normal(shape) * 0.1
    return h.constant(values.astype(np.float16), layout=layout, name=name)


def _one_operator(
    name: str, shape: tuple[int, ...], apply: Callable[[Tensor], object], description: str
) -> Workload:
    with h.Graph(name) as graph:
        layout = "NHWC" if len(shape) == 4 else "NC"
        apply(h.input_data(shape, dtype="fp16", layout=layout, name="input"))
    return Workload(graph=graph, description=description)


def conv() -> Workload:
    """One 3x3 convolution with bias, 16 x 16 x 32 to 64 channels, fused ReLU."""

    def apply(x: Tensor) -> Tensor:
        weights = _weights(64, 3, 3, 32, layout="NHWC", name="weights")
        bias = _weights(64, layout="N", name="bias")
        return h.conv2d(x, weights, bias, padding="same", activation="relu", name="conv")

    return _one_operator("micro_conv", (1, 16, 16, 32), apply, "one 3x3 convolution")


def conv_wide() -> Workload:
    """One 3x3 convolution on a map wider than SMAUG's tiler accepts."""

    def apply(x: Tensor) -> Tensor:
        weights = _weights(16, 3, 3, 32, layout="NHWC", name="weights")
        return h.conv2d(x, weights, padding="same", name="conv")

    return _one_operator("micro_conv_wide", (1, 16, 256, 32), apply, "a convolution 256 wide")


def conv_strided() -> Workload:
    """One 5x5 convolution with stride 2, dilation 2 and a batch of 2."""

    def apply(x: Tensor) -> Tensor:
        weights = _weights(24, 5, 5, 16, layout="NHWC", name="weights")
        return h.conv2d(x, weights, stride=2, dilation=2, padding="same", name="conv")

    return _one_operator("micro_conv_strided", (2, 33, 33, 16), apply, "a strided convolution")


def matrix() -> Workload:
    """One matrix multiplication with bias, 4 x 1024 to 256."""

    def apply(x: Tensor) -> Tensor:
        weights = _weights(256, 1024, layout="NC", name="weights")
        return h.mat_mul(x, weights, _weights(256, layout="N", name="bias"), name="mat_mul")

    return _one_operator("micro_matrix", (4, 1024), apply, "one matrix multiplication")


def pool() -> Workload:
    """One 3x3 max pooling with stride 2 and padding."""

    def apply(x: Tensor) -> Tensor:
        return h.max_pool2d(x, pool=3, stride=2, padding=1, name="pool")

    return _one_operator("micro_pool", (1, 56, 56, 64), apply, "one max pooling")


def add() -> Workload:
    """One elementwise addition of a tensor to itself."""
    return _one_operator(
        "micro_add", (1, 32, 32, 64), lambda x: h.add(x, x, name="add"), "one addition"
    )


def relu() -> Workload:
    """One ReLU."""
    return _one_operator(
        "micro_relu", (1, 32, 32, 64), lambda x: h.relu(x, name="relu"), "one ReLU"
    )


def softmax() -> Workload:
    """One softmax over 10 classes."""
    return _one_operator(
        "micro_softmax", (8, 10), lambda x: h.softmax(x, name="softmax"), "one softmax"
    )


def layouts() -> Workload:
    """A convolution whose input is NCHW: the compiler inserts reorders."""
    with h.Graph("micro_layouts") as graph:
        x = h.input_data((1, 16, 12, 12), dtype="fp16", layout="NCHW", name="input")
        weights = _weights(24, 16, 3, 3, layout="NCHW", name="weights")
        h.conv2d(x, weights, padding="same", activation="relu", name="conv")
    return Workload(graph=graph, description="a convolution between reorders")
