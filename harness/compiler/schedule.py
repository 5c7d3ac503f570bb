"""Last pass: copies, flushes, commands and steps in the order of the dispatching thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from harness.bridge.descriptor import Command, Operand, encode_command
from harness.compiler.coherence import Touched, marks, plan_maintenance
from harness.compiler.cpu_routines import (
    fused_activation,
    routine_attributes,
    routine_of,
)
from harness.compiler.draft import WEIGHTS, Draft, Place, PlacedOperation
from harness.compiler.fuse import activation_parameters
from harness.compiler.layout import FLAT_OPERATORS
from harness.compiler.lines import LineMap
from harness.compiler.program import (
    Action,
    Copy,
    CpuOperator,
    Finalize,
    Flush,
    Invalidate,
    Invoke,
    MemoryRange,
    OperatorInfo,
    Prepare,
    RunOnCpu,
    Step,
    Wait,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from harness.compiler.limits import Limits
    from harness.compiler.tile_plan import OperandUse, TileCommand, TilePlan
    from harness.target import Target

INTERFACE_CODES = {"dma": 1, "acp": 2, "cache": 3, "direct": 4}
OPERAND_CLASSES = {
    "input": "input",
    "other": "input",
    "weights": "weights",
    "bias": "weights",
    "output": "output",
}
"""Which class of `Target.accelerator.interfaces` an operand's role belongs to."""

_Row = TypeVar("_Row")

_WINDOW_SHIFT = 40
"""Device addresses: window id above bit 40 (proto/README.md section 5.3)."""


@dataclass(frozen=True)
class _Work:
    """What one operation moves: copies of prepare and finalize, and tiles that commands touch."""

    placed: PlacedOperation
    prepared: tuple[Copy, ...] = ()
    finalized: tuple[Copy, ...] = ()
    read: tuple[tuple[str, Place], ...] = ()
    written: tuple[tuple[str, Place], ...] = ()


