"""Records the graph of one command, node by node, with the dependences that `yield` implies.

The same calls record the same work nodes in every mode; only NOTIFY nodes differ.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from harness.base.errors import ModelError
from harness.bridge.messages import Actions
from harness.bridge.records import FIRST_NOTIFY_ID, NODE_STRUCT, NodeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

_pack = NODE_STRUCT.pack
_READ = int(NodeKind.READ)
_FENCE = int(NodeKind.FENCE)
_NOTIFY = int(NodeKind.NOTIFY)
_WIDE_BARRIER = 4
"""From this many waited-for nodes on, one FENCE stands for them all."""


class Handle:
    """A node, or the pieces of one transfer: name it in `after`, or `yield` it for its data."""

    __slots__ = ("age", "first", "ids", "is_waited_for", "last", "operand", "place")

    def __init__(self, ids: tuple[int, ...], age: int) -> None:
        self.ids = ids
        """What to depend on."""
        self.age = age
        """How many waits the generator had behind it when the node was created."""
        self.is_waited_for = False
        """Whether everything new depends on it already."""
        self.operand = -1
        """Index of the operand that a read reads; -1 if there is no data."""
        self.first = self.last = 0
        """Ids of the first and one past the last node of a read."""
        self.place = (0, 0, 1, 0)
        """A read's offset in the operand, bytes per row, rows, stride."""


class GraphRecorder:
    """Collects nodes, dependences and data of one command until they are sent."""

    def __init__(self) -> None:
        self.next_id = 0
        self.read_bytes: list[int] = []
        """Bytes that each node reads; the index is the node's id."""
        self._nodes: list[bytes] = []
        self._dependences: list[int] = []
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._notify_id = FIRST_NOTIFY_ID
        self._age = 0
        self._barrier: tuple[int, ...] = ()
        self._barrier_ages: tuple[int, ...] = ()
        """For each node of the barrier, the age from which on new nodes depend on it."""

    def add(  # noqa: PLR0913 - one argument per field of the record
        self,
        kind: int,
        after: Handle | Iterable[Handle],
        interface: int = 0,
        stream: int = 0,
        unit: int = 0,
        address: int = 0,
        value: int = 0,
        row_bytes: int = 0,
        rows: int = 0,
        stride_bytes: int = 0,
        operand: int = 0,
        data: bytes | bytearray | memoryview | None = None,
    ) -> int:
        """Add a work node and return its id."""
        depends_on = self._depends_on(after)
        first = len(self._dependences)
        self._dependences += depends_on
        node = self.next_id
        data_offset = 0
        if data is not None:
            data_offset = self._data_bytes
            self._data.append(bytes(data))
            self._data_bytes += len(data)
        self._nodes.append(
            _pack(
                node,
                kind,
                interface,
                stream,
                unit,
                address,
                value,
                row_bytes,
                rows,
                stride_bytes,
                data_offset,
                first,
                len(depends_on),
                operand,
                0,
            )
        )
        self.read_bytes.append(row_bytes * rows if kind == _READ else 0)
        self.next_id = node + 1
        return node

    def handle(self, ids: tuple[int, ...]) -> Handle:
        """Return a handle on nodes just added."""
        return Handle(ids, self._age)

    def join(self, ids: Iterable[int]) -> int:
        """Add a FENCE that ends when all of these nodes have ended; it takes no time."""
        first = len(self._dependences)
        self._dependences += ids
        node = self.next_id
        count = len(self._dependences) - first
        self._nodes.append(_pack(node, _FENCE, 0, 0, 0, 0, 0, 0, 0, 0, 0, first, count, 0, 0))
        self.read_bytes.append(0)
        self.next_id = node + 1
        return node

    def wait(self, handles: tuple[Handle, ...]) -> None:
        """Make everything that is added from now on depend on these handles."""
        if len(handles) == 1 and handles[0].age == self._age and not handles[0].is_waited_for:
            # The usual case: the handle depends on all that was waited for before.
            handles[0].is_waited_for = True
            self._age += 1
            self._barrier = handles[0].ids
            self._barrier_ages = (self._age,) * len(self._barrier)
            return
        waited = [handle for handle in handles if not handle.is_waited_for]
        if not waited:
            return
        youngest = max(handle.age for handle in waited)
        new = dict.fromkeys(node for handle in waited for node in handle.ids)
        kept = [
            (node, age)
            for node, age in zip(self._barrier, self._barrier_ages, strict=True)
            if age > youngest and node not in new
        ]
        for handle in waited:
            handle.is_waited_for = True
        self._age += 1
        self._barrier = (*(node for node, _ in kept), *new)
        self._barrier_ages = (*(age for _, age in kept), *(self._age for _ in new))

    def notify(self, ids: Iterable[int]) -> None:
        """Ask to be told when all of these nodes have ended."""
        first = len(self._dependences)
        self._dependences += ids
        count = len(self._dependences) - first
        self._nodes.append(
            _pack(self._notify_id, _NOTIFY, 0, 0, 0, 0, 0, 0, 0, 0, 0, first, count, 0, 0)
        )
        self._notify_id += 1

    def take(self, command_id: int, *, is_final: bool) -> Actions:
        """Return what was recorded since the last call, ready to be sent."""
        actions = Actions(
            nodes=b"".join(self._nodes),
            node_count=len(self._nodes),
            dependences=struct.pack(f"<{len(self._dependences)}I", *self._dependences),
            data=b"".join(self._data),
            is_final=is_final,
            command_id=command_id,
        )
        self._nodes, self._dependences, self._data, self._data_bytes = [], [], [], 0
        return actions

    def _depends_on(self, after: Handle | Iterable[Handle]) -> tuple[int, ...]:
        if isinstance(after, Handle) and after.age == self._age:
            return after.ids
        if len(self._barrier) > _WIDE_BARRIER:
            self._barrier = (self.join(self._barrier),)
            self._barrier_ages = (max(self._barrier_ages),)
        if isinstance(after, Handle):
            return (*after.ids, *self._barrier_beyond(after.age, after.ids))
        if not after:
            return self._barrier
        handles = tuple(after)
        for handle in handles:
            if not isinstance(handle, Handle):
                raise ModelError(
                    "`after` takes handles, such as those of memory.read and compute",
                    got=repr(handle)[:100],
                )
        if not handles:
            return self._barrier
        ids = tuple(dict.fromkeys(node for handle in handles for node in handle.ids))
        return (*ids, *self._barrier_beyond(max(handle.age for handle in handles), ids))

    def _barrier_beyond(self, age: int, ids: tuple[int, ...]) -> list[int]:
        """Return the waited-for nodes that a node of this age does not depend on already."""
        return [
            node
            for node, added in zip(self._barrier, self._barrier_ages, strict=True)
            if added > age and node not in ids
        ]
