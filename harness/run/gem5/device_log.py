"""What the device wrote: commands, units, transfers and interrupts; the guest's marks."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.errors import StatsError
from harness.compiler.program import Invoke
from harness.run.gem5.binary_log import check_records, is_ordered, read_records, record_text
from harness.stats.timeline import NO_INDEX, TIMELINE_DTYPE, TimelineKind

if TYPE_CHECKING:
    from pathlib import Path

    from harness.compiler.program import Program
    from harness.stats.timeline import Timeline

    Marks = np.ndarray[Any, np.dtype[np.void]]

DEVICE_FILE = "device_timeline.bin"
MARKS_FILE = "marks.bin"
DEVICE_WHAT = "the device's timeline"
MARKS_WHAT = "the log of marks"

MARK_DTYPE = np.dtype([("tick", "<u8"), ("code", "<u8"), ("argument", "<u8")])
"""One write of the MARK register, 24 bytes."""


class Mark(IntEnum):
    """HARNESS_MARK_*."""

    CHECKPOINT = 1
    READY = 2
    BEGIN = 3
    END = 4
    EXIT = 5
    STEP = 6


DEVICE_KINDS = (
    TimelineKind.COMMAND,
    TimelineKind.UNIT,
    TimelineKind.TRANSFER,
    TimelineKind.INTERRUPT,
)


def read_marks(path: Path) -> Marks:
    """Read the log of marks.

    Raises:
        StatsError: The file is missing, cut off or not in the order of time.
    """
    marks = read_records(path, MARK_DTYPE, MARKS_WHAT)
    check_records(
        path, marks, np.isin(marks["code"], list(Mark)), f"{MARKS_WHAT}: unknown mark", "1 to 6"
    )
    good = is_ordered(marks["tick"])
    check_records(path, marks, good, f"{MARKS_WHAT} is out of order", "ticks that never decrease")
    return marks


def read_device_timeline(path: Path, program: Program, accelerators: int | None) -> Timeline:
    """Read the device's records and say which operator and command of the program they belong to.

    A record names its accelerator, its command's number there since the reset, and the work item.
    The k-th command of an item, over all inferences, is the k-th command of the program's item,
    modulo their number.

    Raises:
        StatsError: The file is missing, cut off, or contradicts the program.
    """
    records = read_records(path, TIMELINE_DTYPE, DEVICE_WHAT).copy()
    _check_fields(path, records, accelerators)
    is_numbered = records["command"] != NO_INDEX
    numbered = records[is_numbered]
    key = numbered["track"].astype(np.int64) << 32 | numbered["command"]
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    begins = np.full(len(first), np.iinfo(np.int64).max)
    np.minimum.at(begins, inverse, numbered["begin"].astype(np.int64))
    items = numbered["item"][first].astype(np.int64)
    good = np.ones(len(records), dtype=bool)
    good[is_numbered] = numbered["item"] == items[inverse]
    check_records(path, records, good, f"{DEVICE_WHAT}: a command of two work items", "one item")
    rank = _ranks(items, begins, key[first])
    operators, commands = _places(path, numbered[first], program, rank)
    records["operator"][is_numbered] = operators[inverse]
    records["command"][is_numbered] = commands[inverse]
    return records


def _check_fields(path: Path, records: Timeline, accelerators: int | None) -> None:
    most = accelerators if accelerators is not None else 0xFFFF
    checks = (
        (np.isin(records["kind"], DEVICE_KINDS), "unknown kind of record", "a kind from 3 to 6"),
        (records["begin"] <= records["end"], "a record ends before it begins", "begin <= end"),
        (records["track"] < most, "no such accelerator", f"less than {most}"),
        (
            (records["command"] != NO_INDEX) | (records["kind"] == TimelineKind.INTERRUPT),
            "a record of no command",
            "the command's number",
        ),
    )
    for good, what, expected in checks:
        check_records(path, records, good, f"{DEVICE_WHAT}: {what}", expected)


def _ranks(items: Any, begins: Any, keys: Any) -> Any:
    """Return for each command how many of its item began before it."""
    order = np.lexsort((keys, begins, items))
    ordered = items[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    lengths = np.diff(np.concatenate([starts, [len(ordered)]]))
    rank = np.empty(len(items), dtype=np.int64)
    rank[order] = np.arange(len(items)) - np.repeat(starts, lengths)
    return rank


def _places(path: Path, samples: Timeline, program: Program, rank: Any) -> tuple[Any, Any]:
    """Return operator and program command of each command that the device numbered."""
    table = item_commands(program)
    operators = np.empty(len(samples), dtype=np.uint32)
    commands = np.empty(len(samples), dtype=np.uint32)
    for index, (item, position) in enumerate(
        zip(samples["item"].tolist(), rank.tolist(), strict=True)
    ):
        if item not in table:
            raise StatsError(
                f"{DEVICE_WHAT}: the program has no such work item",
                where=str(path),
                expected=f"less than {len(table)}",
                got=record_text(samples[index]),
            )
        operator, own = table[item]
        operators[index], commands[index] = operator, own[position % len(own)]
    return operators, commands


def item_commands(program: Program) -> dict[int, tuple[int, list[int]]]:
    """Return, by work item, its operator and the indices of its commands in their order."""
    table: dict[int, tuple[int, list[int]]] = {}
    for step in program.steps:
        if isinstance(step.action, Invoke):
            _, commands = table.setdefault(step.action.item, (step.operator, []))
            commands.append(step.action.command)
    return table
