"""Our tiling policy: never more bytes than policy smaug, and of those tilings the fastest.

Counted are the accelerator's loads and stores, weights included, and the copies of prepare and
finalize. Rows, columns, batch and channels may all be cut; a tile that is contiguous in its tensor
is used in place. What policy smaug's tiling moves, where there is one, is the limit: a tiling that
moves more is no candidate. Time is the estimate of `estimate.py`; equal ones move fewer bytes.
"""

from __future__ import annotations

import heapq
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from harness.base.errors import DoesNotFitError
from harness.compiler.estimate import plan_ticks
from harness.compiler.flat_plan import plan_flat
from harness.compiler.placement import View, copied_roles
from harness.compiler.smaug_search import Shape, Subject
from harness.compiler.smaug_search import storage_elements as stored
from harness.compiler.smaug_window import smaug_softmax
from harness.compiler.spans import ranges, round_up
from harness.compiler.tile_plan import Residency, TilePlan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from harness.compiler.limits import Limits

_Tiling = TypeVar("_Tiling")

Cuts = tuple[tuple[int, int], ...]
"""First and count of each range of channels."""

EXACT_CANDIDATES = 4
"""So many of the best by closed form are planned in full and compared exactly."""

MAXIMUM_LOOKS = 10
"""After so many, candidates that move too many bytes included, no more are planned."""

MAXIMUM_CUTS = 16
"""Up to this many parts are tried one by one, beyond it in powers of two."""


