"""LeNet-5 as SMAUG ships it: two 3x3 convolutions, one pooling, two matrices, no biases.

6.094 M MACs, 600,608 parameters. Source of the topology: SMAUG's published experiments
(harvard-acc/smaug, model "LeNet5"). Trained by `workloads/train.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.graph import Graph, constant, conv2d, flatten, input_data, mat_mul, max_pool2d
from harness.run.workload import Workload
from workloads.digits import CLASSES, load_weights, test_image, test_scans

if TYPE_CHECKING:
    import numpy as np


def make_graph() -> Graph:
    """Return the network for one 28 x 28 grey image, NHWC."""
    weights = load_weights("lenet5")
    with Graph("lenet5") as graph:
        x = input_data((1, 28, 28, 1), dtype="fp16", layout="NHWC", name="image")
        for name in ("conv0", "conv1"):
            filters = constant(weights[f"{name}.weight"], layout="NHWC", name=f"{name}.weights")
            x = conv2d(x, filters, padding="valid", activation="relu", name=name)
        x = flatten(max_pool2d(x, pool=2, stride=2, name="pool"), name="flatten")
        hidden = constant(weights["fc0.weight"], layout="NC", name="fc0.weights")
        x = mat_mul(x, hidden, activation="relu", name="fc0")
        logits = constant(weights["fc1.weight"], layout="NC", name="fc1.weights")
        mat_mul(x, logits, name="fc1")
    return graph


def load_image(index: int) -> dict[str, np.ndarray]:
    """Return test image `index` as the network's input."""
    return {"image": test_image(index, 28)[None, :, :, None]}


def build() -> Workload:
    """Return LeNet-5 with 360 handwritten digits that training never saw."""
    labels = test_scans()[1]
    return Workload(
        graph=make_graph(),
        inputs=load_image,
        input_count=len(labels),
        labels=labels.tolist(),
        classes=CLASSES,
        description="LeNet-5 (SMAUG's variant) on handwritten digits, 6.1 M MACs",
    )
