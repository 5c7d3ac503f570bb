from __future__ import annotations

import numpy as np
import pytest

from harness.base.errors import GraphError
from harness.graph import (
    Graph,
    constant,
    conv2d,
    flatten,
    format_graph,
    input_data,
    leaky_relu,
    mat_mul,
    parse_graph,
    split,
    summarize,
)

GOLDEN = """\
graph "lenet" {
  %image: fp16[1,28,28,1] NHWC = input()
  %conv0.weights: fp16[4,3,3,1] NHWC = constant()
  %conv0.output: fp16[1,26,26,4] NHWC = conv2d(%image, %conv0.weights) {activation = "relu"}
  %flatten.output: fp16[1,2704] NC = flatten(%conv0.output)
  %fc.weights: fp16[10,2704] NC = constant()
  %fc.output: fp16[1,10] NC = mat_mul(%flatten.output, %fc.weights)
  %c.output: fp16[1,5] NC, %c.output1: fp16[1,5] NC = split(%fc.output) {sizes = [5, 5], axis = 1}
  %leaky_relu.output: fp16[1,5] NC = leaky_relu(%c.output) {slope = 0.2}
  return %c.output1, %leaky_relu.output
}
"""

TABLE = """\
graph lenet
node        operator       output                        MACs  parameters
-------------------------------------------------------------------------
image       input          fp16[1,28,28,1] NHWC             0           0
conv0       conv2d + relu  fp16[1,26,26,4] NHWC        24,336          36
flatten     flatten        fp16[1,2704] NC                  0           0
fc          mat_mul        fp16[1,10] NC               27,040      27,040
c           split          fp16[1,5] NC, fp16[1,5] NC       0           0
leaky_relu  leaky_relu     fp16[1,5] NC                     0           0
-------------------------------------------------------------------------
total       5 operators                                51,376      27,076
constants: 52.88 KiB
"""


@pytest.fixture
def lenet() -> Graph:
    with Graph("lenet") as graph:
        x = input_data((1, 28, 28, 1), dtype="fp16", layout="NHWC", name="image")
        w = constant(np.ones((4, 3, 3, 1), np.float16), layout="NHWC", name="conv0.weights")
        y = flatten(conv2d(x, w, padding="valid", activation="relu", name="conv0"))
        v = constant(np.ones((10, 2704), np.float16), layout="NC", name="fc.weights")
        low, _ = split(mat_mul(y, v, name="fc"), 2, axis=1, name="c")
        leaky_relu(low)
    return graph


def test_the_printed_form_is_stable(lenet: Graph) -> None:
    assert format_graph(lenet, locations=False) == GOLDEN


def test_the_printed_form_reads_back(lenet: Graph) -> None:
    assert format_graph(parse_graph(GOLDEN, lenet.constants)) == GOLDEN
    assert parse_graph(format_graph(lenet), lenet.constants) == lenet


def test_the_summary_counts_macs_and_parameters_once(lenet: Graph) -> None:
    assert summarize(lenet) == TABLE


def test_a_shared_constant_counts_once() -> None:
    with Graph("net") as graph:
        x = input_data((1, 4), dtype="fp16", layout="NC")
        w = constant(np.ones((4, 4), np.float16), layout="NC")
        mat_mul(mat_mul(x, w), w)
    assert summarize(graph).splitlines()[-2].split()[-2:] == ["32", "16"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("graph ", "grape ", "line 1, column 1"),
        ("graph ", "", "line 1, column 1"),
        ('"lenet"', '"\\q"', "JSON string"),
        ("NHWC = input", "NHWC input", "expected: ="),
        ("fp16[1,28", "fp17[1,28", "line 2"),
        ("fp16[1,28", "fp16[1.5,28", "an integer"),
        ("28,28,1] NHWC", "28,28,1] NHW", "line 2"),
        ("conv2d(%image", "conv9d(%image", "line 4"),
        ("(%image,", "(%imago,", "imago is not"),
        ('"relu"', "relu", "true or false"),
        ('"relu"', '"relu", activation = "elu"', "at most once"),
        ("activation = ", "activity = ", "at most once"),
        ("slope = 0.2", "slope = 1e999", "out of range"),
        ("slope = 0.2", "slope = " + "9" * 500, "a shorter number"),
        ("slope = 0.2", "slope = 2", "out of range"),
        (" {slope = 0.2}", "", "wrong set of attributes"),
        ("sizes = [5, 5]", "sizes = [5, 4]", "do not add up"),
        ("%fc.output:", "%other.output:", "fc.output is not"),
        ("return", "retire", "expected: return"),
        ("return %c.output1, %leaky_relu.output", "return", "a tensor"),
        ("%leaky_relu.output\n}", "%leaky_relu.output\n", "is no graph"),
        ("input()", 'input() loc("a":-1)', "no line number"),
        ("input()", 'input() loc("a\\u0000":1)', "control characters"),
        ("input()", 'input() loc("\\ud800":1)', "not Unicode"),
        ("input()", 'input() loc("a":1) more', "the end of the line"),
    ],
)
def test_malformed_text_names_the_line(lenet: Graph, old: str, new: str, message: str) -> None:
    assert old in GOLDEN
    with pytest.raises(GraphError) as error:
        parse_graph(GOLDEN.replace(old, new, 1), lenet.constants)
    assert message in str(error.value)


def test_text_without_the_values_of_constants_is_refused() -> None:
    with pytest.raises(GraphError, match="the constant has no value"):
        parse_graph(GOLDEN, {})
