"""Sliding windows of convolution and pooling: what users may write, and the extents that follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import SupportsIndex

import numpy as np

from harness.graph.operator import Array, Attribute, AttributeKind, Site
from harness.graph.tensor_type import Layout, TensorType

Pair = int | Sequence[int]
Padding = str | int | Sequence[int]

STRIDE = Attribute("stride", AttributeKind.INTS, "rows, columns", (1, 1), 1, 2)
PADDING = Attribute(
    "padding", AttributeKind.INTS, "elements above, below, left, right", (0, 0, 0, 0), 0, 4
)
DILATION = Attribute("dilation", AttributeKind.INTS, "rows, columns", (1, 1), 1, 2)
POOL = Attribute("pool", AttributeKind.INTS, "rows, columns of the window", None, 1, 2)


@dataclass(frozen=True, slots=True)
class Window:
    """A two-dimensional sliding window.

    Attributes:
        kernel: Rows, columns that take part.
        stride: Rows, columns between windows.
        padding: Elements added above, below, left, right.
        dilation: Distance between neighbours inside a window.
    """

    kernel: tuple[int, int]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...] = (1, 1)

    @property
    def effective(self) -> tuple[int, int]:
        """Rows, columns that a window spans, dilation included."""
        rows, columns = (
            (extent - 1) * step + 1 for extent, step in zip(self.kernel, self.dilation, strict=True)
        )
        return rows, columns

    def output_extents(self, site: Site, rows: int, columns: int) -> tuple[int, int]:
        """Return the number of windows per dimension.

        Raises:
            ShapeError: No window fits, or a window could lie wholly in the padding.
        """
        before_and_after = (self.padding[:2], self.padding[2:])
        extents = []
        for axis, extent in enumerate((rows, columns)):
            padding, span = before_and_after[axis], self.effective[axis]
            if max(padding) >= span:
                raise site.shape_error(
                    "the padding is as large as the window",
                    expected=f"less than {span} {('rows', 'columns')[axis]}",
                    got=str(list(padding)),
                )
            if extent + sum(padding) < span:
                raise site.shape_error(
                    "the window is larger than the padded input",
                    expected=f"at least {span} {('rows', 'columns')[axis]}",
                    got=f"{extent} + padding {list(padding)}",
                    way_out='use a smaller window or padding="same"',
                )
            extents.append((extent + sum(padding) - span) // self.stride[axis] + 1)
        return extents[0], extents[1]

    def elements(self, image: Array, extents: tuple[int, int]) -> Iterator[Array]:
        """Yield each element of all windows of a padded NHWC image, row by row, as views."""
        for row, column in product(*map(range, self.kernel)):
            top, left = row * self.dilation[0], column * self.dilation[1]
            bottom = top + (extents[0] - 1) * self.stride[0] + 1
            right = left + (extents[1] - 1) * self.stride[1] + 1
            yield image[:, top : bottom : self.stride[0], left : right : self.stride[1], :]

    def pad(self, image: Array, value: float) -> Array:
        """Return an NHWC image with its padding."""
        top, bottom, left, right = self.padding
        margins = ((0, 0), (top, bottom), (left, right), (0, 0))
        return np.pad(image, margins, constant_values=value)


def image_axes(site: Site, type_: TensorType) -> tuple[int, int, int]:
    """Return the axes of rows, columns and channels of an image.

    Raises:
        ShapeError: The tensor is not NHWC or NCHW.
    """
    if type_.layout not in (Layout.NHWC, Layout.NCHW):
        raise site.shape_error(
            "the input is not an image",
            expected="layout NHWC or NCHW",
            got=str(type_),
            way_out='reshape(x, shape, layout="NHWC") first',
        )
    return type_.layout.axis("H"), type_.layout.axis("W"), type_.layout.axis("C")


def as_nhwc(array: Array, layout: Layout) -> Array:
    """Return an image with its channels last, as a view."""
    return array.transpose(0, 2, 3, 1) if layout is Layout.NCHW else array


def from_nhwc(array: Array, layout: Layout) -> Array:
    """Undo `as_nhwc`."""
    return array.transpose(0, 3, 1, 2) if layout is Layout.NCHW else array


def image_type(like: TensorType, extents: tuple[int, int], channels: int) -> TensorType:
    """Return the type of an image in the layout of another."""
    batch, (rows, columns) = like.shape[0], extents
    nhwc = like.layout is Layout.NHWC
    shape = (batch, rows, columns, channels) if nhwc else (batch, channels, rows, columns)
    return TensorType(shape, like.dtype, like.layout)


def as_pair(site: Site, name: str, value: Pair) -> tuple[int, int]:
    """Return (rows, columns) of what a user wrote: one integer or two."""
    values = as_integers(site, name, value if isinstance(value, Sequence) else (value, value))
    if len(values) != 2 or min(values) < 1:
        raise site.error(f"{name} must be one or two positive integers", got=repr(value))
    return values[0], values[1]


def as_integer(site: Site, name: str, value: object) -> int:
    """Return a Python integer of any integer, numpy's included."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        raise site.error(f"{name} must be an integer", got=repr(value))
    return int(value)


def as_integers(site: Site, name: str, value: object) -> tuple[int, ...]:
    """Return a tuple of Python integers of any sequence of integers."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise site.error(f"{name} must be a sequence of integers", got=repr(value))
    return tuple(as_integer(site, name, element) for element in value)


def as_padding(site: Site, value: Padding, span: tuple[int, int]) -> tuple[int, ...]:
    """Return explicit padding (above, below, left, right) of what a user wrote.

    "same" pads span - 1 elements in all, (span - 1) // 2 of them before, so that the output has
    ceil(input / stride) elements for every stride. This is SMAUG's rule (nn_ops.py); TensorFlow's
    pads less when the stride is above one.
    """
    if value == "valid":
        return (0, 0, 0, 0)
    if value == "same":
        rows, columns = (extent - 1 for extent in span)
        return (rows // 2, rows - rows // 2, columns // 2, columns - columns // 2)
    if isinstance(value, str):
        raise site.error(
            "unknown padding",
            expected='"same", "valid", an integer or (above, below, left, right)',
            got=repr(value),
        )
    sides = value if isinstance(value, Sequence) else (value,) * 4
    padding = as_integers(site, "padding", sides)
    if len(padding) != 4 or min(padding) < 0:
        raise site.error("padding must be one or four integers of at least 0", got=repr(value))
    return padding
