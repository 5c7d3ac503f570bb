"""Arrays to and from buffers: padding of the last dimension, dtypes numpy lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.errors import HarnessError

if TYPE_CHECKING:
    from harness.compiler.program import Buffer

    Array = np.ndarray[Any, np.dtype[Any]]

_NUMPY_NAMES = {
    "fp32": "<f4",
    "fp16": "<f2",
    "int8": "<i1",
    "uint8": "<u1",
    "int32": "<i4",
    "int64": "<i8",
    "bool": "?",
}


def numpy_dtype(name: str) -> np.dtype[Any]:
    """Return numpy's dtype of an element type; bf16 needs ml_dtypes."""
    if name == "bf16":
        import ml_dtypes  # noqa: PLC0415 - optional, and slow to import

        bfloat16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
        return bfloat16
    return np.dtype(_NUMPY_NAMES[name])


def input_bytes(buffer: Buffer, array: Array) -> bytes:
    """Return an input as the user's memory holds it: dense, in the buffer's dtype and shape.

    Raises:
        HarnessError: Shape or dtype are not the tensor's.
    """
    dtype = numpy_dtype(buffer.dtype)
    if tuple(array.shape) != buffer.shape or array.dtype != dtype:
        raise HarnessError(
            f'input "{buffer.tensor}" does not fit the network',
            expected=f"{buffer.dtype} {buffer.shape}",
            got=f"{array.dtype} {tuple(array.shape)}",
        )
    return np.ascontiguousarray(array).tobytes()


def output_array(buffer: Buffer, data: bytes) -> Array:
    """Return a tensor from its buffer's bytes, padding left out."""
    count = int(np.prod(buffer.storage_shape, dtype=np.int64))
    stored = np.frombuffer(data, dtype=numpy_dtype(buffer.dtype), count=count)
    stored = stored.reshape(buffer.storage_shape)
    return stored[..., : buffer.shape[-1]].copy() if buffer.shape else stored.copy()
