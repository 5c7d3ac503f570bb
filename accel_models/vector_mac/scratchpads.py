"""What the engine's scratchpads hold between commands: fp32 arrays in the tile's storage shape."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np

from accel_models.vector_mac.parameters import ELEMENT_BYTES, SCRATCHPADS, VectorMacParameters
from harness.base.errors import ModelError

if TYPE_CHECKING:
    from accel_models.vector_mac.numerics import Float32

ROLES = {"other": "weights", "bias": "bias"}
"""Operands that lie in another scratchpad than the one of their name; biases lie in registers."""


class Scratchpads:
    """Contents by operand, checked against capacities when they arrive."""

    def __init__(self, parameters: VectorMacParameters) -> None:
        self._parameters = parameters
        self._contents: dict[str, Float32] = {}

    def fill(self, operand: str, values: Float32) -> None:
        """Put a converted operand into its scratchpad.

        Raises:
            ModelError: The tile is larger than the scratchpad.
        """
        self.check_fits(operand, values.shape)
        self._contents[ROLES.get(operand, operand)] = values

    def resident(self, operand: str, shape: tuple[int, ...]) -> Float32:
        """Return what an earlier or this command put there.

        Raises:
            ModelError: Nothing, or a tile of another shape, is there.
        """
        held = self._contents.get(ROLES.get(operand, operand))
        if held is None or held.shape != shape:
            raise ModelError(
                f'the tile of operand "{operand}" is not in its scratchpad',
                expected=f"a tile of shape {shape} from this or an earlier command",
                got="nothing" if held is None else f"a tile of shape {held.shape}",
                way_out="load it with this command",
            )
        return held

    def output(self, shape: tuple[int, ...], *, is_fresh: bool) -> Float32:
        """Return the resident output tile, zeros if a new one begins.

        A command that neither accumulates nor writes behind earlier results begins a new tile,
        as does a command whose tile has another shape.
        """
        self.check_fits("output", shape)
        held = self._contents.get("output")
        if held is None or held.shape != shape or is_fresh:
            held = np.zeros(shape, np.float32)
            self._contents["output"] = held
        return held

    def save(self) -> bytes:
        """Return all contents: a line of JSON with shapes, then the fp32 arrays in its order."""
        names = sorted(self._contents)
        shapes = {name: self._contents[name].shape for name in names}
        arrays = [self._contents[name].astype("<f4").tobytes() for name in names]
        return b"".join((json.dumps(shapes, sort_keys=True).encode(), b"\n", *arrays))

    def load(self, state: bytes) -> None:
        """Take back what `save` returned.

        Raises:
            ModelError: These bytes are no saved state.
        """
        header, _, data = state.partition(b"\n")
        try:
            shapes = {name: tuple(shape) for name, shape in json.loads(header).items()}
            values = np.frombuffer(data, "<f4")
            sizes = [math.prod(shape) for shape in shapes.values()]
        except (ValueError, TypeError, AttributeError) as error:
            raise ModelError(f"this is no state of vector_mac: {error}") from error
        if values.size != sum(sizes):
            raise ModelError(
                "this is no state of vector_mac",
                expected=f"{sum(sizes)} elements",
                got=f"{values.size} elements",
            )
        parts = np.split(values, np.cumsum(sizes)[:-1])
        self._contents = {
            name: part.astype(np.float32).reshape(shape)
            for (name, shape), part in zip(shapes.items(), parts, strict=False)
        }

    def check_fits(self, operand: str, shape: tuple[int, ...]) -> None:
        """Check a tile's size.

        Raises:
            ModelError: The tile is larger than its scratchpad.
        """
        name = ROLES.get(operand, operand)
        size_bytes = math.prod(shape) * ELEMENT_BYTES
        if name in SCRATCHPADS and size_bytes > self._parameters.scratchpad_bytes(name):
            raise ModelError(
                f'operand "{operand}" of shape {shape} does not fit the {name} scratchpad',
                expected=f"at most {self._parameters.scratchpad_bytes(name)} B",
                got=f"{size_bytes} B",
                way_out="use smaller tiles, or a larger scratchpad",
            )
