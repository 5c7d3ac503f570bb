"""What a tensor is: element type, layout and shape; nothing is implied."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import Any

import numpy as np

from harness.base.errors import DtypeError, GraphError, ShapeError

MAXIMUM_ELEMENTS = 2**40
"""More elements than this in one tensor is a mistake or a corrupt file, not a network."""

_NUMPY_NAMES = {
    "fp32": "float32",
    "fp16": "float16",
    "int8": "int8",
    "uint8": "uint8",
    "int32": "int32",
    "int64": "int64",
    "bool": "bool",
}
_SIZES_BYTES = {"fp16": 2, "bf16": 2, "int8": 1, "uint8": 1, "bool": 1, "int64": 8}


class DType(Enum):
    """Element type of a tensor; the value is its name in files and in the text form."""

    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"
    INT8 = "int8"
    UINT8 = "uint8"
    INT32 = "int32"
    INT64 = "int64"
    BOOL = "bool"

    @classmethod
    def parse(cls, value: DType | str) -> DType:
        """Return the element type of that name.

        Raises:
            DtypeError: There is no such type; the message lists the valid names.
        """
        try:
            return cls(value)
        except ValueError:
            names = ", ".join(dtype.value for dtype in cls)
            raise DtypeError("unknown element type", expected=names, got=repr(value)) from None

    @classmethod
    def of(cls, array: np.ndarray[Any, Any]) -> DType:
        """Return the element type of a numpy array.

        Raises:
            DtypeError: Graphs do not have this type (float64, complex, ...).
        """
        name = array.dtype.name
        for dtype in cls:
            if name in (_NUMPY_NAMES.get(dtype.value), "bfloat16" if dtype is cls.BF16 else None):
                return dtype
        raise DtypeError(
            f"numpy type {name} has no element type in graphs",
            expected=", ".join(dtype.value for dtype in cls),
            got=name,
            way_out='convert it: array.astype(np.float16), or pass dtype="fp16"',
        )

    @property
    def size_bytes(self) -> int:
        """Bytes of one element in memory."""
        return _SIZES_BYTES.get(self.value, 4)

    @property
    def is_floating(self) -> bool:
        """Whether operators may compute in it."""
        return self in (DType.FP32, DType.FP16, DType.BF16)

    @property
    def numpy(self) -> np.dtype[Any]:
        """The little-endian numpy type; bf16 needs the package `ml_dtypes`."""
        if self is DType.BF16:
            return _bfloat16()
        return np.dtype(_NUMPY_NAMES[self.value]).newbyteorder("<")


def _bfloat16() -> np.dtype[Any]:
    try:
        bfloat16: np.dtype[Any] = np.dtype(import_module("ml_dtypes").bfloat16)
    except ImportError as error:
        raise DtypeError(
            "bf16 needs the package ml_dtypes", way_out="pip install ml_dtypes, or use fp16"
        ) from error
    return bfloat16


class Layout(Enum):
    """Order of a tensor's dimensions, outermost first; each letter is one dimension.

    N batch, C channels, H rows, W columns, T time. Weights reuse the layout of the data they
    meet: a convolution's NHWC weights are (K, R, S, C), its NCHW weights (K, C, R, S).
    """

    NCHW = "NCHW"
    NHWC = "NHWC"
    NC = "NC"
    CN = "CN"
    NTC = "NTC"
    NCT = "NCT"
    N = "N"

    @classmethod
    def parse(cls, value: Layout | str) -> Layout:
        """Return the layout of that name.

        Raises:
            ShapeError: There is no such layout; the message lists the valid names.
        """
        try:
            return cls(value)
        except ValueError:
            names = ", ".join(layout.value for layout in cls)
            raise ShapeError("unknown layout", expected=names, got=repr(value)) from None

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.value)

    def axis(self, letter: str) -> int:
        """Return the position of a dimension, such as "C"."""
        return self.value.index(letter)


@dataclass(frozen=True, slots=True)
class TensorType:
    """Shape, element type and layout of a tensor; elements are dense and row-major.

    Raises:
        GraphError: Rank and layout disagree, a dimension is not a positive integer, or the
            tensor has more than 2^40 elements.
    """

    shape: tuple[int, ...]
    dtype: DType
    layout: Layout

    def __post_init__(self) -> None:
        if len(self.shape) != self.layout.rank:
            raise ShapeError(
                f"layout {self.layout.value} does not fit the shape",
                expected=f"{self.layout.rank} dimensions",
                got=f"{len(self.shape)}: {list(self.shape)}",
            )
        if any(type(extent) is not int or extent < 1 for extent in self.shape):
            raise ShapeError(
                "every dimension must be a positive integer", got=str(list(self.shape))
            )
        if math.prod(self.shape) > MAXIMUM_ELEMENTS:
            raise GraphError(
                "the tensor is too large",
                expected=f"at most {MAXIMUM_ELEMENTS} elements",
                got=str(list(self.shape)),
            )

    def __str__(self) -> str:
        return f"{self.dtype.value}[{','.join(map(str, self.shape))}] {self.layout.value}"

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes of the dense tensor, without any padding."""
        return self.elements * self.dtype.size_bytes
