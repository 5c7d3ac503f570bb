"""The model class: describes the engine and executes its commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accel_models.vector_mac.activations import ACTIVATIONS
from accel_models.vector_mac.invocation import CONVERT, MAC, VECTOR, Invocation, Loading
from accel_models.vector_mac.kernels import KERNELS
from accel_models.vector_mac.parameters import ELEMENT_BYTES, SCRATCHPADS, VectorMacParameters
from accel_models.vector_mac.scratchpads import Scratchpads
from harness.base.errors import ModelError
from harness.bridge.model import (
    AcceleratorModel,
    Command,
    Memory,
    ModelDescription,
    Scratchpad,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

SPATIAL_KERNELS = ("conv2d", "max_pool2d", "avg_pool2d", "batch_norm")


class VectorMacEngine(AcceleratorModel):
    """An NVDLA-like engine: 8 PEs of 32 multipliers, three scratchpads, fp16 in memory.

    Source: SMAUG's SMV backend (8fd68e6), whose kernels its rules of cycles follow.
    """

    name = "vector_mac"
    version = "1"
    Parameters = VectorMacParameters

    def __init__(self, parameters: Mapping[str, object] | None = None) -> None:
        super().__init__(parameters)
        self._scratchpads = Scratchpads(self.parameters)

    def describe(self) -> ModelDescription:
        """Say which kernels exist and how large the scratchpads are."""
        parameters: VectorMacParameters = self.parameters
        limits = {"pe_count": parameters.pe_count, "macs_per_pe": parameters.macs_per_pe}
        has_array = ("conv2d", "mat_mul")
        return ModelDescription(
            model=self.name,
            version=self.version,
            kernels={name: limits if name in has_array else {} for name in KERNELS},
            dtypes=("fp16",),
            layouts=dict.fromkeys(SPATIAL_KERNELS, "NHWC"),
            channel_alignment=parameters.vector_lanes,
            scratchpads=tuple(
                Scratchpad(name, parameters.scratchpad_bytes(name), ELEMENT_BYTES)
                for name in SCRATCHPADS
            ),
            units=(CONVERT, MAC, VECTOR),
            activations=ACTIVATIONS[1:],
            parameters=self.resolved_parameters(),
        )

    def execute(self, command: Command, memory: Memory) -> Loading:
        """Execute one command of the kernel contract.

        Raises:
            ModelError: The kernel is unknown, or the command breaks the contract.
        """
        kernel = KERNELS.get(command.kernel)
        if kernel is None:
            raise ModelError(
                f'vector_mac has no kernel "{command.kernel}"', expected=", ".join(KERNELS)
            )
        yield from kernel(Invocation(self, command, memory, self.parameters, self._scratchpads))

    def reset(self) -> None:
        """Empty the scratchpads."""
        self._scratchpads = Scratchpads(self.parameters)

    def save(self) -> bytes:
        """Return the scratchpads' contents, which is all that outlives a command."""
        return self._scratchpads.save()

    def load(self, state: bytes) -> None:
        """Take back what `save` returned."""
        self._scratchpads.load(state)
