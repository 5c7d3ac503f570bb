"""What is computed: a graph, its inputs, and what is known about the right answers.

A workload never names hardware. Scripts return a `Workload` from their `build` function:

    def build() -> Workload:
        return Workload(graph=make_graph(), inputs=load_image, input_count=50, labels=LABELS)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from harness.graph import Graph

    InputSource = Callable[[int], Mapping[str, np.ndarray]]


@dataclass(frozen=True, slots=True)
class Workload:
    """A network and its data.

    Attributes:
        graph: The network.
        inputs: Arrays by input name, in the graph's dtypes and shapes; or a function from the
            number of an input (0 to `input_count` - 1) to such arrays. Empty: every element is
            drawn from the run's seed.
        input_count: How many inputs there are.
        labels: The right class of each input; empty if unknown. With a batch, the batch's labels
            follow each other: input i's are labels[i * batch : (i + 1) * batch].
        classes: Names of the classes, such as ("0", "1", ...); empty if unnamed.
        description: One line for `harness list workloads`.
    """

    graph: Graph
    inputs: Mapping[str, np.ndarray] | InputSource | None = None
    input_count: int = 1
    labels: Sequence[int] = ()
    classes: Sequence[str] = ()
    description: str = ""

    def input_arrays(self, index: int = 0) -> Mapping[str, np.ndarray]:
        """Return the arrays of input `index` by name; empty if the workload ships none.

        Raises:
            SpecError: There is no such input.
        """
        if not 0 <= index < self.input_count:
            raise SpecError(
                f'workload "{self.graph.name}" has no input {index}',
                expected=f"0 to {self.input_count - 1}",
                way_out="choose one with --input N",
            )
        if self.inputs is None:
            return {}
        return self.inputs(index) if callable(self.inputs) else self.inputs

    def expected_labels(self, index: int, batch: int = 1) -> tuple[int, ...]:
        """Return the right classes of input `index`; empty if unknown."""
        try:
            return tuple(int(label) for label in self.labels[index * batch : (index + 1) * batch])
        except (ValueError, TypeError) as error:
            raise SpecError(
                f'workload "{self.graph.name}" has labels that are not whole numbers',
                expected="the right class of each input, such as labels=(7, 2, 1)",
                got=str(error),
            ) from error
