"""Values of the kernels against plain loops in fp64."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from accel_models.vector_mac import VectorMacEngine
from harness.base.errors import ModelError

CONV = {
    "stride_h": 1,
    "stride_w": 1,
    "pad_top": 0,
    "pad_bottom": 0,
    "pad_left": 0,
    "pad_right": 0,
    "dilation_h": 1,
    "dilation_w": 1,
    "kernel_first": 0,
    "output_first": 0,
}
POOL = {
    "pool_h": 2,
    "pool_w": 2,
    "stride_h": 2,
    "stride_w": 2,
    "pad_top": 0,
    "pad_bottom": 0,
    "pad_left": 0,
    "pad_right": 0,
    "output_first": 0,
}


def loop_conv(x: Any, w: Any, stride: Any, pads: Any, dilation: Any, shape: Any) -> Any:
    """One multiply-accumulate at a time; padding contributes nothing."""
    top, left = pads
    out = np.zeros(shape)
    for n, i, j, k in itertools.product(*map(range, shape)):
        for r, s in itertools.product(range(w.shape[1]), range(w.shape[2])):
            row, column = (
                i * stride[0] + r * dilation[0] - top,
                j * stride[1] + s * dilation[1] - left,
            )
            if 0 <= row < x.shape[1] and 0 <= column < x.shape[2]:
                for c in range(w.shape[3]):
                    out[n, i, j, k] += float(x[n, row, column, c]) * float(w[k, r, s, c])
    return out.astype(np.float32)


@pytest.fixture
def engine(bench: Any) -> Any:
    return bench(VectorMacEngine({}))


def test_convolution_with_stride_padding_and_dilation_equals_the_loop(
    engine: Any, random_fp16: Any
) -> None:
    x, w = random_fp16(1, 7, 6, 8), random_fp16(5, 3, 2, 8)
    attributes = CONV | {"stride_h": 2, "pad_top": 2, "pad_bottom": 1, "pad_left": 1}
    attributes |= {"dilation_w": 2, "kernel_count": 5}
    shape = (1, 4, 5, 8)
    ran = engine.run("conv2d", {"input": x, "weights": w, "output": shape}, **attributes)
    expected = loop_conv(x, w, (2, 1), (2, 1), (1, 2), (1, 4, 5, 5)).astype(np.float16)
    np.testing.assert_array_equal(ran.output[..., :5], expected)
    assert not ran.output[..., 5:].any()


def test_convolution_over_two_channel_tiles_rounds_each_sum_and_adds_in_fp32(
    engine: Any, random_fp16: Any
) -> None:
    x, w, bias = random_fp16(1, 4, 4, 16), random_fp16(8, 3, 3, 16), random_fp16(8)
    shape, base = (1, 2, 2, 8), CONV | {"kernel_count": 8}
    tensors = {"input": x, "weights": w[..., :8], "bias": bias, "output": shape}
    first = engine.run("conv2d", tensors, **base, finish=0, store_output=0, load_bias=1)
    tensors["weights"] = w[..., 8:]
    ran = engine.run(
        "conv2d",
        tensors,
        **base,
        input_first=8,
        load_input=0,
        load_bias=0,
        accumulate=1,
        activation=1,
    )
    halves = [
        loop_conv(x[..., c : c + 8], w[..., c : c + 8], (1, 1), (0, 0), (1, 1), shape)
        for c in (0, 8)
    ]
    sums = (halves[0] + halves[1]) + bias.astype(np.float32)
    assert not first.writes
    np.testing.assert_array_equal(ran.output, np.maximum(sums, 0).astype(np.float16))


def test_convolution_uses_only_the_chosen_filters_of_the_resident_weights(
    engine: Any, random_fp16: Any
) -> None:
    x, w = random_fp16(1, 3, 3, 8), random_fp16(24, 1, 1, 8)
    shape = (1, 3, 3, 8)
    tensors = {"input": x, "weights": w, "output": shape}
    engine.run("conv2d", tensors, **CONV, kernel_count=8)
    ran = engine.run(
        "conv2d",
        tensors,
        **CONV | {"kernel_first": 16},
        kernel_count=8,
        load_weights=0,
        load_input=0,
    )
    expected = loop_conv(x, w[16:], (1, 1), (0, 0), (1, 1), shape)
    np.testing.assert_array_equal(ran.output, expected.astype(np.float16))
    assert ran.cycles(unit=0) == engine.run(  # nothing is converted on the way in
        "conv2d", tensors, **CONV, kernel_count=8, load_weights=0, load_input=0
    ).cycles(unit=0)


def test_mat_mul_collects_blocks_of_neurons_and_column_tiles(engine: Any, random_fp16: Any) -> None:
    x, w, bias = random_fp16(2, 32), random_fp16(12, 32), random_fp16(12)
    for neuron, column in itertools.product((0, 8), (0, 16)):
        rows = slice(neuron, min(neuron + 8, 12))
        padded = np.zeros(8, np.float16)
        padded[: rows.stop - rows.start] = bias[rows]
        is_last = (neuron, column) == (8, 16)
        ran = engine.run(
            "mat_mul",
            {
                "input": x,
                "weights": w[rows, column : column + 16],
                "bias": padded,
                "output": (2, 16),
            },
            input_first=column,
            output_first=neuron,
            accumulate=int(column > 0),
            finish=int(column > 0),
            load_input=int((neuron, column) == (0, 0)),
            load_bias=1,
            store_output=int(is_last),
        )
    halves = [
        (x[:, c : c + 16].astype(float) @ w[:, c : c + 16].astype(float).T).astype(np.float32)
        for c in (0, 16)
    ]
    expected = (halves[0] + halves[1]) + bias.astype(np.float32)
    np.testing.assert_array_equal(ran.output[:, :12], expected.astype(np.float16))
    assert not ran.output[:, 12:].any()


def test_pools_equal_the_loop_over_windows(engine: Any, random_fp16: Any) -> None:
    x = random_fp16(1, 4, 6, 8)
    wide = x.astype(float)
    windows = wide.reshape(1, 2, 2, 3, 2, 8)
    largest = engine.run("max_pool2d", {"input": x, "output": (1, 2, 3, 8)}, **POOL)
    mean = engine.run("avg_pool2d", {"input": x, "output": (1, 2, 3, 8)}, **POOL)
    np.testing.assert_array_equal(largest.output, windows.max(axis=(2, 4)).astype(np.float16))
    expected = (windows.sum(axis=(2, 4)) * 0.25).astype(np.float32).astype(np.float16)
    np.testing.assert_array_equal(mean.output, expected)


def test_padding_never_wins_a_max_pool_and_counts_in_an_average_only_if_asked(engine: Any) -> None:
    x = np.full((1, 2, 2, 8), -3, np.float16)
    pads = POOL | {"pad_top": 1, "pad_left": 1, "pad_bottom": 1, "pad_right": 1}
    tensors = {"input": x, "output": (1, 2, 2, 8)}
    assert (engine.run("max_pool2d", tensors, **pads).output == -3).all()
    assert (engine.run("avg_pool2d", tensors, **pads).output == -3).all()
    counted = engine.run("avg_pool2d", tensors, **pads, count_include_pad=1).output
    assert (counted == -0.75).all()


def test_pool_fills_the_resident_output_channel_by_channel(engine: Any, random_fp16: Any) -> None:
    x = random_fp16(1, 2, 2, 16)
    for first in (0, 8):
        ran = engine.run(
            "max_pool2d",
            {"input": x[..., first : first + 8], "output": (1, 1, 1, 16)},
            **POOL | {"output_first": first},
            store_output=int(first == 8),
        )
    np.testing.assert_array_equal(ran.output, x.max(axis=(1, 2), keepdims=True))


def test_batch_norm_rounds_after_each_fp32_step(engine: Any, random_fp16: Any) -> None:
    x, rows = random_fp16(1, 2, 3, 8), random_fp16(4, 16)
    mean, r, gamma, beta = (row[8:].astype(np.float32) for row in rows)
    ran = engine.run(
        "batch_norm", {"input": x, "weights": rows, "output": x.shape}, channel_first=8
    )
    expected = ((x.astype(np.float32) - mean) * r) * gamma + beta
    np.testing.assert_array_equal(ran.output, expected.astype(np.float16))


@pytest.mark.parametrize(("kernel", "function"), [("add", np.add), ("mul", np.multiply)])
def test_binary_kernels_combine_in_fp32(
    engine: Any, random_fp16: Any, kernel: str, function: Any
) -> None:
    x, other = random_fp16(1, 40), random_fp16(1, 40)
    ran = engine.run(kernel, {"input": x, "other": other, "output": (1, 40)}, load_other=1)
    expected = function(x.astype(np.float32), other.astype(np.float32))
    np.testing.assert_array_equal(ran.output, expected.astype(np.float16))


SCALAR_ACTIVATIONS = {
    "relu": lambda x, _a, _b: max(x, 0.0),
    "leaky_relu": lambda x, a, _b: x if x > 0 else float(np.float32(x) * np.float32(a)),
    "elu": lambda x, a, _b: x if x > 0 else a * (math.exp(x) - 1),
    "selu": lambda x, a, b: b * (x if x > 0 else a * (math.exp(x) - 1)),
    "tanh": lambda x, _a, _b: math.tanh(x),
    "hard_tanh": lambda x, a, b: min(max(x, a), b),
    "sigmoid": lambda x, _a, _b: 1 / (1 + math.exp(-x)),
}


@pytest.mark.parametrize("kernel", SCALAR_ACTIVATIONS)
def test_activations_equal_their_definition(engine: Any, random_fp16: Any, kernel: str) -> None:
    x = random_fp16(1, 64)
    alpha, beta = (-0.5, 0.5) if kernel == "hard_tanh" else (0.25, 1.5)
    ran = engine.run(
        kernel, {"input": x, "output": x.shape}, activation_alpha=alpha, activation_beta=beta
    )
    scalar = SCALAR_ACTIVATIONS[kernel]
    expected = np.array([[scalar(float(v), alpha, beta) for v in x[0]]], np.float32)
    np.testing.assert_array_equal(ran.output, expected.astype(np.float16))


def test_large_negative_inputs_of_sigmoid_and_elu_do_not_overflow(engine: Any) -> None:
    x = np.full((1, 8), -60000, np.float16)
    tensors = {"input": x, "output": x.shape}
    assert (engine.run("sigmoid", tensors).output == 0).all()
    assert (engine.run("elu", tensors, activation_alpha=1.0).output == -1).all()


def test_softmax_ignores_padded_channels(engine: Any, random_fp16: Any) -> None:
    x = random_fp16(2, 16)
    ran = engine.run("softmax", {"input": x, "output": x.shape}, channels=10)
    for row, got in zip(x[:, :10].astype(float), ran.output, strict=True):
        exponentials = [math.exp(v - max(row)) for v in row]
        expected = np.array(exponentials) / sum(exponentials)
        np.testing.assert_array_equal(got[:10], expected.astype(np.float32).astype(np.float16))
        assert not got[10:].any()


def test_results_too_large_for_fp16_become_infinite(engine: Any) -> None:
    x = np.full((1, 8), 60000, np.float16)
    tensors = {"input": x, "other": x, "output": x.shape}
    assert np.isinf(engine.run("add", tensors, load_other=1).output).all()


def test_tile_larger_than_its_scratchpad_is_refused(engine: Any) -> None:
    x = np.zeros((1, 16392), np.float16)
    with pytest.raises(ModelError, match="does not fit the input scratchpad"):
        engine.run("relu", {"input": x, "output": x.shape})


def test_accumulating_without_partial_sums_is_refused(engine: Any) -> None:
    x, w = np.zeros((1, 8), np.float16), np.zeros((8, 8), np.float16)
    tensors = {"input": x, "weights": w, "output": (1, 8)}
    with pytest.raises(ModelError, match="not in its scratchpad"):
        engine.run("mat_mul", tensors, input_first=0, output_first=0, accumulate=1)


def test_reset_empties_the_scratchpads(engine: Any) -> None:
    x = np.zeros((1, 8), np.float16)
    engine.run("relu", {"input": x, "output": x.shape})
    engine.run("relu", {"input": x, "output": x.shape}, load_input=0)
    engine.model.reset()
    with pytest.raises(ModelError, match="not in its scratchpad"):
        engine.run("relu", {"input": x, "output": x.shape}, load_input=0)


def test_missing_attribute_names_the_attribute(engine: Any) -> None:
    x = np.zeros((1, 2, 2, 8), np.float16)
    with pytest.raises(ModelError, match="output_first"):
        engine.run("max_pool2d", {"input": x, "output": (1, 1, 1, 8)})


def test_unknown_kernel_lists_the_known_ones(engine: Any) -> None:
    x = np.zeros((1, 8), np.float16)
    with pytest.raises(ModelError, match="softmax"):
        engine.run("fft", {"input": x, "output": x.shape})


def test_saved_state_continues_in_another_instance(bench: Any, random_fp16: Any) -> None:
    x, w = random_fp16(1, 16), random_fp16(8, 16)
    first, second = bench(VectorMacEngine({})), bench(VectorMacEngine({}))
    place = {"input_first": 0, "output_first": 0}
    tensors = {"input": x, "weights": w, "output": (1, 8)}
    first.run("mat_mul", tensors, **place, finish=0, store_output=0)
    second.model.load(first.model.save())
    again = {"accumulate": 1, "load_input": 0, "load_weights": 0}
    outputs = [each.run("mat_mul", tensors, **place, **again).output for each in (first, second)]
    np.testing.assert_array_equal(*outputs)


def test_empty_state_is_saved_and_loaded() -> None:
    engine = VectorMacEngine({})
    state = engine.save()
    engine.load(state)
    assert engine.save() == state


@pytest.mark.parametrize("state", [b"", b"x\n", b'{"input": [4]}\n12345678', b"[]\n"])
def test_foreign_state_is_refused(state: bytes) -> None:
    with pytest.raises(ModelError, match="no state of vector_mac"):
        VectorMacEngine({}).load(state)
