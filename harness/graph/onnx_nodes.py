"""What each operator becomes in ONNX; imports onnx."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import ModelProto, helper

from harness import __version__
from harness.graph.graph import Graph
from harness.graph.node import SOURCES, Node
from harness.graph.onnx_values import OnnxValues, value_info
from harness.graph.operators.batch_norm import channel_axis, reciprocal_deviation
from harness.graph.operators.pad import margins
from harness.graph.operators.reorder import permutation
from harness.graph.tensor_type import DType, Layout

if TYPE_CHECKING:
    from harness.graph.operator import Array, Call

OPSET = 17
IR_VERSION = 8  # of opset 17, ONNX's Versioning.md

Emitter = Callable[[OnnxValues, Node, Graph], None]


def build_model(graph: Graph) -> ModelProto:
    """Return the ONNX model of a graph."""
    values = OnnxValues(graph)
    for node in graph.nodes:
        if node.op not in SOURCES:
            _EMITTERS[node.op](values, node, graph)
    body = helper.make_graph(
        values.nodes,
        graph.name,
        [value_info(tensor) for tensor in graph.inputs],
        [value_info(tensor) for tensor in graph.outputs],
        list(values.initializers.values()),
    )
    return helper.make_model(
        body,
        producer_name="harness",
        producer_version=__version__,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )


def _activate(values: OnnxValues, name: str, value: str, alpha: float, beta: float) -> str:
    if name == "none":
        return value
    if name == "hard_tanh":
        return values.node("Clip", [value, values.reals(alpha), values.reals(beta)])
    if name == "selu":
        return values.node("Selu", [value], alpha=alpha, gamma=beta)
    if name in ("leaky_relu", "elu"):
        return values.node({"leaky_relu": "LeakyRelu", "elu": "Elu"}[name], [value], alpha=alpha)
    return values.node({"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}[name], [value])


def _fused(values: OnnxValues, call: Call, value: str) -> str:
    alpha, beta = call.real("activation_alpha"), call.real("activation_beta")
    return _activate(values, call.text("activation"), value, alpha, beta)


def _pads(call: Call) -> list[int]:
    top, bottom, left, right = call.integers("padding")
    return [top, left, bottom, right]


def _conv2d(values: OnnxValues, node: Node, _graph: Graph) -> None:
    call = node.call()
    inputs = [values.image(node.inputs[0]), values.image(node.inputs[1])]
    inputs += [values.fp32(bias) for bias in node.inputs[2:]]
    value = values.node(
        "Conv",
        inputs,
        strides=list(call.integers("stride")),
        pads=_pads(call),
        dilations=list(call.integers("dilation")),
        group=call.integer("groups"),
    )
    values.store_image(_fused(values, call, value), node.outputs[0])


def _mat_mul(values: OnnxValues, node: Node, _graph: Graph) -> None:
    call, weights = node.call(), node.inputs[1]
    axes = (1, 0) if weights.layout is Layout.NC else ()
    value = values.mat_mul(values.fp32(node.inputs[0]), values.fp32(weights, axes))
    for bias in node.inputs[2:]:
        value = values.node("Add", [value, values.fp32(bias)])
    values.store(_fused(values, call, value), node.outputs[0])


def _pool(values: OnnxValues, node: Node, _graph: Graph) -> None:
    call = node.call()
    extra: dict[str, Any] = {}
    if node.op == "avg_pool2d":
        extra["count_include_pad"] = int(call.is_set("count_include_pad"))
    value = values.node(
        {"max_pool2d": "MaxPool", "avg_pool2d": "AveragePool"}[node.op],
        [values.image(node.inputs[0])],
        kernel_shape=list(call.integers("pool")),
        strides=list(call.integers("stride")),
        pads=_pads(call),
        **extra,
    )
    values.store_image(_fused(values, call, value), node.outputs[0])


def _global_avg_pool2d(values: OnnxValues, node: Node, _graph: Graph) -> None:
    value = values.node("GlobalAveragePool", [values.image(node.inputs[0])])
    values.store_image(_fused(values, node.call(), value), node.outputs[0])


def _batch_norm(values: OnnxValues, node: Node, graph: Graph) -> None:
    """Emit the steps one by one: ONNX's operator would not round the stored reciprocal."""
    call = node.call()
    after = call.types[0].rank - 1 - channel_axis(call)
    shape = [-1, *[1] * after]
    x, mean, _, gamma, beta = (values.fp32(tensor) for tensor in node.inputs)
    r = _reciprocal(values, node, graph)
    for op, vector in (("Sub", mean), ("Mul", r), ("Mul", gamma), ("Add", beta)):
        operand = values.node("Reshape", [vector, values.integers(shape)]) if after else vector
        x = values.node(op, [x, operand])
    values.store(_fused(values, call, x), node.outputs[0])


