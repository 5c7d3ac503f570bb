"""Our tiling policy: move the fewest bytes.

Counted are the accelerator's loads and stores, weights included, and the copies of prepare and
finalize. Rows, columns, batch and channels may all be cut; a tile that is contiguous in its tensor
is used in place. Policy smaug's tiling, where there is one, is always among the candidates, so that
this policy never moves more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.base.errors import DoesNotFitError
from harness.compiler.flat_plan import plan_flat
from harness.compiler.placement import View, copied_roles
from harness.compiler.smaug_search import Shape, Subject
from harness.compiler.smaug_search import storage_elements as stored
from harness.compiler.smaug_window import smaug_softmax
from harness.compiler.spans import round_up
from harness.compiler.tile_plan import Residency, TilePlan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from harness.compiler.limits import Limits

MAXIMUM_CUTS = 16
"""Up to this many parts are tried one by one, beyond it in powers of two."""


def tile_sizes(extent: int, step: int = 1) -> list[int]:
    """Return tile sizes worth trying along a dimension, the largest first, multiples of `step`."""
    parts = [*range(1, min(extent, MAXIMUM_CUTS) + 1)]
    while parts[-1] < extent:
        parts.append(min(extent, parts[-1] * 2))
    sizes = {min(extent, round_up(-(-extent // count), step)) for count in parts}
    return sorted(sizes, reverse=True)


def moved_bytes(plan: TilePlan, shapes: Mapping[str, Shape], limits: Limits) -> int:
    """Return all bytes that a plan moves under this policy."""
    views = {
        role: View(shape, limits.element_bytes, limits.alignment) for role, shape in shapes.items()
    }
    copied = copied_roles(views, dict(plan.tiles), line_bytes=limits.line_bytes, is_smaug=False)
    copies = sum(
        view.tile_bytes(region)
        for role, view in views.items()
        for region, is_copy in zip(plan.tiles[role], copied[role], strict=True)
        if is_copy
    )
    return sum(plan.traffic_bytes(limits.element_bytes, limits.alignment)) + copies


def cheapest(
    plans: Iterable[TilePlan],
    shapes: Mapping[str, Shape],
    limits: Limits,
    fallback: Callable[[], TilePlan],
    subject: Subject,
) -> TilePlan:
    """Return the plan that moves the fewest bytes, of equals the one with the fewest commands.

    Args:
        plans: Candidates of this policy.
        shapes: Shape of the tensor of each activation role.
        limits: The accelerator's.
        fallback: Policy smaug's tiling; may raise DoesNotFitError.
        subject: For errors.

    Raises:
        DoesNotFitError: There is no candidate at all.
    """
    candidates = [regrouped(plan, limits) for plan in plans]
    try:
        candidates.append(regrouped(fallback(), limits))
    except DoesNotFitError:
        if not candidates:
            raise nothing_fits(subject, shapes, limits) from None
    ranked = [
        (moved_bytes(plan, shapes, limits), len(plan.commands), index)
        for index, plan in enumerate(candidates)
    ]
    return replace(candidates[min(ranked)[2]], candidates=len(candidates))


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


def regrouped(plan: TilePlan, limits: Limits) -> TilePlan:
    """Join neighbouring work items, one group per accelerator, and load only what is not there.

    Fewer items mean fewer interrupts; neighbours on one accelerator share resident tiles.
    """
    groups = min(limits.reuse.accelerators, plan.items)
    residency = Residency(limits.reuse)
    commands = []
    for command in plan.commands:
        item = command.item * groups // plan.items
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
    step = round_up(limits.channels_step, alignment)
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
    plan = plan_flat(kernel, stored(shape, limits), capacity - capacity % line, is_binary=is_binary)
    return regrouped(plan, limits)


def traffic_softmax(rows: int, channels: int, limits: Limits, subject: Subject) -> TilePlan:
    """Cut a softmax along its rows; nothing else is possible."""
    return regrouped(smaug_softmax(rows, channels, limits, subject), limits)


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
