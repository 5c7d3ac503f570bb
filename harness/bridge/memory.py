"""What a model sees of memory: the operands of its command, read and written by timed transfers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from harness.base.errors import ModelError
from harness.bridge.messages import MemoryRange
from harness.bridge.recorder import GraphRecorder, Handle
from harness.bridge.records import MAXIMUM_STREAMS, NodeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.bridge.descriptor import Command, Operand

_READ = int(NodeKind.READ)
_WRITE = int(NodeKind.WRITE)
_MAXIMUM_FIELD = (1 << 32) - 1
_FEW_PIECES = 4
"""Up to so many pieces a handle names them all; beyond, one FENCE stands for them."""

BytesLike = bytes | bytearray | memoryview | npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Peek:
    """A functional read: `yield` it to get one array of bytes per range, without time passing."""

    ranges: tuple[MemoryRange, ...]


class Memory:
    """Timed transfers between the operands of one command and the accelerator.

    Every call creates its nodes and returns at once. `yield` the handle of a read to use its data.
    Offsets are bytes from the operand's first byte.
    """

    def __init__(
        self, command: Command, recorder: GraphRecorder, streams: Mapping[str, int]
    ) -> None:
        self._command = command
        self._recorder = recorder
        self._streams = streams
        self._operands = {
            operand.name: (index, operand) for index, operand in enumerate(command.operands)
        }
        self._written: dict[int, list[tuple[int, int]]] = {}

    def read(
        self,
        operand: str | Operand,
        offset_bytes: int = 0,
        size_bytes: int | None = None,
        *,
        rows: int = 1,
        stride_bytes: int = 0,
        stream: str | int = 0,
        after: Handle | Iterable[Handle] = (),
        piece_bytes: int = 0,
    ) -> Handle:
        """Read a range, or `rows` ranges that lie `stride_bytes` apart.

        Args:
            operand: The operand or its name.
            offset_bytes: First byte.
            size_bytes: Bytes per row; the rest of the operand if absent.
            rows: How many rows.
            stride_bytes: From row to row.
            stream: Name or number; transfers of a stream start in the order of their calls.
            after: What must have ended before, besides what was waited for.
            piece_bytes: Largest single transfer; 0 means the whole is one.

        Returns:
            A handle; `yield` gives the bytes as a read-only array of uint8, rows back to back.

        Raises:
            ModelError: The command may not read there.
        """
        index, target = self._find(operand)
        if not target.is_read:
            raise self._refusal(target, "reads", "which this command may not read")
        size_bytes = target.size_bytes - offset_bytes if size_bytes is None else size_bytes
        place = (offset_bytes, size_bytes, rows, stride_bytes)
        self._check_range(target, place)
        if index in self._written:
            self._check_not_written(target, index, place)
        recorder = self._recorder
        if not 0 < piece_bytes < size_bytes * rows:
            first = recorder.add(
                _READ,
                after,
                target.interface,
                self._stream(stream),
                0,
                target.address + offset_bytes,
                0,
                size_bytes,
                rows,
                stride_bytes if rows > 1 else 0,
                index,
            )
            handle = recorder.handle((first,))
        else:
            handle = self._add_pieces(
                (_READ, index, target), place, (self._stream(stream), piece_bytes), after, None
            )
            first = handle.first
        handle.operand = index
        handle.first, handle.last = first, handle.last or first + 1
        handle.place = place
        return handle

    def write(
        self,
        operand: str | Operand,
        data: BytesLike,
        offset_bytes: int = 0,
        *,
        rows: int = 1,
        stride_bytes: int = 0,
        stream: str | int = 1,
        after: Handle | Iterable[Handle] = (),
        piece_bytes: int = 0,
    ) -> Handle:
        """Write bytes to a range, or to `rows` ranges that lie `stride_bytes` apart.

        Args:
            operand: The operand or its name.
            data: The bytes, rows back to back; an array is taken in its own element order.
            offset_bytes: First byte.
            rows: How many rows; they share `data` evenly.
            stride_bytes: From row to row.
            stream: Name or number; transfers of a stream start in the order of their calls.
            after: What must have ended before, besides what was waited for.
            piece_bytes: Largest single transfer; 0 means the whole is one.

        Returns:
            A handle without data.

        Raises:
            ModelError: The command may not write there, or the data are not whole rows.
        """
        index, target = self._find(operand)
        if not target.is_written:
            raise self._refusal(target, "writes", "which this command may not write")
        content = data.tobytes() if isinstance(data, np.ndarray) else bytes(data)
        if rows < 1 or len(content) % rows:
            raise self._refusal(target, "writes", f"{len(content)} bytes are not {rows} rows")
        place = (offset_bytes, len(content) // rows, rows, stride_bytes)
        self._check_range(target, place)
        if target.is_read:
            self._written.setdefault(index, []).append(_span(place))
        if 0 < piece_bytes < len(content):
            how = (self._stream(stream), piece_bytes)
            handle = self._add_pieces((_WRITE, index, target), place, how, after, content)
            handle.first = handle.last = 0
            return handle
        node = self._recorder.add(
            _WRITE,
            after,
            target.interface,
            self._stream(stream),
            0,
            target.address + offset_bytes,
            0,
            len(content) // rows,
            rows,
            stride_bytes if rows > 1 else 0,
            index,
            content,
        )
        return self._recorder.handle((node,))

    def peek(self, ranges: Sequence[tuple[str, int, int]]) -> Peek:
        """Ask for bytes as they are now; `yield` the result, at most once per exchange.

        Args:
            ranges: Triples (operand name, offset in bytes, size in bytes).

        Returns:
            What to yield; the generator then gets a list of read-only arrays of uint8.
        """
        found = []
        for name, offset_bytes, size_bytes in ranges:
            _, target = self._find(name)
            self._check_range(target, (offset_bytes, size_bytes, 1, 0))
            found.append(MemoryRange(target.address + offset_bytes, size_bytes))
        return Peek(tuple(found))

    def _add_pieces(
        self,
        transfer: tuple[int, int, Operand],
        place: tuple[int, int, int, int],
        how: tuple[int, int],
        after: Handle | Iterable[Handle],
        data: bytes | None,
    ) -> Handle:
        """Add a transfer as pieces; a handle on all of them."""
        kind, index, target = transfer
        stream, piece_bytes = how
        recorder = self._recorder
        if not isinstance(after, Handle):
            after = tuple(after)
        ids = []
        taken = 0
        for offset_bytes, row_bytes, rows, stride_bytes in _pieces(place, piece_bytes):
            piece = None if data is None else data[taken : taken + row_bytes * rows]
            taken += row_bytes * rows
            ids.append(
                recorder.add(
                    kind,
                    after,
                    target.interface,
                    stream,
                    0,
                    target.address + offset_bytes,
                    0,
                    row_bytes,
                    rows,
                    stride_bytes,
                    index,
                    piece,
                )
            )
        waited = tuple(ids) if len(ids) <= _FEW_PIECES else (recorder.join(ids),)
        handle = recorder.handle(waited)
        handle.first, handle.last = ids[0], ids[-1] + 1
        return handle

    def _find(self, operand: str | Operand) -> tuple[int, Operand]:
        name = operand if isinstance(operand, str) else operand.name
        try:
            return self._operands[name]
        except KeyError:
            raise ModelError(
                f'command "{self._command.kernel}" has no operand "{name}"',
                expected=", ".join(self._operands) or "no operand at all",
            ) from None

    def _stream(self, stream: str | int) -> int:
        if isinstance(stream, int) and 0 <= stream < MAXIMUM_STREAMS:
            return stream
        if stream in self._streams:
            return self._streams[cast("str", stream)]
        raise ModelError(
            f"unknown stream {stream!r}",
            expected=f"{', '.join(self._streams)}, or a number below {MAXIMUM_STREAMS}",
        )

    def _check_range(self, target: Operand, place: tuple[int, int, int, int]) -> None:
        offset_bytes, row_bytes, rows, stride_bytes = place
        end = offset_bytes + (rows - 1) * stride_bytes + row_bytes
        is_inside = offset_bytes >= 0 and row_bytes >= 1 and rows >= 1 and stride_bytes >= 0
        if not is_inside or end > target.size_bytes or max(row_bytes, rows) > _MAXIMUM_FIELD:
            raise ModelError(
                f'a transfer of command "{self._command.kernel}" leaves operand "{target.name}"',
                expected=f"at least 1 byte within {target.size_bytes} bytes",
                got=f"offset {offset_bytes}, {rows} rows of {row_bytes} bytes, "
                f"{stride_bytes} bytes apart",
            )

    def _check_not_written(
        self, target: Operand, index: int, place: tuple[int, int, int, int]
    ) -> None:
        begin, end = _span(place)
        if any(begin < other_end and other < end for other, other_end in self._written[index]):
            raise self._refusal(target, "reads back", "what it wrote itself; keep it in the model")

    def _refusal(self, target: Operand, does: str, why: str) -> ModelError:
        return ModelError(f'command "{self._command.kernel}" {does} operand "{target.name}", {why}')


def _span(place: tuple[int, int, int, int]) -> tuple[int, int]:
    offset_bytes, row_bytes, rows, stride_bytes = place
    return offset_bytes, offset_bytes + (rows - 1) * stride_bytes + row_bytes


def _pieces(
    place: tuple[int, int, int, int], piece_bytes: int
) -> Iterable[tuple[int, int, int, int]]:
    """Cut a transfer into pieces of whole rows, or of parts of rows that are longer."""
    offset_bytes, row_bytes, rows, stride_bytes = place
    rows_per_piece = piece_bytes // row_bytes
    if rows_per_piece:
        for row in range(0, rows, rows_per_piece):
            count = min(rows_per_piece, rows - row)
            stride = stride_bytes if count > 1 else 0
            yield offset_bytes + row * stride_bytes, row_bytes, count, stride
        return
    for row in range(rows):
        begin = offset_bytes + row * stride_bytes
        for part in range(0, row_bytes, piece_bytes):
            yield begin + part, min(piece_bytes, row_bytes - part), 1, 0
