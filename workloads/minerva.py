"""Minerva: four matrices, 784-256-256-256-10, no biases.

0.334 M MACs and parameters. Source of the topology: B. Reagen et al., "Minerva", ISCA 2016, as
SMAUG's published experiments ship it (model "Minerva"). Trained by `workloads/train.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.graph import Graph, constant, flatten, input_data, mat_mul
from harness.run.workload import Workload
from workloads.digits import CLASSES, load_weights, test_image, test_scans

if TYPE_CHECKING:
    import numpy as np


def make_graph() -> Graph:
    """Return the network for one 28 x 28 grey image, NHWC."""
    weights = load_weights("minerva")
    with Graph("minerva") as graph:
        x = input_data((1, 28, 28, 1), dtype="fp16", layout="NHWC", name="image")
        x = flatten(x, name="flatten")
        for index in range(4):
            matrix = constant(weights[f"fc{index}.weight"], layout="NC", name=f"fc{index}.weights")
            x = mat_mul(x, matrix, activation="relu" if index < 3 else None, name=f"fc{index}")
    return graph


def load_image(index: int) -> dict[str, np.ndarray]:
    """Return test image `index` as the network's input."""
    return {"image": test_image(index, 28)[None, :, :, None]}


def build() -> Workload:
    """Return Minerva with 360 handwritten digits that training never saw."""
    labels = test_scans()[1]
    return Workload(
        graph=make_graph(),
        inputs=load_image,
        input_count=len(labels),
        labels=labels.tolist(),
        classes=CLASSES,
        description="Minerva, four matrices on handwritten digits, 0.33 M MACs",
    )
