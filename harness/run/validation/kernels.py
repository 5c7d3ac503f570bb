"""Compares a model's cycles per invocation with measured ones, without a SoC around it.

Each row of the file becomes a command of the kernel contract, with operands of zeros; the model
answers in KERNEL mode and the cycles of its COMPUTE nodes are summed. The reference counts cycles
in which a functional unit is active: total - idle + upsampled, in the columns of the file.
"""

from __future__ import annotations

import csv
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

import numpy as np

from harness.base.errors import ValidationError
from harness.bridge.descriptor import Command, encode_command
from harness.bridge.in_process import connect_in_process
from harness.bridge.ipc import connect_ipc
from harness.bridge.load import is_program
from harness.bridge.messages import DeviceWindow, HelloParameters, ModelMode
from harness.bridge.records import NODE_DTYPE, NodeKind
from harness.bridge.shared_object import connect_shared_object, is_shared_object
from harness.run.validation.kernel_rows import command_of_row, filling_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.bridge.connection import ModelConnection
    from harness.bridge.messages import Actions

ROW_LIMIT = 0.05
"""A row that is off by more is listed; the mean over all rows may not be."""

TOTAL_LIMIT = 0.03
"""A network's total may not be off by more."""

DEFAULT_MODEL = "vector_mac"
"""The model of the accelerator that the measured rows come from."""

_WINDOW_BYTES = 1 << 30


class LaunchesCommands(Protocol):
    """The part of a model connection that this needs."""

    def reset(self, windows: Sequence[DeviceWindow]) -> None:
        """Start a run whose operands lie in these windows."""

    def launch(self, instance: int, tick: int, command: bytes, operand_data: bytes) -> Actions:
        """Send one command and return the model's answer."""


@dataclass(frozen=True)
class KernelRow:
    """One invocation: measured and modelled cycles."""

    network: str
    invocation: int
    kernel: str
    parameters: str
    expected_cycles: int
    got_cycles: int

    @property
    def error(self) -> float:
        """Signed error as a fraction of the measured cycles."""
        return self.got_cycles / self.expected_cycles - 1


@dataclass(frozen=True)
class KernelTotal:
    """Sums over some rows."""

    name: str
    invocations: int
    expected_cycles: int
    got_cycles: int
    mean_error: float

    @property
    def error(self) -> float:
        """Signed error of the sum as a fraction."""
        return self.got_cycles / self.expected_cycles - 1


@dataclass(frozen=True)
class KernelReport:
    """What the comparison found."""

    rows: tuple[KernelRow, ...]
    networks: tuple[KernelTotal, ...] = field(default=())
    kernels: tuple[KernelTotal, ...] = field(default=())

    @property
    def differing(self) -> tuple[KernelRow, ...]:
        """Rows off by more than the limit."""
        return tuple(row for row in self.rows if abs(row.error) > ROW_LIMIT)

    @property
    def mean_error(self) -> float:
        """Mean of the rows' errors without their signs."""
        return sum(abs(row.error) for row in self.rows) / len(self.rows)

    @property
    def worst_error(self) -> float:
        """Largest of the rows' errors without their signs."""
        return max(abs(row.error) for row in self.rows)

    @property
    def is_within(self) -> bool:
        """Whether the mean and each network's total stay within the limits."""
        totals_pass = all(abs(total.error) <= TOTAL_LIMIT for total in self.networks)
        return self.mean_error <= ROW_LIMIT and totals_pass

    def lines(self) -> list[str]:
        """Return the report as text: differing rows, totals, verdict."""
        text = [
            f"{row.network} #{row.invocation} {row.kernel} {row.parameters}: "
            f"expected {row.expected_cycles} cycles, got {row.got_cycles} ({row.error:+.1%})"
            for row in self.differing
        ]
        text += [
            f"{total.name}: {total.invocations} invocations, expected {total.expected_cycles} "
            f"cycles, got {total.got_cycles} ({total.error:+.2%}, mean {total.mean_error:.2%})"
            for total in (*self.networks, *self.kernels)
        ]
        verdict = "passed" if self.is_within else "FAILED"
        text.append(
            f"{verdict}: {len(self.rows)} rows, mean error {self.mean_error:.2%} (limit "
            f"{ROW_LIMIT:.0%}), worst {self.worst_error:.2%}; limit of totals {TOTAL_LIMIT:.0%}"
        )
        return text


