# ruff: noqa: ANN001, ANN002, ANN202 - graphs and fixtures are duck-typed here
"""Compiled programs compute what the graph's reference computes, by every policy and placement."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import graph as h
from harness.compiler import compile_graph
from harness.target import load_target


def _random(rng, *shape):
    return (rng.standard_normal(shape) * 0.5).astype(np.float16)


def _constant(rng, *shape, layout, name):
    return h.constant(_random(rng, *shape), layout=layout, name=name)


def _lenet(rng):
    with h.Graph("lenet") as graph:
        x = h.input_data((1, 28, 28, 1), dtype="fp16", layout="NHWC", name="x")
        x = h.conv2d(
            x,
            _constant(rng, 32, 3, 3, 1, layout="NHWC", name="w0"),
            padding="valid",
            activation="relu",
        )
        x = h.conv2d(x, _constant(rng, 32, 3, 3, 32, layout="NHWC", name="w1"), padding="valid")
        x = h.flatten(h.max_pool2d(h.relu(x), pool=2))
        x = h.mat_mul(x, _constant(rng, 128, 4608, layout="NC", name="w2"), activation="relu")
        h.mat_mul(x, _constant(rng, 10, 128, layout="NC", name="w3"))
    return graph


def _residual(rng):
    with h.Graph("residual") as graph:
        x = h.input_data((2, 20, 18, 12), dtype="fp16", layout="NHWC", name="x")
        bias = _constant(rng, 20, layout="N", name="b0")
        y = h.conv2d(x, _constant(rng, 20, 3, 3, 12, layout="NHWC", name="w0"), bias)
        one, two = y, h.conv2d(y, _constant(rng, 20, 1, 1, 20, layout="NHWC", name="w1"))
        y = h.add(one, two, activation="elu")
        norm = [_constant(rng, 20, layout="N", name=f"n{i}") for i in range(3)]
        variance = h.constant(np.abs(_random(rng, 20)) + np.float16(0.5), layout="N", name="v")
        y = h.sigmoid(h.batch_norm(y, norm[0], variance, norm[1], norm[2]))
        y = h.avg_pool2d(y, pool=3, stride=2, padding=1)
        y = h.flatten(y)
        y = h.mat_mul(
            y,
            _constant(rng, 33, 1800, layout="NC", name="w3"),
            _constant(rng, 33, layout="N", name="b3"),
        )
        h.softmax(y)
    return graph


def _nchw(rng):
    with h.Graph("nchw") as graph:
        x = h.input_data((1, 12, 14, 10), dtype="fp16", layout="NCHW", name="x")
        y = h.conv2d(x, _constant(rng, 24, 12, 3, 3, layout="NCHW", name="w0"))
        z = h.conv2d(x, _constant(rng, 24, 12, 1, 1, layout="NCHW", name="w1"))
        h.max_pool2d(h.relu(h.add(y, z)), pool=2)
    return graph


def _wide(rng):
    with h.Graph("wide") as graph:
        x = h.input_data((1, 6, 300, 64), dtype="fp16", layout="NHWC", name="x")
        x = h.conv2d(
            x, _constant(rng, 72, 3, 3, 64, layout="NHWC", name="w"), stride=(1, 2), dilation=(1, 2)
        )
        h.max_pool2d(x, pool=(2, 3), stride=(1, 2), padding=(0, 1, 1, 1))
    return graph


def _check(graph, description, run_program, policy, overrides=(), *, tolerance=0.02):
    target = load_target("smaug", list(overrides))
    rng = np.random.default_rng(3)
    inputs = [_random(rng, *tensor.shape) for tensor in graph.inputs]
    program = compile_graph(graph, target, description, policy=policy)
    results = run_program(
        program, inputs, target.accelerator.count, is_dynamic=target.assignment == "dynamic"
    )
    names = [tensor.name for tensor in graph.inputs]
    expected = h.execute_reference(graph, dict(zip(names, inputs, strict=True)))
    for tensor, result in zip(graph.outputs, results, strict=True):
        want = expected[tensor.name].astype(np.float64)
        scale = np.abs(want).max() + 1e-3
        assert np.abs(result - want).max() <= tolerance * scale
    return program


PLACES = {
    "one": (),
    "three in turn": ("accelerators=3",),
    "two from a queue": ("accelerators=2", "assignment=dynamic"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("policy", ["smaug", "traffic"])
@pytest.mark.parametrize("make", [_lenet, _residual, _nchw])
def test_program_computes_the_reference(make, policy, place, description, run_program) -> None:
    _check(make(np.random.default_rng(1)), description, run_program, policy, PLACES[place])


@pytest.mark.parametrize("place", PLACES)
def test_traffic_cuts_columns_where_smaug_gives_up(place, description, run_program) -> None:
    _check(_wide(np.random.default_rng(1)), description, run_program, "traffic", PLACES[place])


@given(
    st.tuples(*[st.integers(1, 3), st.integers(3, 22), st.integers(3, 22), st.integers(1, 40)]),
    st.tuples(*[st.integers(1, 40), st.integers(1, 3), st.integers(1, 3)]),
    st.tuples(*[st.integers(1, 3), st.integers(1, 3)]),
    st.sampled_from(["same", "valid"]),
    st.sampled_from(sorted(PLACES)),
    st.sampled_from([2048, 4096, 32768]),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_convolution_is_covered_exactly_by_small_scratchpads(
    make_description, run_program, shape, filters, stride, padding, place, capacity
) -> None:
    rng = np.random.default_rng(0)
    with h.Graph("conv") as graph:
        x = h.input_data(shape, dtype="fp16", layout="NHWC", name="x")
        weights = _constant(rng, *filters, shape[3], layout="NHWC", name="w")
        h.conv2d(x, weights, stride=stride, padding=padding)
    _check(graph, make_description(capacity), run_program, "traffic", PLACES[place])


def test_a_convolution_that_smaug_copies_less_than_any_of_our_plans_compiles(
    make_description, run_program
) -> None:
    """No tiling of ours, nor smaug's with our copies, stays within smaug's bytes here."""
    rng = np.random.default_rng(0)
    with h.Graph("conv") as graph:
        x = h.input_data((2, 3, 9, 33), dtype="fp16", layout="NHWC", name="x")
        weights = _constant(rng, 1, 1, 1, 33, layout="NHWC", name="w")
        h.conv2d(x, weights, stride=(3, 1), padding="same")
    _check(graph, make_description(2048), run_program, "traffic", PLACES["one"])


@given(
    st.tuples(*[st.integers(1, 3), st.integers(3, 22), st.integers(3, 22), st.integers(1, 40)]),
    st.tuples(*[st.integers(1, 3), st.integers(1, 3)]),
    st.tuples(*[st.integers(1, 3), st.integers(1, 3)]),
    st.sampled_from(sorted(PLACES)),
    st.sampled_from(["traffic", "smaug"]),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_pooling_and_batch_norm_are_covered_exactly(
    make_description, run_program, shape, pool, stride, place, policy
) -> None:
    rng = np.random.default_rng(0)
    with h.Graph("pool") as graph:
        x = h.input_data(shape, dtype="fp16", layout="NHWC", name="x")
        x = h.avg_pool2d(x, pool=pool, stride=stride)
        parameters = [_constant(rng, shape[3], layout="N", name=f"p{i}") for i in range(3)]
        variance = h.constant(np.full(shape[3], 0.7, np.float16), layout="N", name="v")
        h.batch_norm(x, parameters[0], variance, *parameters[1:])
    capacity = 4096 if policy == "traffic" else 32768
    _check(graph, make_description(capacity), run_program, policy, PLACES[place])


@given(
    st.integers(1, 5),
    st.integers(1, 700),
    st.integers(1, 300),
    st.sampled_from(sorted(PLACES)),
    st.sampled_from(["traffic", "smaug"]),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_matrix_multiplication_is_covered_exactly(
    make_description, run_program, batch, channels, neurons, place, policy
) -> None:
    rng = np.random.default_rng(0)
    with h.Graph("matrix") as graph:
        x = h.input_data((batch, channels), dtype="fp16", layout="NC", name="x")
        weights = _constant(rng, neurons, channels, layout="NC", name="w")
        h.mat_mul(x, weights, _constant(rng, neurons, layout="N", name="b"), activation="tanh")
    capacity = 2048 if policy == "traffic" else 32768
    _check(graph, make_description(capacity), run_program, policy, PLACES[place])
