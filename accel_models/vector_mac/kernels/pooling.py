"""Pooling over some channels of the resident output tile."""

from __future__ import annotations

from accel_models.vector_mac.cycles.vectors import pool_cycles
from accel_models.vector_mac.energy import Work
from accel_models.vector_mac.invocation import VECTOR, Invocation, Loading
from accel_models.vector_mac.numerics import Float32
from accel_models.vector_mac.numerics import avg_pool2d as mean
from accel_models.vector_mac.numerics import max_pool2d as maximum


def max_pool2d(run: Invocation) -> Loading:
    """Take the largest element of each window."""
    yield from run.load({"input": "load_input"})
    x = _input(run)
    results = maximum(x, run.pair("pool"), run.pair("stride"), run.padding())
    _finish(run, results, additions=0)


def avg_pool2d(run: Invocation) -> Loading:
    """Take the mean of each window: a sum and one multiplication by the reciprocal."""
    yield from run.load({"input": "load_input"})
    x = _input(run)
    results = mean(
        x,
        run.pair("pool"),
        run.pair("stride"),
        run.padding(),
        is_padding_counted=bool(run.number("count_include_pad", 0)),
    )
    _finish(run, results, additions=results.size * _window(run))


def _input(run: Invocation) -> Float32:
    """Return the channels of the resident input that this command pools."""
    shape = run.command.operand("input").shape
    x = run.scratchpads.resident("input", shape)
    first = run.number("input_first", 0)
    free = run.command.operand("output").shape[-1] - run.number("output_first")
    return x[..., first : first + free]


def _finish(run: Invocation, results: Float32, additions: int) -> None:
    shape = run.command.operand("output").shape
    first = run.number("output_first")
    output = run.scratchpads.output(shape, is_fresh=first == 0)
    window, lanes = _window(run), run.parameters.vector_lanes
    run.compute(VECTOR, pool_cycles(results.shape, window, lanes))
    run.count(
        Work(results.size if additions else 0, additions, results.size * window, results.size)
    )
    output[..., first : first + results.shape[-1]] = run.activate(results)
    run.store(output)


def _window(run: Invocation) -> int:
    rows, columns = run.pair("pool")
    return rows * columns