def validate(path: Path, model: str = DEFAULT_MODEL) -> KernelReport:
    """Compare all rows of a file with what a model says.

    Args:
        path: CSV file with columns network, invocation, kernel, cycles_total, cycles_upsampled,
            idle_fu_cycles and params.
        model: Reference of the model; Python models and shared objects run in this process.

    Raises:
        ValidationError: The file cannot be read, or a row is malformed.
        BridgeError: There is no such model, or it fails.
    """
    with ExitStack() as stack:
        connection = _connect(model, stack)
        stack.callback(connection.abort)
        return compare_kernels(path, connection)


def _connect(model: str, stack: ExitStack) -> ModelConnection:
    hello = HelloParameters(mode=ModelMode.KERNEL)
    if is_shared_object(model):
        return connect_shared_object(model, hello)
    if is_program(model):
        directory = Path(stack.enter_context(TemporaryDirectory()))
        return connect_ipc(model, hello, directory)
    return connect_in_process(model, hello)


def compare_kernels(path: Path, connection: LaunchesCommands) -> KernelReport:
    """Compare all rows of a file with what the model behind a KERNEL mode connection says."""
    connection.reset([DeviceWindow("operands", _WINDOW_BYTES, is_writable=True)])
    rows = tuple(_compare(row, f"{path}:{line}", connection) for line, row in _read(path))
    if not rows:
        raise ValidationError("the file of kernel cycles has no rows", where=str(path))
    networks = dict.fromkeys(row.network for row in rows)
    kernels = dict.fromkeys(row.kernel for row in rows)
    return KernelReport(
        rows,
        tuple(_total(name, [row for row in rows if row.network == name]) for name in networks),
        tuple(_total(name, [row for row in rows if row.kernel == name]) for name in kernels),
    )


def _read(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(enumerate(csv.DictReader(file), start=2))
    except (OSError, UnicodeDecodeError) as error:
        raise ValidationError(f"cannot read {path}: {error}") from error


def _compare(row: dict[str, str], where: str, model: LaunchesCommands) -> KernelRow:
    try:
        counts = [int(row[name]) for name in ("cycles_total", "idle_fu_cycles", "cycles_upsampled")]
        command = command_of_row(row["kernel"], row["params"], where)
        active = counts[0] - counts[1] + counts[2]
        if active <= 0:
            raise ValidationError("a row has no active cycles", where=where)
        return KernelRow(
            network=row["network"],
            invocation=int(row["invocation"]),
            kernel=row["kernel"],
            parameters=row["params"],
            expected_cycles=active,
            got_cycles=_cycles(command, model),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValidationError(f"malformed row: {error}", where=where) from error


def _cycles(command: Command, model: LaunchesCommands) -> int:
    """Return the command's cycles, after a like command has filled what it finds in scratchpads."""
    filling = filling_command(command)
    if filling is not None:
        _launch(filling, model)
    nodes = np.frombuffer(_launch(command, model).nodes, NODE_DTYPE)
    return int(nodes["value"][nodes["kind"] == NodeKind.COMPUTE].sum())


def _launch(command: Command, model: LaunchesCommands) -> Actions:
    read_bytes = sum(operand.size_bytes for operand in command.operands if operand.is_read)
    return model.launch(0, 0, encode_command(command), bytes(read_bytes))


def _total(name: str, rows: list[KernelRow]) -> KernelTotal:
    return KernelTotal(
        name=name,
        invocations=len(rows),
        expected_cycles=sum(row.expected_cycles for row in rows),
        got_cycles=sum(row.got_cycles for row in rows),
        mean_error=sum(abs(row.error) for row in rows) / len(rows),
    )
