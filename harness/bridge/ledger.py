"""The simulator's book on one running command: what the model may name, what it has sent.

Every Actions passes `CommandLedger.enter` before a simulator sees it; the checks are vectorised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from harness.base.errors import ProtocolError
from harness.bridge.records import (
    COMPLETION_BYTES,
    COMPLETION_DTYPE,
    FIRST_NOTIFY_ID,
    MAXIMUM_STREAMS,
    NODE_BYTES,
    NODE_DTYPE,
    NodeKind,
)

if TYPE_CHECKING:
    from harness.bridge.descriptor import Command
    from harness.bridge.messages import Actions

Mask = npt.NDArray[np.bool_]
Nodes = npt.NDArray[np.void]

# Plain numbers: numpy compares arrays with members of an enum several times slower.
_WRITE, _COMPUTE = int(NodeKind.WRITE), int(NodeKind.COMPUTE)
_SET_REGISTER, _NOTIFY = int(NodeKind.SET_REGISTER), int(NodeKind.NOTIFY)
_MAXIMUM_TRANSFER_BYTES = (1 << 32) - 1
_MAXIMUM_REREAD_BYTES = 1 << 26
"""A READ may pass over the same bytes again, but not more often than simulators can bear."""


class CommandLedger:
    """What one command's Actions may hold; entering them moves the book on."""

    def __init__(
        self, command: Command, command_id: int, unit_count: int, maximum_nodes: int
    ) -> None:
        self.command = command
        self.command_id = command_id
        self.is_final = False
        self._unit_count = unit_count
        self._maximum_nodes = maximum_nodes
        self._work_sent = 0
        self._notify_sent = 0
        self._events = 0
        operands = command.operands
        self._begin = np.array([each.address for each in operands], np.uint64)
        self._size = np.array([each.size_bytes for each in operands], np.uint64)
        self._interface = np.array([each.interface for each in operands], np.uint8)
        # Indexed by [is the node a WRITE, operand].
        self._right = np.array(
            [[each.is_read for each in operands], [each.is_written for each in operands]], np.bool_
        )

    def note_event(self) -> None:
        """Note that the model is told of an ended NOTIFY."""
        self._events += 1

    def enter(self, actions: Actions, tick: int) -> None:
        """Check Actions against the protocol and the command's bounds.

        Raises:
            ProtocolError: They break a rule of `proto/README.md`; the message names the node.
        """
        if self.is_final:
            raise self._error("Actions came after the final ones")
        if actions.command_id != self.command_id:
            raise self._error("Actions name another command", got=str(actions.command_id))
        self._check_sizes(actions)
        if actions.wake_tick and (actions.wake_tick <= tick or actions.is_final):
            raise self._error("the wake-up tick is not in the command's future")
        if actions.node_count:
            nodes = np.frombuffer(actions.nodes, NODE_DTYPE)
            dependences = np.frombuffer(actions.dependences, np.dtype("<u4"))
            self._check_nodes(nodes, len(actions.data))
            self._check_dependences(nodes, dependences)
        elif actions.dependences:
            raise self._error("dependences came without nodes")
        self.is_final = actions.is_final
        is_asking = actions.wake_tick or self._notify_sent > self._events
        if not self.is_final and not is_asking:
            raise self._error("the command waits for nothing and is not final")

    def _check_sizes(self, actions: Actions) -> None:
        if actions.node_count > self._maximum_nodes:
            raise self._error(
                "too many nodes", expected=f"at most {self._maximum_nodes}", got=actions.node_count
            )
        if len(actions.nodes) != actions.node_count * NODE_BYTES or len(actions.dependences) % 4:
            raise self._error(
                "the records do not have the size that their counts say",
                expected=f"{actions.node_count} x {NODE_BYTES} bytes",
                got=f"{len(actions.nodes)} bytes, {len(actions.dependences)} of dependences",
            )

    def _check_nodes(self, nodes: Nodes, data_bytes: int) -> None:
        kind = nodes["kind"]
        self._refuse(nodes, (kind < 1) | (kind > _NOTIFY), "kind", "a kind of v1")
        self._check_ids(nodes, kind == _NOTIFY)
        is_compute = kind == _COMPUTE
        is_write = kind == _WRITE
        is_register = kind == _SET_REGISTER
        is_transfer = kind <= _WRITE
        for name, is_used in (
            ("address", is_transfer | is_register),
            ("value", is_compute | is_register),
            ("unit", is_compute),
            ("data_offset", is_write),
        ):
            self._refuse(nodes, (nodes[name] != 0) & ~is_used, name, "0 in a node of this kind")
        self._refuse(nodes, nodes["flags"] != 0, "flags", "0")
        is_unknown = is_compute & (nodes["unit"] >= self._unit_count)
        self._refuse(nodes, is_unknown, "unit", f"below {self._unit_count}")
        if not is_transfer.all():
            others = nodes[~is_transfer]
            for name in ("interface", "stream", "row_bytes", "rows", "stride_bytes", "operand"):
                self._refuse(others, others[name] != 0, name, "0 in a node of this kind")
        if is_transfer.any():
            transfers = nodes[is_transfer]
            self._check_transfers(transfers, transfers["kind"] == _WRITE, data_bytes)

    def _check_ids(self, nodes: Nodes, is_notify: Mask) -> None:
        notify_ids = FIRST_NOTIFY_ID - 1 + self._notify_sent + np.cumsum(is_notify)
        work_ids = self._work_sent - 1 + np.cumsum(~is_notify)
        expected = np.where(is_notify, notify_ids, work_ids)
        self._refuse(nodes, nodes["id"] != expected, "id", "the next one of its kind")

    def _check_transfers(self, nodes: Nodes, is_write: Mask, data_bytes: int) -> None:
        operand = nodes["operand"]
        self._refuse(nodes, operand >= len(self._size), "operand", f"below {len(self._size)}")
        self._refuse(nodes, nodes["stream"] >= MAXIMUM_STREAMS, "stream", "below 16")
        wrong = nodes["interface"] != self._interface[operand]
        self._refuse(nodes, wrong, "interface", "the operand's")
        wrong = ~self._right[is_write.astype(np.intp), operand]
        self._refuse(nodes, wrong, "operand", "one that the command may read or write so")
        row_bytes = nodes["row_bytes"].astype(np.uint64)
        rows = nodes["rows"].astype(np.uint64)
        total_bytes = row_bytes * rows
        wrong = (total_bytes == 0) | (total_bytes > _MAXIMUM_TRANSFER_BYTES)
        self._refuse(nodes, wrong, "row_bytes", "1 to 2^32 - 1 bytes in all rows")
        wrong = total_bytes > np.maximum(self._size[operand], _MAXIMUM_REREAD_BYTES)
        self._refuse(nodes, wrong, "rows", "at most the operand's size, or 64 MiB, in all rows")
        extent = self._extents(nodes, rows, row_bytes, is_write)
        address, begin, size = nodes["address"], self._begin[operand], self._size[operand]
        # Unsigned: an address below the operand wraps to an offset beyond any size.
        wrong = (extent > size) | (address - begin > size - np.minimum(extent, size))
        self._refuse(nodes, wrong, "address", "a transfer inside its operand")
        offset = nodes["data_offset"]
        missing = (total_bytes > data_bytes) | (
            offset > data_bytes - np.minimum(total_bytes, data_bytes)
        )
        self._refuse(nodes, is_write & missing, "data_offset", f"within {data_bytes} bytes of data")

    def _extents(
        self,
        nodes: Nodes,
        rows: npt.NDArray[np.uint64],
        row_bytes: npt.NDArray[np.uint64],
        is_write: Mask,
    ) -> npt.NDArray[np.uint64]:
        """Return the bytes from each transfer's first to its last, free of overflow."""
        stride = nodes["stride_bytes"]
        self._refuse(nodes, (rows == 1) & (stride != 0), "stride_bytes", "0 for one row")
        if not stride.any():
            wrong = (rows > 1) & is_write
            self._refuse(nodes, wrong, "stride_bytes", "rows of a WRITE apart")
            return row_bytes
        wrong = is_write & (rows > 1) & (stride < row_bytes)
        self._refuse(nodes, wrong, "stride_bytes", "rows of a WRITE apart")
        size = self._size[nodes["operand"]]
        wrong = rows - 1 > size // np.maximum(stride, 1)
        self._refuse(nodes, wrong, "stride_bytes", "a transfer inside its operand")
        extents: npt.NDArray[np.uint64] = (rows - 1) * stride + row_bytes
        return extents

    def _check_dependences(self, nodes: Nodes, dependences: npt.NDArray[np.uint32]) -> None:
        counts = nodes["dependences"].astype(np.int64)
        ends = np.cumsum(counts)
        if int(ends[-1]) != dependences.size:
            raise self._error(
                "the nodes name another number of dependences than was sent",
                expected=str(dependences.size),
                got=int(ends[-1]),
            )
        wrong = (counts != 0) & (nodes["first_dependence"] != ends - counts)
        self._refuse(nodes, wrong, "first_dependence", "back to back in the order of the nodes")
        is_notify = nodes["kind"] == _NOTIFY
        notify_ends = np.cumsum(is_notify)
        work_ends = np.arange(1, nodes.size + 1) - notify_ends
        if dependences.size:
            notify_limit = self._notify_sent + FIRST_NOTIFY_ID + notify_ends - is_notify
            work_limit = self._work_sent + work_ends - ~is_notify
            limit = np.where(
                dependences < FIRST_NOTIFY_ID,
                np.repeat(work_limit, counts),
                np.repeat(notify_limit, counts),
            )
            forward = np.flatnonzero(dependences >= limit)
            if forward.size:
                owner = int(np.searchsorted(ends, forward[0], side="right"))
                self._fail(
                    nodes,
                    owner,
                    "dependence",
                    "a node that came before it",
                    int(dependences[forward[0]]),
                )
        self._notify_sent += int(notify_ends[-1])
        self._work_sent += int(work_ends[-1])

    def _refuse(self, nodes: Nodes, wrong: Mask, field: str, expected: str) -> None:
        if wrong.any():
            first = int(wrong.argmax())
            self._fail(nodes, first, field, expected, int(nodes[field][first]))

    def _fail(self, nodes: Nodes, index: int, field: str, expected: str, got: int) -> None:
        raise ProtocolError(
            f"a node has a wrong {field}",
            where=f"node {int(nodes['id'][index])} of command {self.command_id} "
            f'("{self.command.kernel}")',
            expected=expected,
            got=str(got),
        )

    def _error(self, what: str, expected: str = "", got: object = "") -> ProtocolError:
        where = f'command {self.command_id} ("{self.command.kernel}")'
        return ProtocolError(what, where=where, expected=expected, got=str(got))


def parse_completions(records: bytes, tick: int) -> npt.NDArray[np.void]:
    """Return the completions of an Event, checked for what needs no knowledge of the command.

    Raises:
        ProtocolError: Their size, ticks or order break a rule of `proto/README.md`.
    """
    if len(records) % COMPLETION_BYTES:
        raise ProtocolError(
            "the completions of an Event are not whole records", got=f"{len(records)} bytes"
        )
    completions = np.frombuffer(records, COMPLETION_DTYPE)
    if not completions.size:
        return completions
    first, last = completions["first_tick"], completions["last_tick"]
    if (completions["issue_tick"] > first).any() or (first > last).any() or int(last.max()) > tick:
        raise ProtocolError("a completion's ticks do not ascend up to the Event's tick")
    if (completions["status"] > 1).any():
        raise ProtocolError("a completion has an unknown status")
    ids = completions["id"]
    if not ((last[:-1] < last[1:]) | ((last[:-1] == last[1:]) & (ids[:-1] < ids[1:]))).all():
        raise ProtocolError("completions are not in the order (end tick, node id)")
    return completions
