"""Which cache lines are flushed and invalidated around a device that does not see the caches.

With `dma.coherent = false` the device reads and writes memory below the point of coherency. To
flush every operand of every command is safe, and mostly idle work: a tensor that one command wrote
and the next one reads was never in a cache. This pass follows each line through the operators and
keeps what is needed:

- Flush before a command, of lines that it reads and a cache may hold dirty (memory is old), and of
  lines that it writes and a cache may hold at all (the copy would be old, or be written back over
  the result). A clean copy does not disturb a device that only reads.
- Invalidate after the wait, of results that are read through a cache before the device writes them
  again. The program itself left no copy there, but a cache may have fetched one on its own
  (prefetch, speculation) while the device worked.

A cache may hold what the host's steps touch (prepare, finalize, CPU operators), the network's
inputs, which the host writes at the begin, its outputs, which it reads at the end, and what the
device touches through a coherent interface where operands use different ones. Weights are flushed
when they are loaded and only read from then on. No line has two owners, so that what the host
writes is never part of a result of the device.

An inference follows an inference: caches hold at its begin what they held at the end of the one
before. What has to be flushed for that reason only is flushed by the first Flush of the program, as
no step in between touches it; so every other Flush is needed within a single inference, and leaving
it out shows as stale data there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.compiler.lines import Lines, Marks

_HELD, _DIRTY = 1, 2
_States = np.ndarray[Any, np.dtype[np.uint8]]


def _none() -> Lines:
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class Touched:
    """Lines that one operator touches, in the order of its steps.

    Attributes:
        reads: Host before the device: prepare, or a CPU operator.
        writes: Likewise.
        device_reads: Device, past the caches.
        device_writes: Likewise.
        cached_reads: Device, through a coherent interface.
        cached_writes: Likewise.
        late_reads: Host after the device: finalize.
        late_writes: Likewise.
    """

    reads: Lines = field(default_factory=_none)
    writes: Lines = field(default_factory=_none)
    device_reads: Lines = field(default_factory=_none)
    device_writes: Lines = field(default_factory=_none)
    cached_reads: Lines = field(default_factory=_none)
    cached_writes: Lines = field(default_factory=_none)
    late_reads: Lines = field(default_factory=_none)
    late_writes: Lines = field(default_factory=_none)


@dataclass(frozen=True)
class Maintenance:
    """Lines to flush before and to invalidate after the device's work, per operator.

    Attributes:
        flushes: Lines that accesses of the same inference make necessary.
        early_flushes: Lines that only the inference before makes necessary, at the operator whose
            Flush takes them: the first one.
        invalidates: Lines to invalidate.
    """

    flushes: tuple[Lines, ...]
    early_flushes: tuple[Lines, ...]
    invalidates: tuple[Lines, ...]


def plan_maintenance(
    operators: Sequence[Touched], inputs: Lines, outputs: Lines, count: int
) -> Maintenance:
    """Find the fewest lines to flush and to invalidate.

    Args:
        operators: What each operator touches, in program order.
        inputs: Lines that the host writes before the first operator.
        outputs: Lines that the host reads after the last one.
        count: Lines in all.
    """
    invalidates = _invalidates(operators, inputs, outputs, count)
    states = np.zeros(count, np.uint8)
    cold, states = _flushes(operators, invalidates, inputs, outputs, states)
    steady = cold
    while True:
        steady, end = _flushes(operators, invalidates, inputs, outputs, states)
        merged = np.maximum(states, end)
        if np.array_equal(merged, states):
            break
        states = merged
    only_steady = [np.setdiff1d(late, early) for late, early in zip(steady, cold, strict=True)]
    return Maintenance(tuple(cold), _gathered(cold, only_steady), tuple(invalidates))


def marks(lines: Lines, count: int) -> Marks:
    """Return a mark per line."""
    marked = np.zeros(count, np.bool_)
    marked[lines] = True
    return marked


def _flushes(
    operators: Sequence[Touched],
    invalidates: Sequence[Lines],
    inputs: Lines,
    outputs: Lines,
    begin: _States,
) -> tuple[list[Lines], _States]:
    """Return each operator's flush when caches hold `begin`, and what they hold at the end."""
    states = begin.copy()
    flushes: list[Lines] = []
    _touch(states, _none(), inputs)
    for operator, invalidated in zip(operators, invalidates, strict=True):
        _touch(states, operator.reads, operator.writes)
        old = operator.device_reads[states[operator.device_reads] == _DIRTY]
        copied = operator.device_writes[states[operator.device_writes] >= _HELD]
        flushes.append(np.union1d(old, copied))
        states[flushes[-1]] = 0
        _touch(states, operator.cached_reads, operator.cached_writes)
        states[invalidated] = 0
        _touch(states, operator.late_reads, operator.late_writes)
    _touch(states, outputs, _none())
    return flushes, states


def _touch(states: _States, reads: Lines, writes: Lines) -> None:
    states[reads] = np.maximum(states[reads], _HELD)
    states[writes] = _DIRTY


def _invalidates(
    operators: Sequence[Touched], inputs: Lines, outputs: Lines, count: int
) -> list[Lines]:
    """Return each operator's results that are read through a cache before they are rewritten."""
    is_read = marks(_none(), count)
    while True:
        begin = is_read.copy()
        is_read[outputs] = True
        found: list[Lines] = []
        for operator in reversed(operators):
            _read_before(is_read, operator.late_reads, operator.late_writes)
            found.append(np.unique(operator.device_writes[is_read[operator.device_writes]]))
            is_read[operator.device_writes] = False
            _read_before(is_read, operator.cached_reads, operator.cached_writes)
            _read_before(is_read, operator.reads, operator.writes)
        is_read[inputs] = False
        if np.array_equal(begin, is_read):
            return found[::-1]


def _read_before(is_read: Marks, reads: Lines, writes: Lines) -> None:
    is_read[writes] = False
    is_read[reads] = True


def _gathered(cold: Sequence[Lines], only_steady: Sequence[Lines]) -> tuple[Lines, ...]:
    """Move what the inference before makes necessary to the first Flush that can take it."""
    count = len(cold)
    first = next((i for i, lines in enumerate(cold) if len(lines)), count)
    earliest = next((i for i, lines in enumerate(only_steady) if len(lines)), count)
    gathered = [_none()] * count
    for index, lines in enumerate(only_steady):
        if len(lines):
            at = first if first <= index else earliest
            gathered[at] = np.union1d(gathered[at], lines)
    return tuple(gathered)
