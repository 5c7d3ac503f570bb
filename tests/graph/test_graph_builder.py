from __future__ import annotations

import subprocess
import sys
from inspect import currentframe
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.base.errors import DtypeError, GraphError, ShapeError
from harness.graph import (
    DType,
    Graph,
    Layout,
    Node,
    Tensor,
    TensorType,
    add,
    constant,
    conv2d,
    graph_from_nodes,
    input_data,
    relu,
    split,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def _image(name: str = "image") -> Tensor:
    return input_data((1, 4, 4, 2), dtype="fp16", layout="NHWC", name=name)


def test_nodes_keep_the_order_of_their_creation_and_tensors_their_names() -> None:
    with Graph("net") as graph:
        x = _image()
        low, high = split(x, 2, axis=-1)
        add(low, high, name="sum")
    assert [node.name for node in graph.nodes] == ["image", "split", "sum"]
    assert list(graph.tensors) == ["image", "split.output", "split.output1", "sum.output"]
    assert graph.inputs == (x,)
    assert graph.producer(high).name == "split"
    assert [node.name for node in graph.consumers(low)] == ["sum"]
    verify(graph)


def test_a_name_in_use_gets_the_next_free_suffix() -> None:
    with Graph("net") as graph:
        x = _image()
        for _ in range(2):
            x = relu(x, name="act")
        relu(x, name="act_1")
    assert [node.name for node in graph.nodes] == ["image", "act", "act_1", "act_1_1"]


def test_a_constant_cannot_take_the_name_of_a_nodes_output() -> None:
    with Graph("net") as graph:
        y = relu(_image(), name="act")
        add(y, constant(np.ones(2, np.float16), layout="N", name="act.output"))
    assert [node.name for node in graph.nodes][2] == "act.output_1"
    verify(graph)


def test_outputs_are_what_nobody_consumes_unless_some_are_marked() -> None:
    with Graph("free") as free:
        x = _image()
        y = relu(x)
        z = relu(x)
    assert free.outputs == (y, z)
    with Graph("marked") as marked:
        y = relu(_image())
        relu(y)
        marked.output(y)
    assert marked.outputs == (y,)


def test_nodes_record_the_users_line() -> None:
    with Graph("net") as graph:
        x = _image()
        line = currentframe().f_lineno + 1  # type: ignore[union-attr]
        relu(x)
    assert graph.node("relu").location.line == line
    assert Path(__file__).match(graph.node("relu").location.file)


def test_an_operator_outside_a_graph_says_how_to_open_one() -> None:
    with pytest.raises(
        GraphError, match=r'conv2d "conv": operators apply inside a graph only'
    ) as e:
        conv2d(
            Tensor("x", TensorType((1, 4, 4, 2), DType.FP16, Layout.NHWC)),
            Tensor("w", TensorType((1, 3, 3, 2), DType.FP16, Layout.NHWC)),
        )
    assert "with Graph(" in e.value.way_out
    assert Path(__file__).name in e.value.where


def test_a_tensor_of_another_graph_is_refused() -> None:
    with Graph("first"):
        x = _image()
        relu(x)
    with Graph("second"):
        relu(_image())
        with pytest.raises(GraphError, match='"image" belongs to another graph than "second"'):
            relu(x)


def test_an_array_as_an_operand_points_to_constant() -> None:
    with pytest.raises(GraphError, match="inputs must be tensors") as error, Graph("net"):
        add(_image(), np.ones(2, np.float16))  # type: ignore[arg-type]
    assert "constant(array" in error.value.way_out


def test_graphs_do_not_nest_and_the_outer_one_survives() -> None:
    with Graph("outer") as outer:
        x = _image()
        with (
            pytest.raises(GraphError, match='"inner" cannot begin inside graph "outer"'),
            Graph("inner"),
        ):
            pass
        relu(x)
    assert outer.is_frozen


def test_a_finished_graph_accepts_nothing_more() -> None:
    with Graph("net") as graph:
        y = relu(_image())
    with pytest.raises(GraphError, match="finished and cannot be entered"), graph:
        pass
    with pytest.raises(GraphError, match="frozen"):
        graph.output(y)


def test_an_error_in_the_block_closes_the_graph() -> None:
    with pytest.raises(ZeroDivisionError), Graph("broken") as broken:
        _ = 1 // 0
    assert not broken.is_frozen
    with Graph("next"):
        relu(_image())


def test_a_graph_that_computes_nothing_is_refused() -> None:
    with pytest.raises(GraphError, match='graph "empty" computes nothing'), Graph("empty"):
        _image()


@pytest.mark.parametrize("name", ["", "a b", "a\0b", "%x", ".a", "x" * 256, 3, None, []])
def test_names_that_files_cannot_carry_are_refused(name: object) -> None:
    with pytest.raises(GraphError, match="name consists of"):
        Graph(name)  # type: ignore[arg-type]
    with pytest.raises(GraphError, match="name consists of"), Graph("net"):
        relu(_image(), name=name)  # type: ignore[arg-type]


def test_a_suffix_does_not_make_a_name_too_long() -> None:
    with Graph("net"):
        x = relu(_image(), name="x" * 255)
        with pytest.raises(GraphError, match="name consists of"):
            relu(x, name="x" * 255)


def test_constants_are_copied_and_read_only() -> None:
    array = np.ones(2, np.float16)
    with Graph("net") as graph:
        add(_image(), constant(array, layout="N", name="c"))
    array[:] = 5
    assert graph.constants["c"].tolist() == [1, 1]
    with pytest.raises(ValueError, match="read-only"):
        graph.constants["c"][0] = 2
    with pytest.raises(TypeError):
        graph.constants["d"] = array  # type: ignore[index]


def test_constants_convert_only_when_asked_and_only_what_fits() -> None:
    with Graph("net"):
        with pytest.raises(DtypeError, match="numpy type float64") as error:
            constant(np.ones(2), layout="N", name="c")
        assert "dtype=" in error.value.way_out
        assert constant([1.0, 2.0], layout="N", dtype="fp16").dtype is DType.FP16
        with pytest.raises(DtypeError, match="does not fit fp16"):
            constant([1e6], layout="N", dtype="fp16")
        with pytest.raises(DtypeError, match="does not fit int8"):
            constant([1.5], layout="N", dtype="int8")
        with pytest.raises(ShapeError, match="form no array"):
            constant([[1], [1, 2]], layout="NC", dtype="fp16")
        with pytest.raises(DtypeError, match="not numbers"):
            constant(["a"], layout="N", dtype="fp16")
        with pytest.raises(ShapeError, match="layout NC does not fit"):
            constant([1.0], layout="NC", dtype="fp16")
        relu(_image())


@pytest.mark.parametrize(
    ("shape", "dtype", "layout", "kind"),
    [
        ((1, 2), "fp16", "NHWC", ShapeError),
        ((1, 0), "fp16", "NC", ShapeError),
        ((1, -3), "fp16", "NC", ShapeError),
        ((1, 2.5), "fp16", "NC", GraphError),
        ("ab", "fp16", "NC", GraphError),
        ((2**30, 2**30), "fp16", "NC", GraphError),
        ((1, 2), "float16", "NC", DtypeError),
        ((1, 2), "fp16", "CHW", ShapeError),
    ],
)
def test_inputs_of_no_valid_type_name_the_line(
    shape: tuple[int, ...], dtype: str, layout: str, kind: type[GraphError]
) -> None:
    with pytest.raises(kind, match='input "x"') as error, Graph("net"):
        input_data(shape, dtype=dtype, layout=layout, name="x")
    assert Path(__file__).name in error.value.where


def test_bf16_constants_keep_their_type() -> None:
    with Graph("net") as graph:
        c = constant([1.0, 2.5], layout="N", dtype="bf16", name="c")
        relu(c)
    assert c.dtype is DType.BF16
    assert graph.constants["c"].astype(np.float32).tolist() == [1.0, 2.5]


def test_a_nodes_attributes_cannot_be_changed() -> None:
    attributes = {"slope": 1.0}
    node = Node("n", "leaky_relu", (), (), attributes)
    attributes["slope"] = 2.0
    assert node.attributes["slope"] == 1.0
    with pytest.raises(TypeError):
        node.attributes["slope"] = 3.0  # type: ignore[index]


def test_numpys_integers_are_integers() -> None:
    two = np.int64(2)
    with Graph("net") as graph:
        w = constant(np.ones((2, 3, 3, 1), np.float16), layout="NHWC")
        y = conv2d(_image(), w, stride=two, padding=np.int32(1), groups=two, name="conv")
        split(y, two, axis=-1)
    attributes = graph.node("conv").attributes
    assert attributes["stride"] == (2, 2)
    assert attributes["padding"] == (1, 1, 1, 1)
    assert type(attributes["groups"]) is int


def _nodes() -> tuple[list[Node], dict[str, np.ndarray]]:
    with Graph("net") as graph:
        relu(add(_image(), constant(np.ones(2, np.float16), layout="N", name="c")))
    return list(graph.nodes), {name: value.copy() for name, value in graph.constants.items()}


def test_a_graph_made_of_another_graphs_nodes_equals_it() -> None:
    nodes, constants = _nodes()
    graph = graph_from_nodes("net", nodes, constants)
    assert graph.is_frozen
    assert graph == graph_from_nodes("net", nodes, constants, graph.outputs)
    assert graph != graph_from_nodes("other", nodes, constants)
    assert graph != graph_from_nodes("net", nodes, {"c": np.zeros(2, np.float16)})


def test_verification_finds_each_way_of_being_wrong() -> None:
    nodes, constants = _nodes()
    wrong_type = TensorType((1, 4, 4, 3), DType.FP16, Layout.NHWC)
    last = nodes[-1]
    broken = {
        "not defined before": ([nodes[0], *nodes[2:]], {}, ()),
        "another node has this name": ([*nodes, nodes[-1]], constants, ()),
        "has no value": (nodes, {}, ()),
        "values without a constant": (nodes, {**constants, "d": constants["c"]}, ()),
        "of another type": (nodes, {"c": np.ones(2, np.float32)}, ()),
        "has the wrong type": (
            [
                *nodes[:-1],
                Node("relu", "relu", last.inputs, (Tensor("relu.output", wrong_type),), {}),
            ],
            constants,
            (),
        ),
        "wrong names of outputs": (
            [*nodes[:-1], Node("r", "relu", last.inputs, last.outputs, {})],
            constants,
            (),
        ),
        "unknown operator": (
            [*nodes[:-1], Node("relu", "gelu", last.inputs, last.outputs, {})],
            constants,
            (),
        ),
        "wrong set of attributes": (
            [*nodes[:-1], Node("relu", "relu", last.inputs, last.outputs, {"slope": 1.0})],
            constants,
            (),
        ),
        "wrong number of inputs": (
            [*nodes[:-1], Node("relu", "relu", (), last.outputs, {})],
            constants,
            (),
        ),
        "is not computed by any node": (nodes, constants, (nodes[0].outputs[0],)),
        "names an output twice": (nodes, constants, (last.outputs[0], last.outputs[0])),
    }
    for message, (bad_nodes, bad_constants, outputs) in broken.items():
        with pytest.raises(GraphError, match=message):
            graph_from_nodes("net", bad_nodes, bad_constants, outputs)


def test_importing_the_package_loads_neither_protobuf_nor_onnx() -> None:
    script = (
        "import sys, harness.graph; "
        "print([m for m in ('google.protobuf', 'onnx', 'scipy', 'ml_dtypes') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_missing_bfloat16_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    read: Callable[[], object] = lambda: DType.BF16.numpy  # noqa: E731
    with pytest.raises(DtypeError, match="ml_dtypes"):
        read()
