"""Runs one command of a model: feeds the generator with data and hands its graph out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from harness.base.errors import ModelError, ProtocolError
from harness.bridge.memory import Memory, Peek
from harness.bridge.messages import Actions, FunctionalRequest, ModelMode
from harness.bridge.recorder import GraphRecorder, Handle

if TYPE_CHECKING:
    from harness.bridge.descriptor import Command
    from harness.bridge.model import AcceleratorModel

Bytes = npt.NDArray[np.uint8]
Answer = Actions | FunctionalRequest


class CommandExecution:
    """One command of one instance, from its Launch to its last Actions."""

    def __init__(
        self, model: AcceleratorModel, command: Command, command_id: int, mode: ModelMode
    ) -> None:
        self.command_id = command_id
        self.is_over = False
        self._model = model
        self._command = command
        self._mode = mode
        self._recorder = GraphRecorder()
        self._generator: Generator[Any, Any, None] | None = None
        self._waiting: object = None
        self._snapshot: Bytes = np.empty(0, np.uint8)
        self._operand_offsets: list[int] = []
        self._delivered: dict[int, Bytes] = {}
        self._has_peeked = False

    def start(self, operand_data: bytes) -> Answer:
        """Begin with, in KERNEL mode, the bytes of all operands that may be read.

        Raises:
            ProtocolError: The bytes are not those of the operands.
        """
        self._take_snapshot(operand_data)
        streams = {name: index for index, name in enumerate(self._model.streams)}
        memory = Memory(self._command, self._recorder, streams)
        self._model._recorder = self._recorder  # noqa: SLF001 - the SDK's other half
        result = self._model.execute(self._command, memory)
        if result is None:
            return self._end()
        if not isinstance(result, Generator):
            raise ModelError(
                f'execute of model "{self._model.name}" returned neither a generator nor None',
                where=_place(self._model.execute),
                got=type(result).__name__,
            )
        self._generator = result
        return self._advance(None)

    def event(self, completions: npt.NDArray[np.void], data: bytes) -> Answer:
        """Go on with what ended since the last exchange.

        Raises:
            ProtocolError: Nobody waits, or the data are not those of the READ nodes.
            ModelError: A transfer met a bus error.
        """
        if self._waiting is None or isinstance(self._waiting, Peek):
            raise ProtocolError("an Event came for a command that does not wait for one")
        self._check_status(completions)
        self._deliver(completions["id"], data)
        handles = self._handles(self._waiting)
        if not self._is_available(handles):
            return self._ask(handles)
        return self._advance(self._result())

    def functional_data(self, data: bytes) -> Answer:
        """Go on with the bytes that `peek` asked for.

        Raises:
            ProtocolError: Nobody asked, or the size is not what was asked for.
        """
        waiting = self._waiting
        if not isinstance(waiting, Peek):
            raise ProtocolError("FunctionalData came without a FunctionalRead")
        sizes = [each.size_bytes for each in waiting.ranges]
        if sum(sizes) != len(data):
            raise ProtocolError(
                "FunctionalData has the wrong size",
                expected=f"{sum(sizes)} bytes",
                got=f"{len(data)} bytes",
            )
        whole = np.frombuffer(data, np.uint8)
        ends = np.cumsum(sizes)
        return self._advance(
            [whole[end - size : end] for size, end in zip(sizes, ends, strict=True)]
        )

    def close(self) -> None:
        """Leave the command without ending it."""
        if self._generator is not None:
            self._generator.close()
        self._detach()

    def _advance(self, value: object) -> Answer:
        generator = self._generator
        if generator is None:
            raise ProtocolError("a command goes on that never began")
        while True:
            self._waiting = None
            try:
                yielded = generator.send(value)
            except StopIteration:
                return self._end()
            self._waiting = yielded
            if isinstance(yielded, Peek):
                return self._peek(yielded)
            handles = self._handles(yielded)
            self._recorder.wait(handles)
            if not self._is_available(handles):
                return self._ask(handles)
            value = self._result()

    def _ask(self, handles: tuple[Handle, ...]) -> Actions:
        missing = [
            handle
            for handle in handles
            if any(node not in self._delivered for node in range(handle.first, handle.last))
        ]
        self._recorder.notify(dict.fromkeys(node for handle in missing for node in handle.ids))
        self._has_peeked = False
        return self._recorder.take(self.command_id, is_final=False)

    def _peek(self, peek: Peek) -> FunctionalRequest:
        if self._has_peeked:
            raise ModelError(f'model "{self._model.name}" peeks twice in one exchange')
        self._has_peeked = True
        return FunctionalRequest(peek.ranges)

    def _end(self) -> Actions:
        self.is_over = True
        self._detach()
        return self._recorder.take(self.command_id, is_final=True)

    def _detach(self) -> None:
        self._model._recorder = None  # noqa: SLF001 - the SDK's other half

    def _handles(self, yielded: object) -> tuple[Handle, ...]:
        if isinstance(yielded, Handle):
            return (yielded,)
        if isinstance(yielded, (list, tuple)) and all(isinstance(h, Handle) for h in yielded):
            return tuple(yielded)
        raise ModelError(
            f'execute of model "{self._model.name}" yielded what is no handle',
            expected="a handle of memory.read, memory.write or compute, or a list of them",
            got=repr(yielded)[:100],
        )

    def _is_available(self, handles: tuple[Handle, ...]) -> bool:
        if self._mode is ModelMode.KERNEL:
            return True
        delivered = self._delivered
        return all(
            node in delivered for handle in handles for node in range(handle.first, handle.last)
        )

    def _result(self) -> object:
        if isinstance(self._waiting, Handle):
            return self._data_of(self._waiting)
        return [self._data_of(handle) for handle in self._handles(self._waiting)]

    def _data_of(self, handle: Handle) -> Bytes | None:
        if handle.operand < 0:
            return None
        if self._mode is ModelMode.EXACT:
            pieces = [self._delivered[node] for node in range(handle.first, handle.last)]
            return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
        offset_bytes, row_bytes, rows, stride_bytes = handle.place
        first = self._operand_offsets[handle.operand] + offset_bytes
        if rows == 1:
            return self._snapshot[first : first + row_bytes]
        last = first + (rows - 1) * stride_bytes + row_bytes
        matrix = np.lib.stride_tricks.as_strided(
            self._snapshot[first:last], (rows, row_bytes), (stride_bytes, 1), writeable=False
        )
        return matrix.reshape(-1)

    def _take_snapshot(self, operand_data: bytes) -> None:
        expected_bytes = 0
        for operand in self._command.operands:
            self._operand_offsets.append(expected_bytes)
            expected_bytes += operand.size_bytes if operand.is_read else 0
        if self._mode is ModelMode.EXACT:
            expected_bytes = 0
        if len(operand_data) != expected_bytes:
            raise ProtocolError(
                "Launch carries the wrong number of operand bytes",
                expected=f"{expected_bytes} in mode {self._mode.name}",
                got=str(len(operand_data)),
            )
        self._snapshot = np.frombuffer(operand_data, np.uint8)

    def _check_status(self, completions: npt.NDArray[np.void]) -> None:
        failed = np.flatnonzero(completions["status"])
        if failed.size:
            raise ModelError(
                f'a transfer of command "{self._command.kernel}" met a bus error',
                where=f"node {int(completions['id'][failed[0]])}",
            )

    def _deliver(self, ids: npt.NDArray[np.uint32], data: bytes) -> None:
        known = len(self._recorder.read_bytes)
        if ids.size and int(ids.max()) >= known:
            raise ProtocolError(
                "an Event completes an unknown node",
                expected=f"ids below {known}",
                got=str(int(ids.max())),
            )
        sizes = np.array(self._recorder.read_bytes, np.int64)[ids]
        if int(sizes.sum()) != len(data):
            raise ProtocolError(
                "an Event carries the wrong number of bytes",
                expected=f"{int(sizes.sum())} for the READ nodes among {ids.size} completions",
                got=str(len(data)),
            )
        whole = np.frombuffer(data, np.uint8)
        ends = np.cumsum(sizes)
        for position in np.flatnonzero(sizes).tolist():
            end = int(ends[position])
            begin = end - int(sizes[position])
            node = int(ids[position])
            if node in self._delivered:
                raise ProtocolError("an Event completes a node twice", got=str(node))
            self._delivered[node] = whole[begin:end]


def _place(function: Callable[..., object]) -> str:
    """Return where a model's method is defined."""
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else ""