def _reciprocal(values: OnnxValues, node: Node, graph: Graph) -> str:
    epsilon, variance = node.call().real("epsilon"), node.inputs[2]
    constant: Array | None = graph.constants.get(variance.name)
    if constant is not None:
        r = reciprocal_deviation(constant, epsilon, variance.dtype).astype(np.float32)
        return values.initializer(f"{node.name}:reciprocal", r, DType.FP32)
    value = values.node("Add", [values.fp32(variance), values.reals(epsilon)])
    value = values.node("Reciprocal", [values.node("Sqrt", [value])])
    return values.cast(values.cast(value, variance.dtype), DType.FP32)


def _unary(values: OnnxValues, node: Node, _graph: Graph) -> None:
    call = node.call()
    alpha, beta = (*map(call.real, call.attributes), 0.0, 0.0)[:2]
    value = _activate(values, node.op, values.fp32(node.inputs[0]), alpha, beta)
    values.store(value, node.outputs[0])


def _softmax(values: OnnxValues, node: Node, _graph: Graph) -> None:
    value = values.node("Softmax", [values.fp32(node.inputs[0])], axis=-1)
    values.store(value, node.outputs[0])


def _elementwise(values: OnnxValues, node: Node, _graph: Graph) -> None:
    inputs = [values.fp32(tensor) for tensor in node.inputs]
    value = values.node({"add": "Add", "mul": "Mul"}[node.op], inputs)
    values.store(_fused(values, node.call(), value), node.outputs[0])


def _reshape(values: OnnxValues, node: Node, _graph: Graph) -> None:
    output = node.outputs[0]
    values.node(
        "Reshape", [values.plain(node.inputs[0]), values.integers(output.shape)], output.name
    )


def _reorder(values: OnnxValues, node: Node, _graph: Graph) -> None:
    source, output = node.inputs[0], node.outputs[0]
    axes = permutation(source.layout, output.layout)
    values.node("Transpose", [values.plain(source)], output.name, perm=list(axes))


def _concat(values: OnnxValues, node: Node, _graph: Graph) -> None:
    inputs = [values.plain(tensor) for tensor in node.inputs]
    values.node("Concat", inputs, node.outputs[0].name, axis=node.call().integer("axis"))


def _split(values: OnnxValues, node: Node, _graph: Graph) -> None:
    call = node.call()
    inputs = [values.plain(node.inputs[0]), values.integers(call.integers("sizes"))]
    values.split(inputs, [tensor.name for tensor in node.outputs], call.integer("axis"))


def _pad(values: OnnxValues, node: Node, _graph: Graph) -> None:
    """Emit padding in fp32 (exact for fp16) or in the integer type."""
    source, output = node.inputs[0], node.outputs[0]
    pairs = margins(node.call())
    pads = values.integers([before for before, _ in pairs] + [after for _, after in pairs])
    if source.dtype.is_floating:
        values.store(values.node("Pad", [values.fp32(source), pads]), output)
    else:
        values.node("Pad", [values.plain(source), pads], output.name)


_EMITTERS: dict[str, Emitter] = {
    "conv2d": _conv2d,
    "mat_mul": _mat_mul,
    "max_pool2d": _pool,
    "avg_pool2d": _pool,
    "global_avg_pool2d": _global_avg_pool2d,
    "batch_norm": _batch_norm,
    "relu": _unary,
    "leaky_relu": _unary,
    "elu": _unary,
    "selu": _unary,
    "tanh": _unary,
    "hard_tanh": _unary,
    "sigmoid": _unary,
    "softmax": _softmax,
    "add": _elementwise,
    "mul": _elementwise,
    "reshape": _reshape,
    "flatten": _reshape,
    "reorder": _reorder,
    "concat": _concat,
    "split": _split,
    "pad": _pad,
}
