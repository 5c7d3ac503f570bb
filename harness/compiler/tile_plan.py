"""What tiling an operation yields: tiles of each operand and commands that name them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.compiler.spans import round_up

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Region:
    """A block of a tensor in elements, without the padding of its last dimension."""

    first: tuple[int, ...]
    shape: tuple[int, ...]

    def storage_shape(self, alignment: int) -> tuple[int, ...]:
        """Return the shape as stored: the last dimension padded."""
        return (*self.shape[:-1], round_up(self.shape[-1], alignment))


@dataclass(frozen=True, slots=True)
class OperandUse:
    """An operand of a command: the role, the tile, and whether it is moved."""

    role: str
    tile: int
    is_read: bool = False
    is_written: bool = False


@dataclass(frozen=True, slots=True)
class TileCommand:
    """One invocation of a kernel; `item` counts from 0 within the operation."""

    item: int
    operands: tuple[OperandUse, ...]
    attributes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TilePlan:
    """An operation's tiles and commands.

    Attributes:
        kernel: The accelerator's kernel.
        tiles: Tiles per role ("input", "weights", "output", ...), in the order of their index.
        commands: Commands in program order; those of one item are neighbours.
        dims: Which dimensions are tiled, per role, in SMAUG's words ("None", "DimNH", ...).
        shape: The largest tile per role.
        candidates: Configurations that the policy chose from.
        is_always_copied: Prepare and finalize copy even a single tile.
    """

    kernel: str
    tiles: Mapping[str, tuple[Region, ...]]
    commands: tuple[TileCommand, ...]
    dims: Mapping[str, str] = field(default_factory=dict)
    shape: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    candidates: int = 0
    is_always_copied: bool = False

    @property
    def items(self) -> int:
        """Number of work items."""
        return self.commands[-1].item + 1 if self.commands else 0

    def traffic_bytes(self, element_bytes: int, alignment: int) -> tuple[int, int]:
        """Return bytes that the accelerator loads and stores."""
        loaded = stored = 0
        for command in self.commands:
            for use in command.operands:
                tile = self.tiles[use.role][use.tile].storage_shape(alignment)
                size_bytes = round_up(math.prod(tile) * element_bytes, TRANSFER_BYTES)
                loaded += size_bytes * use.is_read
                stored += size_bytes * use.is_written
        return loaded, stored


TRANSFER_BYTES = 32
"""Host transfers are rounded up to this many bytes (SMAUG smaug/operators/common.h:279)."""


@dataclass(frozen=True, slots=True)
class Reuse:
    """On which accelerator an item runs, as far as the compiler may rely on it.

    Attributes:
        accelerators: Number of accelerators.
        is_static: Round robin: item i runs on accelerator i modulo their number.
    """

    accelerators: int = 1
    is_static: bool = True

    @property
    def is_single(self) -> bool:
        """All items run one after the other on one accelerator."""
        return self.accelerators == 1

    def owner(self, item: int) -> int:
        """Return a number that only items of the same accelerator share."""
        if self.is_single:
            return 0
        return item % self.accelerators if self.is_static else item


class Residency:
    """Which tile each accelerator holds per role; says whether a command must load it."""

    def __init__(self, reuse: Reuse) -> None:
        self._reuse = reuse
        self._held: dict[tuple[int, str], int] = {}

    def load(self, item: int, role: str, tile: int) -> bool:
        """Record that `item` needs a tile; return whether it has to be loaded."""
        key = (self._reuse.owner(item), role)
        is_new = self._held.get(key) != tile
        self._held[key] = tile
        return is_new
