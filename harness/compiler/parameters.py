"""Weights as accelerators and CPU routines read them: tiles in order, padded, little-endian."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.base.errors import CompileError
from harness.compiler.spans import round_up

if TYPE_CHECKING:
    from harness.compiler.network import Array, Network, Operation
    from harness.compiler.tile_plan import Region


def operation_parameters(operation: Operation, network: Network) -> dict[str, Array]:
    """Return the arrays of an accelerated operation's constant operands, by role.

    Convolution weights are (K, R, S, C), matrix weights (K, C), batch norm parameters the four rows
    mean, r, gamma, beta with r = 1 / sqrt(variance + epsilon), computed in fp64 and stored as fp16.
    """
    arrays = [network.constants.get(name) for name in operation.inputs]
    if operation.op == "batch_norm":
        return {"weights": _batch_norm_rows(operation, network)}
    if operation.op not in ("conv2d", "mat_mul"):
        return {}
    found: dict[str, Array] = {}
    for role, index in (("weights", 1), ("bias", 2)):
        array = arrays[index] if index < len(arrays) else None
        if array is not None:
            layout = network.values[operation.inputs[index]].layout
            found[role] = np.transpose(array, _ORDER.get(layout, range(array.ndim)))
    return found


_ORDER = {"NCHW": (0, 2, 3, 1), "CN": (1, 0)}
"""Permutations to the order that kernels read; other layouts stay."""


def _batch_norm_rows(operation: Operation, network: Network) -> Array:
    mean, variance, gamma, beta = (network.constants[name] for name in operation.inputs[1:])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        wide = 1.0 / np.sqrt(variance.astype(np.float64) + operation.real("epsilon"))
        rows = np.stack([mean, wide.astype(mean.dtype), gamma, beta])
    if not np.isfinite(rows).all():
        raise CompileError(
            f'batch_norm "{operation.name}" has parameters that are not finite',
            where=operation.where(),
            expected="variance + epsilon above 0",
        )
    return rows


def tile_bytes(array: Array, region: Region, alignment: int) -> bytes:
    """Return a tile's bytes, the last dimension padded with zeros."""
    index = tuple(
        slice(first, first + count) for first, count in zip(region.first, region.shape, strict=True)
    )
    return padded_bytes(array[index], alignment)


def padded_bytes(array: Array, alignment: int) -> bytes:
    """Return an array's bytes as stored: little-endian, the last dimension padded with zeros."""
    missing = round_up(array.shape[-1], alignment) - array.shape[-1]
    if missing:
        array = np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, missing)])
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