def tile_sizes(extent: int, step: int = 1) -> list[int]:
    """Return tile sizes worth trying along a dimension, the largest first, multiples of `step`."""
    parts = [*range(1, min(extent, MAXIMUM_CUTS) + 1)]
    while parts[-1] < extent:
        parts.append(min(extent, parts[-1] * 2))
    sizes = {min(extent, round_up(-(-extent // count), step)) for count in parts}
    return sorted(sizes, reverse=True)


def moved_bytes(
    plan: TilePlan, shapes: Mapping[str, Shape], limits: Limits, *, is_smaug: bool = False
) -> int:
    """Return all bytes that a plan moves, copied as this policy or policy smaug copies."""
    views = {
        role: View(shape, limits.element_bytes, limits.alignment) for role, shape in shapes.items()
    }
    copied = copied_roles(
        views,
        dict(plan.tiles),
        line_bytes=limits.line_bytes,
        is_smaug=is_smaug,
        is_always_copied=plan.is_always_copied,
    )
    copies = sum(
        view.tile_bytes(region)
        for role, view in views.items()
        for region, is_copy in zip(plan.tiles[role], copied[role], strict=True)
        if is_copy
    )
    sizes = {
        role: [padded_bytes(region.shape, limits) for region in regions]
        for role, regions in plan.tiles.items()
    }
    return copies + sum(
        sizes[use.role][use.tile] * (use.is_read + use.is_written)
        for command in plan.commands
        for use in command.operands
    )


def fastest(
    costs: Iterable[tuple[tuple[int, int], _Tiling]],
    make: Callable[[_Tiling], TilePlan],
    shapes: Mapping[str, Shape],
    limits: Limits,
    subject: Subject,
    *,
    fallback: Callable[[], TilePlan],
    general: TilePlan | None = None,
) -> TilePlan:
    """Return the plan of least estimated time that moves no more bytes than policy smaug's.

    If there is none, smaug's tiling with our copies is the nearest.

    Args:
        costs: Candidates, each with its time and its bytes by a closed form.
        make: Plans a candidate in full, which only the most promising ones are.
        shapes: Shape of the tensor of each activation role.
        limits: The accelerator's.
        subject: For errors.
        fallback: Policy smaug's tiling; may raise DoesNotFitError.
        general: The plan for one accelerator whose channel cuts this one must share, if cuts
            matter. It is taken, on one of the accelerators, should no candidate be left.

    Raises:
        DoesNotFitError: There is no candidate at all.
    """
    budget, smaug = _smaug_plans(shapes, limits, fallback)
    plans = _within(budget, smaug, shapes, limits)
    if general is not None:
        cuts = channel_cuts(general)
        plans = [plan for plan in plans if channel_cuts(plan) == cuts]
    ranked = heapq.nsmallest(
        MAXIMUM_LOOKS,
        (
            (budget is not None and cost[1] > budget, *cost, index, tiling)
            for index, (cost, tiling) in enumerate(costs)
        ),
    )
    found = 0
    for *_, tiling in ranked:
        fitting = _fitting(budget, make(tiling), shapes, limits)
        plans.extend(fitting)
        found += bool(fitting)
        if found == EXACT_CANDIDATES:
            break
    if not plans and general is not None:
        plans = [grouped(general, 1, limits)]
    plans = plans or smaug  # smaug's copies are fewer than any of ours: the nearest that there is
    if not plans:
        raise nothing_fits(subject, shapes, limits) from None
    order = [
        (plan_ticks(plan, shapes, limits), moved_bytes(plan, shapes, limits), index)
        for index, plan in enumerate(plans)
    ]
    return replace(plans[min(order)[2]], candidates=len(plans))


def no_slower_than_on_fewer(
    plan: TilePlan,
    shapes: Mapping[str, Shape],
    limits: Limits,
    plan_on: Callable[[Limits], TilePlan],
) -> TilePlan:
    """Return a plan, or that of half the accelerators if this one leaves some idle and is slower.

    The byte limit can rule out every tiling that looks fast on all accelerators; what suits fewer
    of them was then never looked at.
    """
    accelerators = limits.reuse.accelerators
    if plan.items >= accelerators:
        return plan
    fewer = plan_on(replace(limits, reuse=replace(limits.reuse, accelerators=accelerators // 2)))
    other = grouped(fewer, fewer.items, limits)
    return min((plan, other), key=lambda each: plan_ticks(each, shapes, limits))


def channel_cuts(plan: TilePlan) -> Cuts:
    """Return the ranges of channels whose sums a convolution or matrix multiplication rounds.

    Partial sums of one range are rounded before those of the next one are added, so that plans give
    the same bytes only if they cut channels in the same places.
    """
    return tuple(sorted({(tile.first[-1], tile.shape[-1]) for tile in plan.tiles["weights"]}))


@lru_cache(maxsize=4096)
def nested_cuts(channels: int, outer: int, inner: int) -> Cuts:
    """Return the cuts of channels into tiles of `outer`, and of those into tiles of `inner`."""
    return tuple(
        (whole.first + part.first, part.count)
        for whole in ranges(channels, outer)
        for part in ranges(whole.count, inner)
    )


def _fitting(
    budget: int | None, plan: TilePlan, shapes: Mapping[str, Shape], limits: Limits
) -> list[TilePlan]:
    """Return a plan on all accelerators, or on fewer if so many would have to load too much."""
    fitting = _within(budget, assigned(plan, limits), shapes, limits)
    groups = limits.reuse.accelerators // 2
    while not fitting and groups:
        fitting = _within(budget, [grouped(plan, groups, limits)], shapes, limits)
        groups //= 2
    return fitting


def _smaug_plans(
    shapes: Mapping[str, Shape], limits: Limits, fallback: Callable[[], TilePlan]
) -> tuple[int | None, list[TilePlan]]:
    """Return the bytes that policy smaug moves, and its tiling with our copies and our order."""
    try:
        given = fallback()
    except DoesNotFitError:
        return None, []
    budget = moved_bytes(given, shapes, limits, is_smaug=True)
    plans = [replace(given, is_always_copied=False), *assigned(given, limits)]
    return budget, plans


def _within(
    budget: int | None, plans: Iterable[TilePlan], shapes: Mapping[str, Shape], limits: Limits
) -> list[TilePlan]:
    return [plan for plan in plans if budget is None or moved_bytes(plan, shapes, limits) <= budget]


def nothing_fits(subject: Subject, shapes: Mapping[str, Shape], limits: Limits) -> DoesNotFitError:
    """Return the error for an operation of which not even the smallest tile fits."""
    capacities = (limits.input_elements, limits.weights_elements, limits.output_elements)
    have = " + ".join(str(each * limits.element_bytes) for each in capacities)
    return DoesNotFitError(
        f'{subject.op} "{subject.name}": not even the smallest tile fits accelerator '
        f'"{limits.model}", which has {have} B for inputs, weights and outputs',
        where=subject.where,
        got="; ".join(f"{role} {'x'.join(map(str, shape))}" for role, shape in shapes.items()),
        way_out="use larger scratchpads or smaller windows",
    )


def assigned(plan: TilePlan, limits: Limits) -> list[TilePlan]:
    """Return a plan with its work items given to accelerators in the ways worth comparing.

    A single accelerator gets them as one item, which means one interrupt. A dynamic queue gets one
    item per accelerator, because nothing stays there from item to item. With static round robin
    neighbours are either dealt out, which then read neighbouring memory side by side, or stay
    together and share resident tiles; then the first items of all accelerators come first, so that
    all start at once though one thread submits.
    """
    groups = min(limits.reuse.accelerators, plan.items)
    if limits.reuse.is_single or not limits.reuse.is_static:
        return [grouped(plan, groups, limits)]
    orders = [list(range(plan.items)), _interleaved(plan.items, groups)]
    if orders[0] == orders[1]:
        del orders[1]
    return [_renumbered(plan, order, limits) for order in orders]


def grouped(plan: TilePlan, groups: int, limits: Limits) -> TilePlan:
    """Return a plan whose neighbouring work items are joined to so many."""
    groups = min(groups, plan.items)
    order = [item * groups // plan.items for item in range(plan.items)]
    return _renumbered(plan, order, limits)


def _renumbered(plan: TilePlan, order: list[int], limits: Limits) -> TilePlan:
    """Give items new numbers, and load only what is not there."""
    residency = Residency(limits.reuse)
    commands = []
    for command in sorted(plan.commands, key=lambda command: order[command.item]):
        item = order[command.item]
        uses = tuple(
            use
            if use.is_written or use.role == "output"
            else replace(
                use,
                is_read=_is_needed(use.role, command.attributes)
                and residency.load(item, use.role, use.tile),
            )
            for use in command.operands
        )
        commands.append(replace(command, item=item, operands=uses))
    return replace(plan, commands=tuple(commands), is_always_copied=False)


def _interleaved(items: int, groups: int) -> list[int]:
    """Return new numbers of items: contiguous groups, even in size, dealt out in turn."""
    order = [0] * items
    size, larger = divmod(items, groups)
    item = 0
    for group in range(groups):
        for turn in range(size + (group < larger)):
            order[item] = turn * groups + group
            item += 1
    return order


def _is_needed(role: str, attributes: Mapping[str, int]) -> bool:
    return role != "bias" or bool(attributes["finish"])


def largest_multiple(limit: int, step: int, extent: int, alignment: int) -> int:
    """Return the largest tile of at most `limit`: the whole extent or a multiple of `step`.

    The whole extent counts with its padding to `alignment`, of which `step` is a multiple. Tiles
    are evened out: as many parts as needed, none larger than necessary. 0 if none fits.
    """
    if limit >= round_up(extent, alignment):
        return extent
    count = limit - limit % step
    if count <= 0:
        return 0
    parts = -(-extent // count)
    return min(count, round_up(-(-extent // parts), step))


def fitting_channels(limit: int, limits: Limits, extent: int) -> int:
    """Return the most channels that fit `limit`, whole MAC vectors where possible."""
    alignment = limits.alignment
    step = limits.channels_cut
    return largest_multiple(limit, step, extent, alignment) or largest_multiple(
        limit, alignment, extent, alignment
    )


def padded_bytes(shape: Shape, limits: Limits) -> int:
    """Return a tensor's bytes as stored."""
    return stored(shape, limits) * limits.element_bytes


def traffic_flat(kernel: str, shape: Shape, limits: Limits, *, is_binary: bool) -> TilePlan:
    """Cut a tensor's storage into chunks of whole lines; nothing is copied."""
    capacity = min(limits.input_elements, limits.output_elements)
    if is_binary:
        capacity = min(capacity, limits.weights_elements)
    line = limits.line_bytes // limits.element_bytes
    elements = stored(shape, limits)
    largest = min(capacity - capacity % line, round_up(elements, line))
    shares = {1, limits.reuse.accelerators}
    chunks = {min(largest, round_up(-(-elements // share), line)) for share in shares}
    plans = [
        assigned(plan_flat(kernel, elements, chunk, is_binary=is_binary), limits)[0]
        for chunk in sorted(chunks, reverse=True)
    ]
    seen = dict.fromkeys(plans[0].tiles, (1, elements))
    return min(plans, key=lambda plan: plan_ticks(plan, seen, limits))


def traffic_softmax(rows: int, channels: int, limits: Limits, subject: Subject) -> TilePlan:
    """Cut a softmax along its rows; nothing else is possible."""
    return assigned(smaug_softmax(rows, channels, limits, subject), limits)[0]


def image_tiles(
    output: Shape, fits: Callable[[int, int, int], bool]
) -> Iterator[tuple[int, int, int]]:
    """Yield (batch, rows, columns) of output tiles worth trying: several images only if whole."""
    batch, rows, columns, _ = output
    for images in tile_sizes(batch):
        if images > 1 and fits(images, rows, columns):
            yield images, rows, columns
    for column in tile_sizes(columns):
        for row in tile_sizes(rows):
            if fits(1, row, column):
                yield 1, row, column
