"""Kernels that work element by element: batch norm, add, mul, activations; and softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accel_models.vector_mac.activations import activate
from accel_models.vector_mac.cycles.vectors import (
    activation_cycles,
    batch_norm_cycles,
    elementwise_cycles,
    softmax_cycles,
)
from accel_models.vector_mac.energy import Work
from accel_models.vector_mac.invocation import VECTOR, Invocation, Loading
from accel_models.vector_mac.numerics import Float32, product32, sum32
from accel_models.vector_mac.numerics import batch_norm as normalize
from accel_models.vector_mac.numerics import softmax as normalize_exponentials

if TYPE_CHECKING:
    from collections.abc import Callable


def batch_norm(run: Invocation) -> Loading:
    """Normalize the input's channels with rows mean, 1/sqrt(variance), gamma, beta."""
    yield from run.load({"input": "load_input", "weights": "load_weights"})
    x, weights = _resident(run, "input"), _resident(run, "weights")
    first = run.number("channel_first", 0)
    rows = weights[:, first : first + x.shape[-1]]
    run.compute(VECTOR, batch_norm_cycles(run.vectors(x.size)))
    run.count(Work(2 * x.size, 2 * x.size, 5 * x.size, x.size))
    _finish(run, normalize(x, rows))


def add(run: Invocation) -> Loading:
    """Add two operands."""
    yield from _combine(run, sum32, run.parameters.add_latency_cycles)


def mul(run: Invocation) -> Loading:
    """Multiply two operands element by element."""
    yield from _combine(run, product32, run.parameters.multiply_latency_cycles)


def activation(name: str, run: Invocation) -> Loading:
    """Apply an activation of this name."""
    yield from run.load({"input": "load_input"})
    x = _resident(run, "input")
    vectors, negative = run.vectors(x.size), run.negative_vectors(x)
    run.compute(VECTOR, activation_cycles(name, vectors, negative, run.parameters))
    run.count(Work(0, 0, x.size, x.size))
    _finish(run, activate(name, x, *run.activation_reals()))


def softmax(run: Invocation) -> Loading:
    """Apply softmax along the real channels of each row."""
    yield from run.load({"input": "load_input"})
    x = _resident(run, "input")
    channels = run.number("channels", x.shape[-1])
    run.compute(VECTOR, softmax_cycles(x.shape[0], channels, run.parameters))
    run.count(Work(x.size, 2 * x.size, 3 * x.size, 2 * x.size))
    _finish(run, normalize_exponentials(x, channels))


def _combine(
    run: Invocation, function: Callable[[Float32, Float32], Float32], latency_cycles: int
) -> Loading:
    """Load both operands, combine them and store.

    The loads of the second operand follow the flag `load_other`, or `load_weights` where that is
    absent, or else that of the input.
    """
    yield from run.load({"input": "load_input", "other": _other_flag(run)})
    x, other = _resident(run, "input"), _resident(run, "other")
    run.compute(VECTOR, elementwise_cycles(run.vectors(x.size), latency_cycles))
    is_add = function is sum32
    run.count(Work(0 if is_add else x.size, x.size if is_add else 0, 2 * x.size, x.size))
    _finish(run, function(x, other))


def _other_flag(run: Invocation) -> str:
    flags = ("load_other", "load_weights")
    return next((flag for flag in flags if flag in run.command.attributes), "load_input")


def _resident(run: Invocation, name: str) -> Float32:
    return run.scratchpads.resident(name, run.command.operand(name).shape)


def _finish(run: Invocation, results: Float32) -> None:
    output = run.scratchpads.output(run.command.operand("output").shape, is_fresh=True)
    output[...] = run.activate(results).reshape(output.shape)
    run.store(output)
