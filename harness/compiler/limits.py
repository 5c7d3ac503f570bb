"""What tilers must know of an accelerator: capacities in elements, alignment, PE counts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from harness.compiler.costs import Costs
from harness.compiler.spans import round_up
from harness.compiler.tile_plan import Reuse

if TYPE_CHECKING:
    from harness.bridge.description import ModelDescription

SMAUG_PE_COUNT = 8
SMAUG_MACS_PER_PE = 32
"""SMAUG smaug/operators/smv/kernels/params.h; used if a model does not say."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Capacities and granularity of an accelerator.

    Attributes:
        model: Its name, for errors.
        input_elements: Capacity of the scratchpad for inputs.
        weights_elements: Of the one for weights.
        output_elements: Of the one for results.
        alignment: Elements to which the last dimension is padded.
        kernels_step: Output channels that work together (PEs).
        channels_step: Input channels that work together (MACs per PE).
        element_bytes: Bytes of an element in memory.
        line_bytes: Cache line.
        reuse: How items are given to accelerators.
        costs: What transfers, commands and copies cost, to choose between tilings.
    """

    model: str = "vector_mac"
    input_elements: int = 16384
    weights_elements: int = 16384
    output_elements: int = 16384
    alignment: int = 8
    kernels_step: int = SMAUG_PE_COUNT
    channels_step: int = SMAUG_MACS_PER_PE
    element_bytes: int = 2
    line_bytes: int = 64
    reuse: Reuse = field(default_factory=Reuse)
    costs: Costs = field(default_factory=Costs)

    @property
    def filters_cut(self) -> int:
        """Filters are cut at multiples of this: whole blocks of PEs, as stored."""
        return round_up(self.kernels_step, self.alignment)

    @property
    def channels_cut(self) -> int:
        """Channels are cut at multiples of this: whole vectors of a PE, as stored."""
        return round_up(self.channels_step, self.alignment)

    def without_target(self) -> Limits:
        """Return the limits with one accelerator and the default costs.

        What follows from them is the same on every target with this accelerator.
        """
        return replace(self, reuse=Reuse(), costs=Costs())

    @property
    def smallest_elements(self) -> int:
        """SMAUG has one limit for all scratchpads."""
        return min(self.input_elements, self.weights_elements, self.output_elements)


def limits_of(
    description: ModelDescription, reuse: Reuse, line_bytes: int, costs: Costs | None = None
) -> Limits:
    """Return the limits that a model describes; a missing scratchpad counts as unlimited."""
    capacity = {pad.name: pad.size_bytes // pad.element_bytes for pad in description.scratchpads}
    unlimited = 1 << 40
    return Limits(
        model=description.model,
        input_elements=capacity.get("input", unlimited),
        weights_elements=capacity.get("weights", unlimited),
        output_elements=capacity.get("output", unlimited),
        alignment=description.channel_alignment,
        kernels_step=_parameter(description, "pe_count", SMAUG_PE_COUNT),
        channels_step=_parameter(description, "macs_per_pe", SMAUG_MACS_PER_PE),
        line_bytes=line_bytes,
        reuse=reuse,
        costs=costs or Costs(),
    )


def _parameter(description: ModelDescription, name: str, default: int) -> int:
    value = description.parameters.get(name, default)
    return value if isinstance(value, int) and value > 0 else default
