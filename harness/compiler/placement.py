"""Where a tile lies: in place in its tensor if its bytes are contiguous there, or in a copy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.compiler.spans import round_up

if TYPE_CHECKING:
    from harness.compiler.tile_plan import Region

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A tensor as a tiler sees it: its shape, and how it is stored.

    Attributes:
        shape: Elements per dimension without padding.
        element_bytes: Bytes of an element.
        alignment: Elements to which the last dimension is padded.
    """

    shape: Shape
    element_bytes: int
    alignment: int

    @property
    def storage(self) -> Shape:
        """Elements per dimension as stored."""
        return (*self.shape[:-1], round_up(self.shape[-1], self.alignment))

    @property
    def size_bytes(self) -> int:
        """Bytes as stored."""
        return math.prod(self.storage) * self.element_bytes

    def strides_bytes(self) -> Shape:
        """Bytes between neighbours of each dimension."""
        strides = [self.element_bytes]
        for extent in reversed(self.storage[1:]):
            strides.append(strides[-1] * extent)
        return tuple(reversed(strides))

    def offset_bytes(self, region: Region) -> int:
        """Return the first byte of a region."""
        pairs = zip(region.first, self.strides_bytes(), strict=True)
        return sum(first * stride for first, stride in pairs)

    def tile_bytes(self, region: Region) -> int:
        """Return a region's bytes when stored densely."""
        return math.prod(region.storage_shape(self.alignment)) * self.element_bytes

    def is_contiguous(self, region: Region) -> bool:
        """Return whether a region's bytes follow each other in the tensor."""
        tile = region.storage_shape(self.alignment)
        outer = next((i for i, extent in enumerate(tile) if extent > 1), len(tile))
        return tile[outer + 1 :] == self.storage[outer + 1 :]

    def can_read_in_place(self, region: Region, line_bytes: int) -> bool:
        """Return whether a region can be read where it is: contiguous from a line's begin."""
        return self.is_contiguous(region) and self.offset_bytes(region) % line_bytes == 0

    def can_write_in_place(self, region: Region, line_bytes: int) -> bool:
        """Return whether a region can be written where it is: it shares no line with others."""
        if not self.can_read_in_place(region, line_bytes):
            return False
        end = self.offset_bytes(region) + self.tile_bytes(region)
        return end % line_bytes == 0 or end == self.size_bytes

    def copy_runs(self, region: Region) -> tuple[Shape, Shape, Shape]:
        """Return the strided copy between the tensor and a dense tile.

        Returns:
            Extents (the innermost in bytes), strides in the tensor, strides in the tile; strides
            of the innermost extent are left out.
        """
        tile = region.storage_shape(self.alignment)
        extents = [tile[-1] * self.element_bytes]
        tensor: list[int] = []
        dense: list[int] = []
        strides = self.strides_bytes()
        is_run = tile[-1] == self.storage[-1]
        dense_stride = extents[0]
        for axis in range(len(tile) - 2, -1, -1):
            if is_run:
                extents[0] *= tile[axis]
                is_run = tile[axis] == self.storage[axis]
            elif tile[axis] > 1:
                extents.insert(0, tile[axis])
                tensor.insert(0, strides[axis])
                dense.insert(0, dense_stride)
            dense_stride *= tile[axis]
        return tuple(extents), tuple(tensor), tuple(dense)


def copied_roles(
    views: dict[str, View],
    tiles: dict[str, tuple[Region, ...]],
    *,
    line_bytes: int,
    is_smaug: bool,
    is_always_copied: bool = False,
) -> dict[str, tuple[bool, ...]]:
    """Return per role and tile whether it needs a copy of its own.

    Policy smaug copies as soon as there is more than one tile. Ours reads what is contiguous where
    it is; output tiles are written in place if all of them can be.
    """
    copied: dict[str, tuple[bool, ...]] = {}
    for role, view in views.items():
        regions = tiles[role]
        if is_smaug:
            copied[role] = (len(regions) > 1 or is_always_copied,) * len(regions)
        elif role == "output":
            is_free = all(view.can_write_in_place(region, line_bytes) for region in regions)
            copied[role] = (not is_free,) * len(regions)
        else:
            copied[role] = tuple(
                not view.can_read_in_place(region, line_bytes) for region in regions
            )
    return copied
