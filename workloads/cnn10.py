"""CNN10: four 3x3 convolutions, three batch norms, two poolings, two matrices, no biases.

26.6 M MACs, 2.2 M parameters. Source of the topology: SMAUG's published experiments (model
"CNN10", made for 32 x 32 colour images). Trained by `workloads/train.py` on digits in three equal
channels.
"""

from __future__ import annotations

import numpy as np

from harness.graph import (
    Graph,
    Tensor,
    batch_norm,
    constant,
    conv2d,
    flatten,
    input_data,
    mat_mul,
    max_pool2d,
)
from harness.run.workload import Workload
from workloads.digits import CLASSES, load_weights, test_image, test_scans

EPSILON = 1e-3
"""Of the batch norms, as in training."""


def _convolve(x: Tensor, weights: dict[str, np.ndarray], name: str) -> Tensor:
    filters = constant(weights[f"{name}.weight"], layout="NHWC", name=f"{name}.weights")
    return conv2d(x, filters, padding="same", activation="relu", name=name)


def _normalise(x: Tensor, weights: dict[str, np.ndarray], name: str) -> Tensor:
    keys = {
        "mean": "running_mean",
        "variance": "running_var",
        "gamma": "weight",
        "beta": "bias",
    }
    rows = [
        constant(weights[f"{name}.{key}"], layout="N", name=f"{name}.{role}")
        for role, key in keys.items()
    ]
    return batch_norm(x, *rows, epsilon=EPSILON, name=name)


def make_graph() -> Graph:
    """Return the network for one 32 x 32 colour image, NHWC."""
    weights = load_weights("cnn10")
    with Graph("cnn10") as graph:
        x = input_data((1, 32, 32, 3), dtype="fp16", layout="NHWC", name="image")
        x = _normalise(_convolve(x, weights, "conv0"), weights, "bn0")
        x = max_pool2d(_convolve(x, weights, "conv1"), pool=2, stride=2, name="pool0")
        x = _convolve(_normalise(x, weights, "bn1"), weights, "conv2")
        x = max_pool2d(_convolve(x, weights, "conv3"), pool=2, stride=2, name="pool1")
        x = flatten(_normalise(x, weights, "bn2"), name="flatten")
        hidden = constant(weights["fc0.weight"], layout="NC", name="fc0.weights")
        x = mat_mul(x, hidden, activation="relu", name="fc0")
        logits = constant(weights["fc1.weight"], layout="NC", name="fc1.weights")
        mat_mul(x, logits, name="fc1")
    return graph


def load_image(index: int) -> dict[str, np.ndarray]:
    """Return test image `index`, its grey levels in all three channels."""
    return {"image": np.repeat(test_image(index, 32)[None, :, :, None], 3, axis=3)}


def build() -> Workload:
    """Return CNN10 with 360 handwritten digits that training never saw."""
    labels = test_scans()[1]
    return Workload(
        graph=make_graph(),
        inputs=load_image,
        input_count=len(labels),
        labels=labels.tolist(),
        classes=CLASSES,
        description="CNN10 (SMAUG's variant) on handwritten digits, 26.6 M MACs",
    )
