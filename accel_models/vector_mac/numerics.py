"""Values of the kernels: operands are widened to fp64, sums are fp64, one rounding to fp32 follows.

Arrays are what the scratchpads hold: fp32, activations as (images, rows, columns, channels).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]

Padding = tuple[int, int, int, int]
"""Top, bottom, left, right."""

Pair = tuple[int, int]
"""Rows, columns."""


_ieee = np.errstate(over="ignore", invalid="ignore")
"""Overflow gives infinity and infinity minus infinity gives NaN, silently, as in hardware."""


def from_fp16(data: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> Float32:
    """Return little-endian fp16 bytes as fp32."""
    return data.view("<f2").astype(np.float32).reshape(shape)


@_ieee
def to_fp16(values: Float32) -> bytes:
    """Return fp32 values as little-endian fp16, rounded to nearest even; too large is infinite."""
    return values.astype("<f2").tobytes()


@_ieee
def conv2d(x: Float32, weights: Float32, stride: Pair, padding: Padding, dilation: Pair) -> Float32:
    """Return the convolution (images, rows, columns, filters) of x with (K, R, S, C) weights."""
    filters, kernel_rows, kernel_columns, channels = weights.shape
    if (kernel_rows, kernel_columns) == (1, 1):
        windows = _padded(x, padding)[:, :: stride[0], :: stride[1], :]
    else:
        extent = (dilation[0] * (kernel_rows - 1) + 1, dilation[1] * (kernel_columns - 1) + 1)
        views = _windows(_padded(x, padding), extent, stride)
        views = views[..., :: dilation[0], :: dilation[1]]
        windows = views.transpose(0, 1, 2, 4, 5, 3)
    shape = (*windows.shape[:3], filters)
    columns = windows.reshape(-1, kernel_rows * kernel_columns * channels)
    kernel = weights.reshape(filters, -1).astype(np.float64)
    return _rounded(columns @ kernel.T).reshape(shape)


@_ieee
def mat_mul(x: Float32, weights: Float32) -> Float32:
    """Return x (N, C) times the transpose of weights (K, C)."""
    return _rounded(x.astype(np.float64) @ weights.astype(np.float64).T)


def max_pool2d(x: Float32, pool: Pair, stride: Pair, padding: Padding) -> Float32:
    """Return the largest element of each window; padding never wins."""
    padded = _padded(x, padding, -np.inf)
    maxima: Float32 = _windows(padded, pool, stride).max(axis=(-2, -1)).astype(np.float32)
    return maxima


@_ieee
def avg_pool2d(
    x: Float32, pool: Pair, stride: Pair, padding: Padding, *, is_padding_counted: bool
) -> Float32:
    """Return the mean of each window; padding counts as elements if asked for."""
    sums = _windows(_padded(x, padding), pool, stride).sum(axis=(-2, -1))
    if is_padding_counted or not any(padding):
        return _rounded(sums * (1.0 / (pool[0] * pool[1])))
    ones = _padded(np.ones((1, *x.shape[1:3], 1), np.float32), padding)
    counts = _windows(ones, pool, stride).sum(axis=(-2, -1))
    return _rounded(sums * (1.0 / counts))


@_ieee
def sum32(x: Float32, other: Float32) -> Float32:
    """Return x + other, rounded to fp32."""
    return x + other


@_ieee
def product32(x: Float32, other: Float32) -> Float32:
    """Return x * other element by element, rounded to fp32."""
    return x * other


@_ieee
def batch_norm(x: Float32, rows: Float32) -> Float32:
    """Return ((x - mean) * r) * gamma + beta with rows mean, r, gamma, beta; fp32 step by step."""
    mean, reciprocal, gamma, beta = rows
    result: Float32 = ((x - mean) * reciprocal) * gamma + beta
    return result


@_ieee
def softmax(x: Float32, channels: int) -> Float32:
    """Return softmax over the first `channels` columns; the padded ones become 0."""
    wide = x[:, :channels].astype(np.float64)
    exponentials = np.exp(wide - wide.max(axis=1, keepdims=True))
    sums = np.cumsum(exponentials, axis=1)[:, -1:]
    result = np.zeros(x.shape, np.float32)
    result[:, :channels] = exponentials / sums
    return result


def _padded(x: Float32, padding: Padding, value: float = 0.0) -> npt.NDArray[np.float64]:
    top, bottom, left, right = padding
    images, rows, columns, channels = x.shape
    if not any(padding):
        return x.astype(np.float64)
    shape = (images, top + rows + bottom, left + columns + right, channels)
    result = np.full(shape, value)
    result[:, top : top + rows, left : left + columns] = x
    return result


def _windows(x: npt.NDArray[np.float64], extent: Pair, stride: Pair) -> npt.NDArray[np.float64]:
    views = np.lib.stride_tricks.sliding_window_view(x, extent, axis=(1, 2))
    return views[:, :: stride[0], :: stride[1]]


def _rounded(values: npt.NDArray[np.float64]) -> Float32:
    return values.astype(np.float32)
