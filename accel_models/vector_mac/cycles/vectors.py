"""Cycles of the vector unit: pooling, batch norm, element-wise loops, activations, softmax.

Only pooling and batch norm occur in the measured runs. The other rules follow the same loops and
the latencies of the units, and are not validated by any measurement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accel_models.vector_mac.parameters import VectorMacParameters

UNROLL = 8
"""Vectors per iteration of the element-wise and activation loops, which are not pipelined.
Source: SMAUG experiments, sims/smv/smv-accel.cfg."""

POOL_CALL_CYCLES = 6
"""Filling the pool loops once. Fitted: the pool rows of LeNet5 and CNN10."""

BATCH_NORM_CALL_CYCLES = 40
"""Filling the batch norm loops once. Fitted: the batch norm rows of CNN10."""

BATCH_NORM_VECTOR_CYCLES = 4
"""Per vector: subtract, two multiplications and an add share the lanes. Confirmed by the slope of
the batch norm rows of CNN10."""


def pool_cycles(output_shape: tuple[int, ...], window: int, lanes: int) -> int:
    """Return the cycles of a pool over one tile.

    An output pixel costs one cycle of control and, per channel group, one read for each element of
    the window and one write; a row costs one cycle. Checked by rows with 1, 2, 3 and 8 groups.

    Args:
        output_shape: (images, rows, columns, channels) that this invocation makes.
        window: Elements of the pool window.
        lanes: Elements of one vector.
    """
    images, rows, columns, channels = output_shape
    groups = -(-channels // lanes)
    pixels = images * rows * columns
    return pixels * (1 + groups * (window + 1)) + images * rows + POOL_CALL_CYCLES


def batch_norm_cycles(vectors: int) -> int:
    """Return the cycles of batch norm over this many vectors, which are not pipelined."""
    return BATCH_NORM_VECTOR_CYCLES * vectors + BATCH_NORM_CALL_CYCLES


def elementwise_cycles(vectors: int, latency_cycles: int) -> int:
    """Return the cycles of an unrolled loop whose vectors enter one per cycle and then drain."""
    whole, rest = divmod(vectors, UNROLL)
    full = whole * (UNROLL - 1 + latency_cycles)
    return full + (rest - 1 + latency_cycles if rest else 0)


def fused_activation_cycles(
    name: str, vectors: int, negative_vectors: int, parameters: VectorMacParameters
) -> int:
    """Return the cycles of an activation over results that already lie in the output scratchpad.

    Comparisons and selections use no functional unit: the measured rows with and without relu
    differ by nothing, so relu and its kin cost no active cycle. The exponential of elu and selu
    lies in a branch that only negative elements take.

    Source: loops of SMAUG 8fd68e6, activation_functions_simd.h.

    Args:
        name: One of the fused activations.
        vectors: Vectors of results.
        negative_vectors: Those with at least one negative element.
        parameters: The engine.
    """
    multiply, add = parameters.multiply_latency_cycles, parameters.add_latency_cycles
    exponential = parameters.special_latency_cycles + add
    sigmoid = exponential + parameters.divide_latency_cycles
    branch = elementwise_cycles(negative_vectors, exponential + multiply)
    if name == "elu":
        return branch
    if name == "selu":
        return branch + elementwise_cycles(vectors, multiply)
    if name == "leaky_relu":
        return elementwise_cycles(vectors, multiply + add)
    if name == "sigmoid":
        return elementwise_cycles(vectors, sigmoid)
    if name == "tanh":
        return elementwise_cycles(vectors, multiply + sigmoid + multiply + add)
    return 0


def activation_cycles(
    name: str, vectors: int, negative_vectors: int, parameters: VectorMacParameters
) -> int:
    """Return the cycles of an activation as a kernel of its own: a copy loop besides."""
    fused = fused_activation_cycles(name, vectors, negative_vectors, parameters)
    return elementwise_cycles(vectors, 1) + fused


def softmax_cycles(rows: int, channels: int, parameters: VectorMacParameters) -> int:
    """Return the cycles of softmax: its three loops run element by element.

    Maximum and exponential, a serial sum, one division, then a multiplication per element.
    Source: loops of SMAUG 8fd68e6, activation_functions_simd.c; smv-accel.cfg has no entry for it.
    """
    per_element = (
        parameters.special_latency_cycles
        + parameters.add_latency_cycles
        + parameters.multiply_latency_cycles
    )
    return rows * (channels * per_element + parameters.divide_latency_cycles)
