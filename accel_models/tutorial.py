"""A first accelerator model: relu and add of fp16 tensors in one vector unit, complete.

Three things make a model: a description (what the compiler may send), `execute` (which transfers
and cycles a command needs, and its values) and, if there are any, parameters that a target can set.
Everything the description does not name runs on the CPU, so whole networks run with this model too:

    harness run micro.relu --accelerator tutorial

`memory.read` and `self.compute` only record work and return handles. `yield handle` says "now I
need this": it gives the bytes, and what is recorded later waits for it in simulated time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.bridge.model import AcceleratorModel, Command, Memory, ModelDescription, parameter

if TYPE_CHECKING:
    from collections.abc import Generator


@dataclass(frozen=True)
class TutorialParameters:
    """What a target may override, for example `--set accelerator.parameters.lanes=32`."""

    lanes: int = parameter(16, "elements that the vector unit handles per cycle")


class TutorialModel(AcceleratorModel):
    """Loads its operands side by side, takes one cycle per vector, stores the result."""

    name = "tutorial"
    version = "1"
    Parameters = TutorialParameters

    def describe(self) -> ModelDescription:
        """Name the kernels, the element type and the unit."""
        return ModelDescription(
            model=self.name,
            version=self.version,
            kernels={"relu": {}, "add": {}},
            dtypes=("fp16",),
            channel_alignment=8,
            units=("vector",),
            parameters=self.resolved_parameters(),
        )

    def execute(self, command: Command, memory: Memory) -> Generator[Any, Any, None]:
        """Run one relu or add over flat operands."""
        names = ["input", "other"] if command.kernel == "add" else ["input"]
        loads = [memory.read(name, stream="load") for name in names]  # both transfers are under way
        x, *rest = [data.view("<f2").astype(np.float32) for data in (yield loads)]  # both are there
        result = x + rest[0] if rest else np.maximum(x, 0)
        cycles = -(-result.size // self.parameters.lanes)  # a pipelined unit: one vector per cycle
        done = self.compute(cycles=cycles, unit="vector")
        memory.write("output", result.astype("<f2"), stream="store", after=done)
        self.count("elements", result.size, description="Elements computed")
