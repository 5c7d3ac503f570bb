"""Last pass: copies, flushes, commands and steps in the order of the dispatching thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.bridge.descriptor import Command, Operand, encode_command
from harness.compiler.cpu_routines import (
    fused_activation,
    routine_attributes,
    routine_of,
)
from harness.compiler.draft import WEIGHTS, Draft, Place, PlacedOperation
from harness.compiler.fuse import activation_parameters
from harness.compiler.layout import FLAT_OPERATORS
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
    from collections.abc import Iterable, Mapping

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

_WINDOW_SHIFT = 40
"""Device addresses: window id above bit 40 (proto/README.md section 5.3)."""


class Schedule:
    """Grows the program's tables operation by operation."""

    def __init__(self, draft: Draft, target: Target, limits: Limits) -> None:
        self._draft = draft
        self._limits = limits
        accelerator = target.accelerator
        self._interfaces = {
            role: accelerator.interface_of(kind) for role, kind in OPERAND_CLASSES.items()
        }
        self._has_flushes = not target.dma.coherent
        self.operators: list[OperatorInfo] = []
        self.copies: list[Copy] = []
        self.ranges: list[MemoryRange] = []
        self.commands: list[bytes] = []
        self.cpu_operators: list[CpuOperator] = []
        self.steps: list[Step] = []
        self._items = 0
        for placed in draft.operations:
            self._add(placed)

    def _add(self, placed: PlacedOperation) -> None:
        operation = placed.operation
        self.operators.append(
            OperatorInfo(
                name=operation.name,
                op=operation.op,
                macs=operation.macs,
                is_accelerated=placed.plan is not None,
                location=operation.location,
            )
        )
        if placed.plan is not None:
            self._add_accelerated(placed, placed.plan)
        elif not placed.is_alias:
            self._add_cpu_operator(placed)

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

    def _add_accelerated(self, placed: PlacedOperation, plan: TilePlan) -> None:
        inputs = [role for role in placed.views if role != "output"]
        prepared = self._add_copies(placed, plan, inputs, is_prepare=True)
        if prepared[1]:
            self._step(Prepare(*prepared))
        used = {(use.role, use.tile) for command in plan.commands for use in command.operands}
        flushed = self._add_ranges(self._device_places(placed, (*inputs, "output"), used))
        if flushed[1]:
            self._step(Flush(*flushed))
        self._add_commands(placed, plan)
        invalidated = self._add_ranges(self._device_places(placed, ("output",), used))
        if invalidated[1]:
            self._step(Invalidate(*invalidated))
        finalized = self._add_copies(placed, plan, ["output"], is_prepare=False)
        if finalized[1]:
            self._step(Finalize(*finalized))

    def _step(self, action: Action) -> None:
        depends_on = (len(self.steps) - 1,) if self.steps else ()
        self.steps.append(Step(len(self.operators) - 1, action, depends_on))

    def _add_copies(
        self, placed: PlacedOperation, plan: TilePlan, roles: Iterable[str], *, is_prepare: bool
    ) -> tuple[int, int]:
        first = len(self.copies)
        for role in roles:
            view, tensor = placed.views[role], placed.tensors[role]
            for number, region in enumerate(plan.tiles[role]):
                if not placed.copied[role][number]:
                    continue
                extents, strides, dense = view.copy_runs(region)
                tile, offset = placed.places[role][number].buffer, view.offset_bytes(region)
                if is_prepare:
                    self.copies.append(Copy(tensor, offset, tile, 0, extents, strides, dense))
                else:
                    self.copies.append(Copy(tile, 0, tensor, offset, extents, dense, strides))
        return first, len(self.copies) - first

    def _device_places(
        self, placed: PlacedOperation, roles: Iterable[str], used: set[tuple[str, int]]
    ) -> list[Place]:
        """Return what the device touches through a non-coherent port."""
        return [
            place
            for role in roles
            if self._has_flushes and self._interfaces[role] == "dma"
            for number, place in enumerate(placed.places[role])
            if (role, number) in used and self._draft.buffers[place.buffer].window != WEIGHTS
        ]

    def _add_ranges(self, places: Iterable[Place]) -> tuple[int, int]:
        """Append the lines of these places, those that touch joined."""
        first, line = len(self.ranges), self._limits.line_bytes
        merged: list[list[int]] = []
        for place in sorted(places, key=lambda p: (p.buffer, p.offset_bytes)):
            buffer = self._draft.buffers[place.buffer]
            begin = buffer.offset_bytes + place.offset_bytes
            end = -(-(begin + place.size_bytes) // line) * line
            begin -= begin % line
            if merged and merged[-1][0] == place.buffer and begin <= merged[-1][2]:
                merged[-1][2] = max(merged[-1][2], end)
            else:
                merged.append([place.buffer, begin, end])
        for index, begin, end in merged:
            window = self._draft.buffers[index].window
            self.ranges.append(MemoryRange(window, begin, end - begin, index))
        return first, len(merged)

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
