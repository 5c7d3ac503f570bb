"""Export to ONNX: the outside check of the reference, and the way to other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.errors import HarnessError

if TYPE_CHECKING:
    import onnx

    from harness.graph.graph import Graph


def export_onnx(graph: Graph) -> onnx.ModelProto:
    """Return a graph as an ONNX model (opset 17) that computes the same numbers.

    Inputs and outputs keep their names, shapes and element types. Every node that computes in
    fp16 or bf16 becomes Cast to fp32, the operator, Cast back: tools differ in whether they
    compute fp16 operators in fp16 or fp32, and only this form makes all of them sum in fp32 and
    round once after each node, as `execute_reference` does. Matrix products sum in fp64, which
    runtimes implement for them but not for convolutions: those may differ in their last bit.
    Images in NHWC are transposed around operators that ONNX defines for NCHW only; constant
    weights are transposed here.

    Args:
        graph: A frozen graph.

    Raises:
        HarnessError: The package onnx is not installed.
    """
    try:
        import onnx  # noqa: F401, PLC0415 - an extra, and 100 ms to import
    except ImportError as error:
        raise HarnessError(
            "ONNX export needs the package onnx", way_out="pip install onnx"
        ) from error
    from harness.graph.onnx_nodes import build_model  # noqa: PLC0415 - needs onnx

    return build_model(graph)
