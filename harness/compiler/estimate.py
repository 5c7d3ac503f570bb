"""An estimate of the time that a tiling takes; only ever used to choose between tilings.

Commands are submitted one after the other into rings of limited depth, accelerators take theirs in
order, and one command loads, computes and stores without overlap. Transfers of all accelerators
share bus and DRAM. Host copies come before and after. The cycles are those of a MAC array as the
description gives it: `pe_count` filters or neurons at once, each reducing `macs_per_pe` channels,
fed by a port of `lanes` elements per cycle; all other kernels pass `lanes` elements per step.

Sources: loop order of SMAUG 8fd68e6, convolution_simd.c, matrix_multiply.c, pooling.c and
batch_norm.c (smaug/operators/smv/kernels), without its constants; prices in `costs.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.compiler.placement import View, copied_roles
from harness.compiler.spans import round_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.compiler.limits import Limits
    from harness.compiler.smaug_search import Shape
    from harness.compiler.tile_plan import TileCommand, TilePlan

STEPS_PER_VECTOR = 4
"""Cycles per vector of kernels without reuse: batch norm's subtract, two multiplies and an add."""


def conv2d_cycles(
    filters: int, taps: int, channels: int, rows: int, columns: int, limits: Limits
) -> int:
    """Return the cycles of one invocation: every output row passes the array per block and tap."""
    costs = limits.costs
    groups = max(1, limits.channels_step // costs.lanes)
    passes = -(-filters // limits.kernels_step) * taps * -(-channels // limits.channels_step)
    weights = min(limits.kernels_step, filters) * min(groups, -(-channels // costs.lanes))
    return passes * (rows * (columns * groups + costs.fill_cycles) + weights + costs.fill_cycles)


def mat_mul_cycles(rows: int, neurons: int, channels: int, limits: Limits) -> int:
    """Return the cycles of one invocation: every vector of weights is read once per input row."""
    costs = limits.costs
    vectors = neurons * -(-channels // costs.lanes)
    blocks = -(-neurons // limits.kernels_step)
    return costs.fill_cycles + rows * (vectors + costs.fill_cycles * blocks)


def window_cycles(output: Shape, window: int, limits: Limits) -> int:
    """Return the cycles of a pooling: per vector of results, its window is read and it is written.

    With a window of 0 elements it is a kernel that passes each vector once.
    """
    vectors = math.prod(output[:-1]) * -(-output[-1] // limits.costs.lanes)
    return limits.costs.fill_cycles + vectors * (window + 1 if window else STEPS_PER_VECTOR)


def plan_ticks(plan: TilePlan, shapes: Mapping[str, Shape], limits: Limits) -> int:
    """Return the estimated time of a plan, from the first copy to the last."""
    timeline = _Timeline(limits)
    sizes = {
        role: [_tile_bytes(region.shape, limits) for region in regions]
        for role, regions in plan.tiles.items()
    }
    known: dict[object, int] = {}
    for command in plan.commands:
        moved = tuple(
            sizes[use.role][use.tile] for use in command.operands if use.is_read or use.is_written
        )
        cycles = _cycles(plan, command, limits)
        key = (moved, cycles)
        if key not in known:
            known[key] = sum(map(limits.costs.transfer_ticks, moved))
        timeline.add(command.item, known[key] + cycles * limits.costs.cycle_ticks, sum(moved))
    return timeline.end_ticks() + _copy_ticks(plan, shapes, limits)


def shared_ticks(cycles: int, moved_bytes: int, commands: int, items: int, limits: Limits) -> int:
    """Return the time of equal work items spread over the accelerators, without copies.

    Args:
        cycles: Of all commands.
        moved_bytes: By all commands.
        commands: How many there are.
        items: Work items that they form.
        limits: The accelerator's.
    """
    costs, accelerators = limits.costs, limits.reuse.accelerators
    work = cycles * costs.cycle_ticks + costs.transfer_ticks(moved_bytes)
    work += 2 * commands * costs.piece_ticks
    share = -(-work // items) * -(-items // accelerators)
    used = min(items, accelerators)
    share = max(share, commands * costs.submit_ticks)
    return _contended(share, moved_bytes, used, limits) + costs.submit_ticks * used


def _contended(ticks: int, moved_bytes: int, accelerators: int, limits: Limits) -> int:
    """Return the time of accelerators that work side by side and share bus and DRAM.

    Transfers of one fall into computations of another neither always nor never: half of the shorter
    of the two, the longest share and all transfers at the full rate, counts besides the longer.
    """
    if accelerators == 1:
        return ticks
    shared = moved_bytes * limits.costs.shared_kib_ticks // 1024
    return max(ticks, shared) + min(ticks, shared) // 2


@dataclass
class _Timeline:
    """When commands are submitted and when accelerators are free again."""

    limits: Limits
    submitted: int = 0
    moved_bytes: int = 0
    ends: dict[int, list[int]] = field(default_factory=dict)

    def add(self, item: int, ticks: int, moved_bytes: int) -> None:
        costs, accelerators = self.limits.costs, self.limits.reuse.accelerators
        ends = self.ends.setdefault(item % accelerators, [])
        if len(ends) >= costs.queue_depth:
            self.submitted = max(self.submitted, ends[-costs.queue_depth])
        self.submitted += costs.submit_ticks
        free = ends[-1] if ends else 0
        ends.append(max(free, self.submitted + costs.start_ticks) + ticks)
        self.moved_bytes += moved_bytes

    def end_ticks(self) -> int:
        costs = self.limits.costs
        last = max((ends[-1] for ends in self.ends.values()), default=0)
        return _contended(last, self.moved_bytes, len(self.ends), self.limits) + costs.end_ticks


def _cycles(plan: TilePlan, command: TileCommand, limits: Limits) -> int:
    shapes = {use.role: plan.tiles[use.role][use.tile].shape for use in command.operands}
    numbers = command.attributes
    if plan.kernel == "conv2d":
        _, kernel_rows, kernel_columns, channels = shapes["weights"]
        batch, rows, columns, _ = shapes["output"]
        taps = kernel_rows * kernel_columns
        filters = numbers["kernel_count"]
        return conv2d_cycles(filters, taps, channels, batch * rows, columns, limits)
    if plan.kernel == "mat_mul":
        neurons, channels = shapes["weights"]
        return mat_mul_cycles(shapes["input"][0], neurons, channels, limits)
    if "pool_h" in numbers:
        output = (*shapes["output"][:-1], shapes["input"][-1])
        return window_cycles(output, numbers["pool_h"] * numbers["pool_w"], limits)
    return window_cycles(shapes["output"], 0, limits)


def _copy_ticks(plan: TilePlan, shapes: Mapping[str, Shape], limits: Limits) -> int:
    views = {
        role: View(shape, limits.element_bytes, limits.alignment) for role, shape in shapes.items()
    }
    copied = copied_roles(views, dict(plan.tiles), line_bytes=limits.line_bytes, is_smaug=False)
    ticks = 0
    for role, view in views.items():
        for region, is_copy in zip(plan.tiles[role], copied[role], strict=True):
            if is_copy:
                ticks += copy_ticks(
                    view.tile_bytes(region), math.prod(view.copy_runs(region)[0][:-1]), limits
                )
    return ticks


def copy_ticks(size_bytes: int, runs: int, limits: Limits) -> int:
    """Return the time of a strided copy of so many contiguous runs."""
    lines = -(-size_bytes // limits.line_bytes)
    return lines * limits.costs.copy_line_ticks + runs * limits.costs.copy_run_ticks


def _tile_bytes(shape: tuple[int, ...], limits: Limits) -> int:
    last = round_up(shape[-1], limits.alignment)
    return math.prod(shape[:-1]) * last * limits.element_bytes
