"""How many of a workload's shipped inputs the network classifies correctly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.base.errors import BackendError, SpecError
from harness.graph import execute_reference

if TYPE_CHECKING:
    from harness.run.workload import Workload


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Right answers among `count` inputs, and who computed them."""

    right: int
    count: int
    computed_by: str

    def __str__(self) -> str:
        share = self.right / self.count * 100
        return f"{self.right} of {self.count} right ({share:.2f} %), {self.computed_by}"


def reference_accuracy(workload: Workload) -> Accuracy:
    """Classify all shipped inputs by the reference execution."""
    right = total = 0
    for index in range(_require_labels(workload)):
        given = workload.input_arrays(index)
        (output,) = execute_reference(workload.graph, dict(given)).values()
        expected = workload.expected_labels(index, output.shape[0])
        right += int((np.argmax(output, axis=1) == np.array(expected)).sum())
        total += len(expected)
    return Accuracy(right, total, "reference execution")


def simulated_accuracy(workload: Workload, target: str, count: int) -> Accuracy:
    """Classify the first `count` inputs on the embedded SoC; nothing is kept of the runs."""
    from harness.run.batch import simulate_inputs  # noqa: PLC0415 - costs the whole engine

    available = _require_labels(workload)
    if not 1 <= count <= available:
        raise SpecError("--simulate: no so many inputs", expected=f"1 to {available}")
    right = total = 0
    for index, outputs in enumerate(simulate_inputs(workload, target, count)):
        if len(outputs) != 1:
            raise BackendError("the network has no single output to classify by")
        expected = workload.expected_labels(index, outputs[0].shape[0])
        right += int((np.argmax(outputs[0], axis=1) == np.array(expected)).sum())
        total += len(expected)
    return Accuracy(right, total, f"embedded SoC, target {target}")


def _require_labels(workload: Workload) -> int:
    if not workload.labels or len(workload.graph.outputs) != 1:
        raise SpecError(
            f'workload "{workload.graph.name}" ships no labels, or is no classifier',
            way_out="choose one of lenet5, minerva, cnn10, or give your Workload labels",
        )
    return workload.input_count
