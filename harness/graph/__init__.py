"""Networks: tensors, operators, the IR, its files and its reference execution.

This package owns what a network is and which numbers it computes. It must not know of targets,
accelerators, tiles, time or files other than its own.
"""

from __future__ import annotations

from harness.graph.graph import Graph
from harness.graph.node import Node, Tensor
from harness.graph.onnx_export import export_onnx
from harness.graph.operators import OPERATORS, find_operator
from harness.graph.operators.avg_pool2d import avg_pool2d
from harness.graph.operators.batch_norm import batch_norm
from harness.graph.operators.concat import concat
from harness.graph.operators.constant import constant
from harness.graph.operators.conv2d import conv2d
from harness.graph.operators.elementwise import add, mul
from harness.graph.operators.global_avg_pool2d import global_avg_pool2d
from harness.graph.operators.input_data import input_data
from harness.graph.operators.mat_mul import mat_mul
from harness.graph.operators.max_pool2d import max_pool2d
from harness.graph.operators.pad import pad
from harness.graph.operators.reorder import reorder
from harness.graph.operators.reshape import flatten, reshape
from harness.graph.operators.softmax import softmax
from harness.graph.operators.split import split
from harness.graph.operators.unary import (
    elu,
    hard_tanh,
    leaky_relu,
    relu,
    selu,
    sigmoid,
    tanh,
)
from harness.graph.reference import execute_reference
from harness.graph.storage import load_graph, save_graph
from harness.graph.summary import node_macs, summarize
from harness.graph.tensor_type import DType, Layout, TensorType
from harness.graph.text import format_graph
from harness.graph.text_parser import parse_graph
from harness.graph.verify import graph_from_nodes, verify

__all__ = [
    "OPERATORS",
    "DType",
    "Graph",
    "Layout",
    "Node",
    "Tensor",
    "TensorType",
    "add",
    "avg_pool2d",
    "batch_norm",
    "concat",
    "constant",
    "conv2d",
    "elu",
    "execute_reference",
    "export_onnx",
    "find_operator",
    "flatten",
    "format_graph",
    "global_avg_pool2d",
    "graph_from_nodes",
    "hard_tanh",
    "input_data",
    "leaky_relu",
    "load_graph",
    "mat_mul",
    "max_pool2d",
    "mul",
    "node_macs",
    "pad",
    "parse_graph",
    "relu",
    "reorder",
    "reshape",
    "save_graph",
    "selu",
    "sigmoid",
    "softmax",
    "split",
    "summarize",
    "tanh",
    "verify",
]
