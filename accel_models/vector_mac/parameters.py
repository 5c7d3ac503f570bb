"""Parameters of the vector MAC engine: sizes, latencies and options, checked once."""

from __future__ import annotations

from dataclasses import dataclass, fields

from harness.base.errors import SpecError
from harness.bridge.model import parameter

SCRATCHPADS = ("input", "weights", "output")
"""Their order is the order in which the description lists them."""

ELEMENT_BYTES = 2
"""Of an fp16 element, in memory and in the count of a scratchpad's capacity."""


@dataclass(frozen=True)
class VectorMacParameters:
    """The engine as SMAUG's SMV backend builds it; a target can override every field.

    Source: SMAUG 8fd68e6, smaug/operators/smv/kernels/params.h (pe_count, macs_per_pe,
    vector_lanes), smaug/core/backend.h (scratchpads), smaug/operators/common.h (transfer_bytes);
    Aladdin b4444c3, common/power_func.h:315-318 (latencies of the units at 1 ns).
    """

    pe_count: int = parameter(8, "PEs; each makes one output channel of a block")
    macs_per_pe: int = parameter(32, "multipliers of one PE, input channels reduced at once")
    vector_lanes: int = parameter(8, "elements that a scratchpad port moves per cycle")
    input_scratchpad_bytes: int = parameter(32 * 1024, "capacity for inputs, in fp16 elements")
    weights_scratchpad_bytes: int = parameter(32 * 1024, "capacity for weights, in fp16 elements")
    output_scratchpad_bytes: int = parameter(32 * 1024, "capacity for results, in fp16 elements")
    transfer_bytes: int = parameter(4096, "largest piece that one transfer moves")
    double_buffer: bool = parameter(False, "whether pieces load while others are converted")
    multiply_latency_cycles: int = parameter(4, "latency of the fp32 multiplier")
    add_latency_cycles: int = parameter(5, "latency of the fp32 adder")
    divide_latency_cycles: int = parameter(16, "latency of the fp32 divider")
    special_latency_cycles: int = parameter(3, "latency of the unit for exponentials")

    def __post_init__(self) -> None:
        """Check signs and shapes.

        Raises:
            SpecError: A count is not positive, or sizes do not divide each other.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "double_buffer" and value <= 0:
                raise SpecError(
                    f"vector_mac needs a positive {field.name}",
                    expected="a whole number above 0",
                    got=str(value),
                )
        if self.macs_per_pe % self.vector_lanes:
            raise SpecError(
                "a PE of vector_mac works on whole vectors",
                expected=f"macs_per_pe a multiple of vector_lanes, {self.vector_lanes}",
                got=str(self.macs_per_pe),
            )
        if self.transfer_bytes % 64:
            raise SpecError(
                "vector_mac moves whole bursts of 64 B",
                expected="transfer_bytes a multiple of 64",
                got=str(self.transfer_bytes),
            )

    @property
    def vectors_per_pe(self) -> int:
        """Vectors of inputs that one step of the MAC array consumes."""
        return self.macs_per_pe // self.vector_lanes

    def scratchpad_bytes(self, name: str) -> int:
        """Return the capacity of the scratchpad of this name."""
        return int(getattr(self, f"{name}_scratchpad_bytes"))
