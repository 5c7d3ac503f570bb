"""One command while it is executed: its attributes, its transfers and what the next node awaits."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from accel_models.vector_mac.activations import ACTIVATIONS, activate
from accel_models.vector_mac.cycles.transfers import convert_cycles, piece_sizes
from accel_models.vector_mac.cycles.vectors import fused_activation_cycles
from accel_models.vector_mac.energy import Work, energies
from accel_models.vector_mac.numerics import Float32, Padding, Pair, from_fp16, to_fp16
from accel_models.vector_mac.parameters import ELEMENT_BYTES, VectorMacParameters
from harness.base.errors import ModelError

if TYPE_CHECKING:
    from accel_models.vector_mac.scratchpads import Scratchpads
    from harness.bridge.model import AcceleratorModel, Command, Handle, Memory

Loading = Generator[Any, Any, None]

CONVERT, MAC, VECTOR = "convert", "mac", "vector"
"""Names of the units, in the order of their numbers."""


@dataclass
class Invocation:
    """Records the nodes of one command in the order in which the engine does its steps.

    Without double buffering each step waits for the one before: transfer, conversion, transfer, ...
    With it, transfers of loads wait for nothing and transfers of stores for their own conversion.

    Attributes:
        model: Creates compute nodes and counts.
        command: The command.
        memory: Its operands.
        parameters: The engine.
        scratchpads: What the engine holds; it outlives the command.
    """

    model: AcceleratorModel
    command: Command
    memory: Memory
    parameters: VectorMacParameters
    scratchpads: Scratchpads
    _awaited: list[Handle] = field(default_factory=list)

    def number(self, name: str, default: int | None = None) -> int:
        """Return a whole-number attribute.

        Raises:
            ModelError: It is missing and has no default.
        """
        value = self.command.attributes.get(name, default)
        if value is None:
            raise ModelError(
                f'command "{self.command.kernel}" lacks attribute "{name}"',
                expected="the attributes of the kernel contract",
                got=", ".join(sorted(self.command.attributes)) or "none",
            )
        return int(value)

    def pair(self, prefix: str, default: int | None = None) -> Pair:
        """Return the attributes `prefix`_h and `prefix`_w."""
        return self.number(f"{prefix}_h", default), self.number(f"{prefix}_w", default)

    def padding(self) -> Padding:
        """Return top, bottom, left and right padding."""
        number = self.number
        return number("pad_top"), number("pad_bottom"), number("pad_left"), number("pad_right")

    def load(self, flags: Mapping[str, str]) -> Loading:
        """Load and convert the operands whose flag attribute is 1, in this order.

        Args:
            flags: Operand name to the name of its flag.
        """
        wanted = [name for name, flag in flags.items() if self.number(flag)]
        reads = {name: self._read(name) for name in wanted}
        if not wanted:
            return
        pieces = iter((yield [handle for handles in reads.values() for handle in handles]))
        for name, handles in reads.items():
            data = np.concatenate([next(pieces) for _ in handles])
            self.scratchpads.fill(name, from_fp16(data, self.command.operand(name).shape))

    def compute(self, unit: str, cycles: int) -> None:
        """Occupy a unit when all that was recorded so far has ended."""
        if cycles:
            self._awaited = [self.model.compute(cycles=cycles, unit=unit, after=self._awaited)]

    def activate(self, values: Float32) -> Float32:
        """Apply the command's fused activation to results in the output scratchpad."""
        code = self.number("activation", 0)
        if not 0 <= code < len(ACTIVATIONS):
            raise ModelError(f"unknown activation code {code}", expected="0 to 7")
        if code == 0:
            return values
        name = ACTIVATIONS[code]
        vectors, negative = self.vectors(values.size), self.negative_vectors(values)
        self.compute(VECTOR, fused_activation_cycles(name, vectors, negative, self.parameters))
        return activate(name, values, *self.activation_reals())

    def activation_reals(self) -> tuple[float, float]:
        """Return alpha and beta of the activation, 0 where absent."""
        attributes = self.command.attributes
        alpha, beta = attributes.get("activation_alpha", 0), attributes.get("activation_beta", 0)
        return float(alpha), float(beta)

    def store(self, values: Float32) -> None:
        """Convert the output and store it, if the command says so."""
        if not self.number("store_output"):
            return
        data = to_fp16(values)
        offset_bytes = 0
        awaited = self._awaited
        for size_bytes in piece_sizes(len(data), self.parameters.transfer_bytes):
            converted = self._convert(
                size_bytes, is_first=not offset_bytes, is_store=True, after=awaited
            )
            written = self.memory.write(
                "output",
                data[offset_bytes : offset_bytes + size_bytes],
                offset_bytes,
                stream="store",
                after=converted,
            )
            if not self.parameters.double_buffer:
                awaited = [written]
            offset_bytes += size_bytes
        self.model.count("bytes_stored", len(data), unit="Byte", description=_STORED)
        self.count(Work(words_read=values.size))

    def vectors(self, elements: int) -> int:
        """Return how many vectors hold these elements."""
        return -(-elements // self.parameters.vector_lanes)

    def negative_vectors(self, values: Float32) -> int:
        """Return how many vectors of these elements, in their order, have a negative one."""
        firsts = np.arange(0, values.size, self.parameters.vector_lanes)
        return int(np.logical_or.reduceat((values < 0).reshape(-1), firsts).sum())

    def count(self, work: Work) -> None:
        """Count what the command did and its energy."""
        for name, joules, source in energies(work):
            self.model.count_energy(name, joules, description=source)
        self.model.count("scratchpad_words_read", work.words_read, description=_READ)
        self.model.count("scratchpad_words_written", work.words_written, description=_WRITTEN)

    def _read(self, name: str) -> list[Handle]:
        """Record the transfers and conversions of one operand."""
        size_bytes = self.command.operand(name).size_bytes
        handles: list[Handle] = []
        offset_bytes = 0
        for piece_bytes in piece_sizes(size_bytes, self.parameters.transfer_bytes):
            handles.append(self._read_piece(name, offset_bytes, piece_bytes))
            offset_bytes += piece_bytes
        self.model.count("bytes_loaded", size_bytes, unit="Byte", description=_LOADED)
        self.count(Work(words_written=size_bytes // ELEMENT_BYTES))
        return handles

    def _read_piece(self, name: str, offset_bytes: int, size_bytes: int) -> Handle:
        is_overlapped = self.parameters.double_buffer
        read = self.memory.read(
            name,
            offset_bytes,
            size_bytes,
            stream="load",
            after=() if is_overlapped else self._awaited,
        )
        converted = self._convert(
            size_bytes, is_first=offset_bytes == 0, is_store=False, after=[read]
        )
        self._awaited = [*self._awaited, converted] if is_overlapped else [converted]
        return read

    def _convert(
        self, size_bytes: int, *, is_first: bool, is_store: bool, after: list[Handle]
    ) -> Handle:
        cycles = convert_cycles(
            size_bytes // ELEMENT_BYTES,
            self.parameters.vector_lanes,
            is_first=is_first,
            is_store=is_store,
        )
        return self.model.compute(cycles=cycles, unit=CONVERT, after=after)


_LOADED = "Bytes of operands loaded"
_STORED = "Bytes of results stored"
_READ = "Words of 4 B read from scratchpads"
_WRITTEN = "Words of 4 B written to scratchpads"