class Schedule:
    """Grows the program's tables operation by operation."""

    def __init__(self, draft: Draft, target: Target, limits: Limits) -> None:
        self._draft = draft
        self._limits = limits
        accelerator = target.accelerator
        self._interfaces = {
            role: accelerator.interface_of(kind) for role, kind in OPERAND_CLASSES.items()
        }
        self.operators: list[OperatorInfo] = []
        self.copies: list[Copy] = []
        self.ranges: list[MemoryRange] = []
        self.commands: list[bytes] = []
        self.cpu_operators: list[CpuOperator] = []
        self.steps: list[Step] = []
        self._items = 0
        works = [self._work(placed) for placed in draft.operations]
        nothing: list[list[MemoryRange]] = [[] for _ in works]
        flushes, invalidates = (
            (nothing, nothing) if target.dma.coherent else self._maintenance(works)
        )
        for work, flushed, invalidated in zip(works, flushes, invalidates, strict=True):
            self._add(work, flushed, invalidated)

    def _work(self, placed: PlacedOperation) -> _Work:
        plan = placed.plan
        if plan is None:
            return _Work(placed)
        inputs = [role for role in placed.views if role != "output"]
        uses = [use for command in plan.commands for use in command.operands]
        read = {(use.role, use.tile) for use in uses if use.is_read}
        written = {(use.role, use.tile) for use in uses if use.is_written}
        return _Work(
            placed,
            tuple(_copies(placed, plan, inputs, is_prepare=True)),
            tuple(_copies(placed, plan, ["output"], is_prepare=False)),
            tuple((role, placed.places[role][tile]) for role, tile in sorted(read)),
            tuple((role, placed.places[role][tile]) for role, tile in sorted(written)),
        )

    def _maintenance(
        self, works: Sequence[_Work]
    ) -> tuple[list[list[MemoryRange]], list[list[MemoryRange]]]:
        """Return the ranges to flush and to invalidate, per operation."""
        draft = self._draft
        lines = LineMap.of(draft.windows, draft.buffers, self._limits.line_bytes)
        plan = plan_maintenance(
            [self._touched(work, lines) for work in works],
            lines.of_buffers(draft.of_value[name] for name in draft.input_values),
            lines.of_buffers(draft.of_value[name] for name in draft.output_values),
            lines.count,
        )
        written = [self._uncached(work.written) for work in works]
        places = [self._uncached((*work.read, *work.written)) for work in works]
        everywhere = [place for each in places for place in each]
        flushes: list[list[MemoryRange]] = []
        for each, needed, early in zip(places, plan.flushes, plan.early_flushes, strict=True):
            flushes.append(lines.ranges(each, marks(needed, lines.count)))
            if len(early):
                flushes[-1].extend(lines.ranges(everywhere, marks(early, lines.count)))
        invalidates = [
            lines.ranges(each, marks(needed, lines.count))
            for each, needed in zip(written, plan.invalidates, strict=True)
        ]
        return flushes, invalidates

    def _uncached(self, uses: Iterable[tuple[str, Place]]) -> list[Place]:
        """Return the tiles that the device touches past the caches; weights stay as loaded."""
        return [
            place
            for role, place in uses
            if self._interfaces[role] == "dma"
            and self._draft.buffers[place.buffer].window != WEIGHTS
        ]

    def _cached(self, uses: Iterable[tuple[str, Place]]) -> list[Place]:
        return [place for role, place in uses if self._interfaces[role] in ("acp", "cache")]

    def _touched(self, work: _Work, lines: LineMap) -> Touched:
        operation, of_value = work.placed.operation, self._draft.of_value
        if work.placed.plan is None:
            if work.placed.is_alias:
                return Touched()
            return Touched(
                reads=lines.of_buffers(of_value[name] for name in operation.inputs),
                writes=lines.of_buffers(of_value[name] for name in operation.outputs),
            )
        return Touched(
            reads=lines.read_by(work.prepared),
            writes=lines.written_by(work.prepared),
            device_reads=lines.of_places(self._uncached(work.read)),
            device_writes=lines.of_places(self._uncached(work.written)),
            cached_reads=lines.of_places(self._cached(work.read)),
            cached_writes=lines.of_places(self._cached(work.written)),
            late_reads=lines.read_by(work.finalized),
            late_writes=lines.written_by(work.finalized),
        )

    def _add(
        self, work: _Work, flushed: Sequence[MemoryRange], invalidated: Sequence[MemoryRange]
    ) -> None:
        placed, operation = work.placed, work.placed.operation
        self.operators.append(
            OperatorInfo(
                name=operation.name,
                op=operation.op,
                macs=operation.macs,
                is_accelerated=placed.plan is not None,
                location=operation.location,
            )
        )
        if placed.plan is None:
            if not placed.is_alias:
                self._add_cpu_operator(placed)
            return
        self._add_slice(Prepare, self.copies, work.prepared)
        self._add_slice(Flush, self.ranges, flushed)
        self._add_commands(placed, placed.plan)
        self._add_slice(Invalidate, self.ranges, invalidated)
        self._add_slice(Finalize, self.copies, work.finalized)

    def _add_cpu_operator(self, placed: PlacedOperation) -> None:
        operation, of_value = placed.operation, self._draft.of_value
        self.cpu_operators.append(
            CpuOperator(
                routine=routine_of(operation),
                inputs=tuple(of_value[name] for name in operation.inputs),
                outputs=tuple(of_value[name] for name in operation.outputs),
                attributes=routine_attributes(operation),
                is_reorder=operation.op in ("reorder", "reshape", "flatten"),
            )
        )
        self._step(RunOnCpu(len(self.cpu_operators) - 1))

    def _add_slice(
        self,
        action: type[Prepare | Flush | Invalidate | Finalize],
        table: list[_Row],
        rows: Sequence[_Row],
    ) -> None:
        if rows:
            table.extend(rows)
            self._step(action(len(table) - len(rows), len(rows)))

    def _step(self, action: Action) -> None:
        depends_on = (len(self.steps) - 1,) if self.steps else ()
        self.steps.append(Step(len(self.operators) - 1, action, depends_on))

    def _add_commands(self, placed: PlacedOperation, plan: TilePlan) -> None:
        fixed = self._fixed_attributes(placed)
        first_item, before = self._items, (len(self.steps) - 1,) if self.steps else ()
        operator = len(self.operators) - 1
        for index, command in enumerate(plan.commands):
            item = first_item + command.item
            descriptor = self._command(placed, plan, command, item, fixed)
            self.commands.append(encode_command(descriptor))
            follows = index + 1 < len(plan.commands)
            is_last = not follows or plan.commands[index + 1].item != command.item
            invoke = Invoke(item, len(self.commands) - 1, command.item, is_last)
            self.steps.append(Step(operator, invoke, before))
        self._items += plan.items
        self._step(Wait(first_item, plan.items))

    def _fixed_attributes(self, placed: PlacedOperation) -> dict[str, int | float]:
        operation = placed.operation
        if operation.op in FLAT_OPERATORS and operation.op not in ("add", "mul"):
            alpha, beta = activation_parameters(operation)
            return {"activation_alpha": alpha, "activation_beta": beta}
        code, alpha, beta = fused_activation(operation)
        fixed: dict[str, int | float] = {"activation": int(code)}
        if code > 1:
            fixed.update(activation_alpha=alpha, activation_beta=beta)
        if operation.op == "avg_pool2d":
            fixed["count_include_pad"] = int(operation.attributes["count_include_pad"] is True)
        return fixed

    def _command(
        self,
        placed: PlacedOperation,
        plan: TilePlan,
        command: TileCommand,
        item: int,
        fixed: Mapping[str, int | float],
    ) -> Command:
        operands = tuple(self._operand(placed, plan, use) for use in command.operands)
        attributes: dict[str, int | float] = {
            (f"load_{use.role}" if use.role != "output" else "store_output"): int(
                use.is_read or use.is_written
            )
            for use in command.operands
        }
        attributes.update(command.attributes)
        attributes.update(fixed)
        return Command(plan.kernel, item, operands, attributes)

    def _operand(self, placed: PlacedOperation, plan: TilePlan, use: OperandUse) -> Operand:
        place = placed.places[use.role][use.tile]
        buffer = self._draft.buffers[place.buffer]
        region = plan.tiles[use.role][use.tile]
        return Operand(
            name=use.role,
            address=(buffer.window << _WINDOW_SHIFT) + buffer.offset_bytes + place.offset_bytes,
            size_bytes=place.size_bytes,
            dtype=buffer.dtype,
            shape=region.storage_shape(self._limits.alignment),
            interface=INTERFACE_CODES[self._interfaces[use.role]],
            is_read=use.is_read,
            is_written=use.is_written,
        )


def _copies(
    placed: PlacedOperation, plan: TilePlan, roles: Iterable[str], *, is_prepare: bool
) -> Iterator[Copy]:
    for role in roles:
        view, tensor = placed.views[role], placed.tensors[role]
        for number, region in enumerate(plan.tiles[role]):
            if not placed.copied[role][number]:
                continue
            extents, strides, dense = view.copy_runs(region)
            tile, offset = placed.places[role][number].buffer, view.offset_bytes(region)
            if is_prepare:
                yield Copy(tensor, offset, tile, 0, extents, strides, dense)
            else:
                yield Copy(tile, 0, tensor, offset, extents, dense, strides)
