"""Shapes, costs and error messages of each operator."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.base.errors import DtypeError, GraphError, ShapeError
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
    flatten,
    global_avg_pool2d,
    hard_tanh,
    input_data,
    leaky_relu,
    mat_mul,
    max_pool2d,
    mul,
    node_macs,
    pad,
    relu,
    reorder,
    reshape,
    softmax,
    split,
)

_RANK_LAYOUT = {1: "N", 2: "NC", 3: "NTC", 4: "NHWC"}


def t(*shape: int, layout: str = "", dtype: str = "fp16") -> Tensor:
    return input_data(shape, dtype=dtype, layout=layout or _RANK_LAYOUT[len(shape)], name="x")


def w(*shape: int, layout: str = "", dtype: str = "fp16") -> Tensor:
    layout = layout or _RANK_LAYOUT[len(shape)]
    return constant(np.ones(shape), dtype=dtype, layout=layout, name="w")


Build = Callable[[], object]

SHAPES: list[tuple[str, Build, str]] = [
    ("same", lambda: conv2d(t(1, 7, 8, 3), w(4, 3, 3, 3)), "fp16[1,7,8,4] NHWC"),
    ("same, even", lambda: conv2d(t(1, 7, 8, 3), w(4, 2, 4, 3)), "fp16[1,7,8,4] NHWC"),
    ("same, stride", lambda: conv2d(t(1, 7, 8, 3), w(4, 3, 3, 3), stride=2), "fp16[1,4,4,4] NHWC"),
    (
        "same, dilation",
        lambda: conv2d(t(1, 9, 9, 3), w(4, 3, 3, 3), dilation=2),
        "fp16[1,9,9,4] NHWC",
    ),
    ("valid", lambda: conv2d(t(2, 7, 8, 3), w(4, 3, 2, 3), padding="valid"), "fp16[2,5,7,4] NHWC"),
    (
        "explicit",
        lambda: conv2d(t(1, 7, 8, 3), w(4, 3, 3, 3), padding=(1, 0, 2, 0), stride=(1, 2)),
        "fp16[1,6,4,4] NHWC",
    ),
    ("one padding", lambda: conv2d(t(1, 7, 8, 3), w(4, 3, 3, 3), padding=1), "fp16[1,7,8,4] NHWC"),
    (
        "NCHW",
        lambda: conv2d(t(1, 3, 7, 8, layout="NCHW"), w(4, 3, 3, 3, layout="NCHW")),
        "fp16[1,4,7,8] NCHW",
    ),
    ("groups", lambda: conv2d(t(1, 7, 8, 6), w(4, 3, 3, 3), groups=2), "fp16[1,7,8,4] NHWC"),
    ("depthwise", lambda: conv2d(t(1, 7, 8, 6), w(12, 3, 3, 1), groups=6), "fp16[1,7,8,12] NHWC"),
    ("bias", lambda: conv2d(t(1, 7, 8, 3), w(4, 1, 1, 3), w(4)), "fp16[1,7,8,4] NHWC"),
    ("mat_mul", lambda: mat_mul(t(3, 5), w(7, 5), w(7)), "fp16[3,7] NC"),
    ("mat_mul CN", lambda: mat_mul(t(3, 5), w(5, 7, layout="CN")), "fp16[3,7] NC"),
    ("max pool", lambda: max_pool2d(t(1, 7, 8, 3), 2), "fp16[1,3,4,3] NHWC"),
    (
        "max pool, padded",
        lambda: max_pool2d(t(1, 7, 8, 3), 3, stride=2, padding="same"),
        "fp16[1,4,4,3] NHWC",
    ),
    ("avg pool", lambda: avg_pool2d(t(1, 3, 7, 8, layout="NCHW"), (1, 2)), "fp16[1,3,7,4] NCHW"),
    ("global", lambda: global_avg_pool2d(t(2, 7, 8, 3)), "fp16[2,1,1,3] NHWC"),
    (
        "global NCHW",
        lambda: global_avg_pool2d(t(2, 3, 7, 8, layout="NCHW")),
        "fp16[2,3,1,1] NCHW",
    ),
    (
        "batch norm",
        lambda: batch_norm(t(1, 3, 7, 8, layout="NCHW"), w(3), w(3), w(3), w(3)),
        "fp16[1,3,7,8] NCHW",
    ),
    ("add", lambda: add(t(2, 4, 5, 3), w(3)), "fp16[2,4,5,3] NHWC"),
    ("add both ways", lambda: add(t(2, 1, 5, 1), w(1, 4, 1, 3)), "fp16[2,4,5,3] NHWC"),
    ("mul by a longer one", lambda: mul(t(3), w(2, 3)), "fp16[2,3] NC"),
    ("reshape", lambda: reshape(t(2, 12), (2, 3, -1), layout="NTC"), "fp16[2,3,4] NTC"),
    ("flatten", lambda: flatten(t(2, 4, 5, 3)), "fp16[2,60] NC"),
    ("reorder", lambda: reorder(t(2, 4, 5, 3), "NCHW"), "fp16[2,3,4,5] NCHW"),
    ("reorder NTC", lambda: reorder(t(2, 4, 5), "NCT"), "fp16[2,5,4] NCT"),
    ("reorder NC", lambda: reorder(t(2, 4), "CN"), "fp16[4,2] CN"),
    ("concat", lambda: concat([t(2, 4), w(2, 3)], axis=-1), "fp16[2,7] NC"),
    ("concat one", lambda: concat([t(2, 4)], axis=0), "fp16[2,4] NC"),
    ("split", lambda: split(t(2, 4), [1, 3], axis=1)[1], "fp16[2,3] NC"),
    ("split evenly", lambda: split(t(2, 4), 2, axis=1)[1], "fp16[2,2] NC"),
    ("pad", lambda: pad(t(2, 4), [(0, 1), (2, 3)]), "fp16[3,9] NC"),
    ("pad integers", lambda: pad(t(2, dtype="int8"), [(0, 1)]), "int8[3] N"),
    ("softmax", lambda: softmax(t(2, 4), axis=1), "fp16[2,4] NC"),
    ("fp32", lambda: elu(t(2, 4, dtype="fp32")), "fp32[2,4] NC"),
]


@pytest.mark.parametrize(
    ("build", "expected"), [row[1:] for row in SHAPES], ids=[r[0] for r in SHAPES]
)
def test_the_output_type_follows_from_the_inputs(build: Build, expected: str) -> None:
    with Graph("net"):
        result = build()
    assert isinstance(result, Tensor)
    assert str(result.type) == expected


ERRORS: list[tuple[Build, type[GraphError], str]] = [
    (lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 2)), ShapeError, "differ in channels"),
    (lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 3, layout="NCHW")), ShapeError, "differ in layout"),
    (lambda: conv2d(t(1, 8), w(4, 3, 3, 3)), ShapeError, "is not an image"),
    (lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 3, dtype="fp32")), DtypeError, "element type"),
    (
        lambda: conv2d(t(1, 8, 8, 3, dtype="int8"), w(4, 3, 3, 3, dtype="int8")),
        DtypeError,
        "cannot compute in this element type",
    ),
    (lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 3), w(3)), ShapeError, "one value per output"),
    (lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 3), groups=2), ShapeError, "do not divide"),
    (lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 3), groups=0), GraphError, "groups is out of range"),
    (lambda: conv2d(t(1, 2, 2, 3), w(4, 3, 3, 3), padding="valid"), ShapeError, "larger than"),
    (lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 3), padding=3), ShapeError, "as large as the window"),
    (lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 3), padding="Same"), GraphError, "unknown padding"),
    (lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 3), padding=(1, 1)), GraphError, "one or four"),
    (lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 3), padding=-1), GraphError, "at least 0"),
    (lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 3), stride=0), GraphError, "stride must be"),
    (lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 3), stride=(1, 2, 3)), GraphError, "stride must be"),
    (lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 3), stride=1.5), GraphError, "stride must be"),  # type: ignore[arg-type]
    (
        lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 3), activation="softmax"),
        GraphError,
        "unknown activation",
    ),
    (
        lambda: conv2d(
            t(1, 8, 8, 3), w(4, 3, 3, 3), activation="relu", activation_parameters=(1.0,)
        ),
        GraphError,
        "wrong parameters of activation relu",
    ),
    (
        lambda: add(t(2), w(2), activation="hard_tanh", activation_parameters=(2.0,)),
        GraphError,
        "minimum is above the maximum",
    ),
    (lambda: conv2d(t(1, 8, 8, 3), w(4, 3, 3, 3), groups=1.0), GraphError, "must be an integer"),  # type: ignore[arg-type]
    (lambda: mat_mul(t(1, 8, 8, 3), w(4, 192)), ShapeError, "is not a matrix"),
    (lambda: mat_mul(t(1, 8), w(4, 7)), ShapeError, "differ in width"),
    (lambda: mat_mul(t(1, 8), w(8)), ShapeError, "weights are not a matrix"),
    (lambda: mat_mul(t(1, 8), w(4, 8), w(8)), ShapeError, "one value per output"),
    (lambda: max_pool2d(t(1, 8), 2), ShapeError, "is not an image"),
    (lambda: max_pool2d(t(1, 1, 1, 3), 2), ShapeError, "larger than"),
    (lambda: avg_pool2d(t(1, 4, 4, 3), 2, padding=2), ShapeError, "as large as the window"),
    (lambda: avg_pool2d(t(1, 4, 4, 3), 2, count_include_pad=1), GraphError, "a boolean"),  # type: ignore[arg-type]
    (lambda: global_avg_pool2d(t(1, 4)), ShapeError, "is not an image"),
    (lambda: batch_norm(t(1, 4), w(4), w(4), w(3), w(4)), ShapeError, "gamma needs"),
    (lambda: batch_norm(t(4), w(4), w(4), w(4), w(4)), ShapeError, "has no channels"),
    (
        lambda: batch_norm(t(1, 4), w(4), w(4), w(4), w(4), epsilon=float("nan")),
        GraphError,
        "epsilon is out of range",
    ),
    (lambda: add(t(2, 3), w(2, 4)), ShapeError, "do not broadcast"),
    (lambda: add(t(2, 3), w(2, 3, layout="CN")), ShapeError, "differ in layout"),
    (lambda: mul(t(2, 3), w(3, dtype="fp32")), DtypeError, "element type"),
    (lambda: leaky_relu(t(2), slope="a"), GraphError, "slope must be a number"),  # type: ignore[arg-type]
    (lambda: hard_tanh(t(2), minimum=2.0, maximum=1.0), GraphError, "minimum"),
    (lambda: relu(t(2, dtype="int32")), DtypeError, "cannot compute"),
    (lambda: softmax(t(2, 3), axis=0), ShapeError, "last dimension only"),
    (lambda: reshape(t(2, 3), (2, 4), layout="NC"), ShapeError, "another number of elements"),
    (lambda: reshape(t(2, 3), (4, -1), layout="NC"), ShapeError, "another number of elements"),
    (lambda: reshape(t(2, 3), (-1, -1), layout="NC"), GraphError, "shape is out of range"),
    (lambda: reshape(t(2, 3), (2, 3), layout="HW"), GraphError, "layout is out of range"),
    (lambda: reshape(t(2, 3), (6,), layout="NC"), ShapeError, "layout NC does not fit"),
    (lambda: reorder(t(2, 3), "NCHW"), ShapeError, "different dimensions"),
    (lambda: reorder(t(1, 2, 3, 4), "NC"), ShapeError, "different dimensions"),
    (lambda: concat([], axis=0), GraphError, "an empty list"),
    (lambda: concat(t(2, 3), axis=0), GraphError, "a list of tensors"),  # type: ignore[arg-type]
    (lambda: concat([t(2, 3)], axis=2), ShapeError, "no such axis"),
    (lambda: concat([t(2, 3), w(3, 4)], axis=0), ShapeError, "differ in more than axis 0"),
    (lambda: concat([t(2, 3), w(2, 3, dtype="fp32")], axis=0), DtypeError, "element type"),
    (lambda: split(t(2, 3), 2, axis=1), ShapeError, "2 equal parts"),
    (lambda: split(t(2, 3), [1, 1], axis=1), ShapeError, "do not add up"),
    (lambda: split(t(2, 3), [0, 3], axis=1), GraphError, "sizes is out of range"),
    (lambda: split(t(2, 3), [], axis=1), ShapeError, "do not add up"),
    (lambda: split(t(2, 3), [3], axis="C"), ShapeError, "no such axis"),  # type: ignore[arg-type]
    (lambda: pad(t(2, 3), [(1, 1)]), ShapeError, "two integers per dimension"),
    (lambda: pad(t(2, 3), [(1, 1), (0, -1)]), GraphError, "padding is out of range"),
    (lambda: pad(t(2, 3), [(1, 1, 1), (0, 1)]), GraphError, "pairs"),  # type: ignore[list-item]
    (lambda: pad(t(2, 3), 3), GraphError, "pairs"),  # type: ignore[arg-type]
    (lambda: pad(t(2), [(2**62, 2**62)]), GraphError, "too large"),
]


@pytest.mark.parametrize(("build", "kind", "message"), ERRORS)
def test_a_wrong_call_names_the_node_and_the_users_line(
    build: Build, kind: type[GraphError], message: str
) -> None:
    with pytest.raises(kind) as caught, Graph("net"):
        build()
    error = caught.value
    assert type(error) is kind
    assert message in str(error)
    assert re.match(r'\w+ "\w+": ', error.what)
    assert Path(__file__).name + ":" in error.where
    assert error.got


def test_macs_are_those_of_the_textbook() -> None:
    with Graph("net") as graph:
        x = t(2, 8, 8, 6)
        y = conv2d(x, w(12, 3, 3, 3), groups=2, name="conv")
        y = mat_mul(flatten(y), w(10, 768), name="fc")
        relu(y)
    macs = {node.name: node_macs(node) for node in graph.nodes}
    assert macs["conv"] == 2 * 8 * 8 * 12 * (3 * 3 * 3)
    assert macs["fc"] == 2 * 10 * 768
    assert macs["relu"] == 0


def test_same_padding_has_its_odd_element_at_the_end() -> None:
    with Graph("net") as graph:
        conv2d(t(1, 8, 8, 3), w(4, 4, 3, 3), stride=3, name="conv")
    assert graph.node("conv").attributes["padding"] == (1, 2, 1, 1)


def test_a_fused_activation_keeps_its_parameters_in_the_node() -> None:
    with Graph("net") as graph:
        x = t(1, 8)
        for activation, parameters in (("elu", ()), ("selu", (2.0,)), ("relu", ()), (None, ())):
            add(x, x, activation=activation, activation_parameters=parameters)
    kept = [tuple(node.attributes.values()) for node in graph.nodes if node.op == "add"]
    assert kept == [
        ("elu", 0.1, 0.0),
        ("selu", 2.0, 1.0507),
        ("relu", 0.0, 0.0),
        ("none", 0.0, 0.0),
    ]


def test_every_operator_says_what_it_computes() -> None:
    for name, operator in OPERATORS.items():
        assert operator.name == name
        assert operator.doc.endswith(".")
        assert operator.required <= len(operator.operands)
        assert all(attribute.doc for attribute in operator.attributes)
