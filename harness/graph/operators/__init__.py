"""All operators, one declaration each; adding one means adding it to this list."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from harness.base.errors import GraphError
from harness.graph.operators.avg_pool2d import AVG_POOL2D
from harness.graph.operators.batch_norm import BATCH_NORM
from harness.graph.operators.concat import CONCAT
from harness.graph.operators.constant import CONSTANT
from harness.graph.operators.conv2d import CONV2D
from harness.graph.operators.elementwise import ADD, MUL
from harness.graph.operators.global_avg_pool2d import GLOBAL_AVG_POOL2D
from harness.graph.operators.input_data import INPUT
from harness.graph.operators.mat_mul import MAT_MUL
from harness.graph.operators.max_pool2d import MAX_POOL2D
from harness.graph.operators.pad import PAD
from harness.graph.operators.reorder import REORDER
from harness.graph.operators.reshape import FLATTEN, RESHAPE
from harness.graph.operators.softmax import SOFTMAX
from harness.graph.operators.split import SPLIT
from harness.graph.operators.unary import ELU, HARD_TANH, LEAKY_RELU, RELU, SELU, SIGMOID, TANH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.graph.operator import Operator

OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        operator.name: operator
        for operator in (
            INPUT,
            CONSTANT,
            CONV2D,
            MAT_MUL,
            MAX_POOL2D,
            AVG_POOL2D,
            GLOBAL_AVG_POOL2D,
            BATCH_NORM,
            RELU,
            LEAKY_RELU,
            ELU,
            SELU,
            TANH,
            HARD_TANH,
            SIGMOID,
            SOFTMAX,
            ADD,
            MUL,
            RESHAPE,
            FLATTEN,
            REORDER,
            CONCAT,
            SPLIT,
            PAD,
        )
    }
)
"""Every operator by name."""


def find_operator(name: str, *, where: str = "") -> Operator:
    """Return the declaration of an operator.

    Raises:
        GraphError: There is none of that name; the message lists the valid ones.
    """
    if name not in OPERATORS:
        raise GraphError(
            "unknown operator", where=where, expected=", ".join(OPERATORS), got=repr(name)
        )
    return OPERATORS[name]
