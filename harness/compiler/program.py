"""The compiled network, as every backend's host walks it; `program.proto` is its file form.

A `Program` is frozen: tables of windows, buffers, copies, ranges, commands and CPU operators, and
one list of steps in the order in which the dispatching thread takes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from harness.base.location import UNKNOWN_LOCATION, SourceLocation


class Assignment(IntEnum):
    """How work items are given to accelerators."""

    ROUND_ROBIN = 1
    DYNAMIC = 2


@dataclass(frozen=True, slots=True)
class Window:
    """A contiguous block of device-visible memory; its index is the window id."""

    name: str
    size_bytes: int
    is_writable: bool
    initial: bytes = b""


@dataclass(frozen=True, slots=True)
class Buffer:
    """A range of a window, aligned to the cache line; the last dimension's padding is included."""

    name: str
    window: int
    offset_bytes: int
    size_bytes: int
    dtype: str
    layout: str
    shape: tuple[int, ...]
    storage_shape: tuple[int, ...]
    tensor: str


@dataclass(frozen=True, slots=True)
class OperatorInfo:
    """What steps belong to, for reports and errors."""

    name: str
    op: str
    macs: int
    is_accelerated: bool
    location: SourceLocation = UNKNOWN_LOCATION


@dataclass(frozen=True, slots=True)
class Copy:
    """A strided copy between two buffers: at most 6 extents, the innermost in contiguous bytes."""

    source_buffer: int
    source_offset_bytes: int
    destination_buffer: int
    destination_offset_bytes: int
    extents: tuple[int, ...]
    source_strides_bytes: tuple[int, ...]
    destination_strides_bytes: tuple[int, ...]

    @property
    def runs(self) -> int:
        """Number of contiguous runs (calls of memcpy)."""
        runs = 1
        for extent in self.extents[:-1]:
            runs *= extent
        return runs

    @property
    def size_bytes(self) -> int:
        """Bytes moved."""
        return self.runs * self.extents[-1]


@dataclass(frozen=True, slots=True)
class MemoryRange:
    """A byte range of a window that is flushed or invalidated, and the buffer it belongs to."""

    window: int
    offset_bytes: int
    size_bytes: int
    buffer: int


@dataclass(frozen=True, slots=True)
class CpuOperator:
    """Work of `harness/kernels`; buffers carry shapes, `attributes` are the routine's numbers."""

    routine: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    attributes: tuple[float, ...] = ()
    is_reorder: bool = False


@dataclass(frozen=True, slots=True)
class Prepare:
    """Scatter tensors into tiles: copies[first:first+count]."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Flush:
    """Write dirty lines back and drop them: ranges[first:first+count]."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Invoke:
    """Submit one command to the accelerator of its work item."""

    item: int
    command: int
    item_in_operator: int
    is_last_of_item: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """Block until work items [first, first+count) have ended."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Invalidate:
    """Drop lines: ranges[first:first+count]."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Finalize:
    """Gather tiles into tensors: copies[first:first+count]."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class RunOnCpu:
    """Run cpu_operators[index] on the dispatching thread."""

    index: int


Action = Prepare | Flush | Invoke | Wait | Invalidate | Finalize | RunOnCpu


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the dispatching thread; it starts when reached and `depends_on` have ended."""

    operator: int
    action: Action
    depends_on: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """Everything a host needs to run one inference.

    `commands` are encoded descriptors (proto/README.md section 6). `input_buffers` and
    `output_buffers` are indices in the network's own order.
    """

    name: str
    policy: str
    line_bytes: int
    assignment: Assignment
    windows: tuple[Window, ...]
    buffers: tuple[Buffer, ...]
    operators: tuple[OperatorInfo, ...]
    copies: tuple[Copy, ...]
    ranges: tuple[MemoryRange, ...]
    commands: tuple[bytes, ...]
    cpu_operators: tuple[CpuOperator, ...]
    steps: tuple[Step, ...]
    input_buffers: tuple[int, ...]
    output_buffers: tuple[int, ...]
    notes: tuple[str, ...] = field(default=())
