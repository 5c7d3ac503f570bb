"""The ONNX graph under construction: values, casts and transposes; imports onnx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import NodeProto, TensorProto, ValueInfoProto, helper

from harness.graph.tensor_type import DType, Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.graph.graph import Graph
    from harness.graph.node import Tensor
    from harness.graph.operator import Array

_ELEMENT_TYPES = {
    DType.FP32: TensorProto.FLOAT,
    DType.FP16: TensorProto.FLOAT16,
    DType.BF16: TensorProto.BFLOAT16,
    DType.INT8: TensorProto.INT8,
    DType.UINT8: TensorProto.UINT8,
    DType.INT32: TensorProto.INT32,
    DType.INT64: TensorProto.INT64,
    DType.BOOL: TensorProto.BOOL,
}
_TO_NCHW = (0, 3, 1, 2)
_TO_NHWC = (0, 2, 3, 1)


def value_info(tensor: Tensor) -> ValueInfoProto:
    """Return the declaration of a network input or output."""
    return helper.make_tensor_value_info(
        tensor.name, _ELEMENT_TYPES[tensor.dtype], list(tensor.shape)
    )


class OnnxValues:
    """Nodes and initializers in the making; values are strings, as in ONNX.

    Derived values are named "<tensor>:<how>"; ":" cannot be part of a tensor's own name.
    """

    def __init__(self, graph: Graph) -> None:
        self.nodes: list[NodeProto] = []
        self.initializers: dict[str, TensorProto] = {}
        self._constants = graph.constants
        self._derived: set[str] = set()
        self._count = 0

    def node(self, op: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        """Append an ONNX node and return its output; an unnamed one gets a fresh name."""
        if not output:
            self._count += 1
            output = f":{self._count}"
        self.nodes.append(
            helper.make_node(op, list(inputs), [output], name=f"{output}:{op}", **attributes)
        )
        return output

    def split(self, inputs: Sequence[str], outputs: Sequence[str], axis: int) -> None:
        """Append the one operator with several outputs."""
        self.nodes.append(helper.make_node("Split", list(inputs), list(outputs), axis=axis))

    def initializer(self, name: str, array: Array, dtype: DType) -> str:
        """Store an array once under a name."""
        if name not in self.initializers:
            data = np.ascontiguousarray(array, dtype.numpy).tobytes()
            self.initializers[name] = helper.make_tensor(
                name, _ELEMENT_TYPES[dtype], list(array.shape), data, raw=True
            )
        return name

    def integers(self, values: Sequence[int]) -> str:
        """Store a list of integers."""
        name = f":integers:{'_'.join(map(str, values))}"
        return self.initializer(name, np.array(values, np.int64), DType.INT64)

    def reals(self, value: float) -> str:
        """Store an fp32 scalar."""
        return self.initializer(f":fp32:{value!r}", np.array(value, np.float32), DType.FP32)

    def plain(self, tensor: Tensor) -> str:
        """Return a tensor as it is."""
        if tensor.name in self._constants:
            return self.initializer(tensor.name, self._constants[tensor.name], tensor.dtype)
        return tensor.name

    def fp32(self, tensor: Tensor, axes: Sequence[int] = ()) -> str:
        """Return a tensor in fp32, transposed if axes are given."""
        axes = () if list(axes) == list(range(tensor.type.rank)) else tuple(axes)
        value = tensor.name
        if tensor.name in self._constants and axes:
            name = f"{value}:transposed{''.join(map(str, axes))}"
            array = self._constants[tensor.name].transpose(axes)
            return self._cast(self.initializer(name, array, tensor.dtype), tensor.dtype)
        value = self._cast(self.plain(tensor), tensor.dtype)
        return self.node("Transpose", [value], perm=list(axes)) if axes else value

    def image(self, tensor: Tensor) -> str:
        """Return an image, or a convolution's weights, in fp32 and NCHW."""
        return self.fp32(tensor, _TO_NCHW if tensor.layout is Layout.NHWC else ())

    def mat_mul(self, left: str, right: str) -> str:
        """Multiply fp32 matrices with sums in fp64, rounded to fp32 once, as the reference does.

        Conv stays in fp32: runtimes implement it in no wider type.
        """
        wide = [self.node("Cast", [value], to=TensorProto.DOUBLE) for value in (left, right)]
        return self.node("Cast", [self.node("MatMul", wide)], to=TensorProto.FLOAT)

    def store_image(self, value: str, tensor: Tensor) -> None:
        """Round an NCHW value to the tensor and transpose it to the tensor's layout."""
        if tensor.layout is Layout.NHWC:
            value = self.node("Transpose", [value], perm=list(_TO_NHWC))
        self.store(value, tensor)

    def store(self, value: str, tensor: Tensor) -> None:
        """Round a value to the tensor."""
        self.node("Cast", [value], tensor.name, to=_ELEMENT_TYPES[tensor.dtype])

    def cast(self, value: str, dtype: DType) -> str:
        """Convert a value."""
        return self.node("Cast", [value], to=_ELEMENT_TYPES[dtype])

    def _cast(self, value: str, dtype: DType) -> str:
        if dtype is DType.FP32:
            return value
        name = f"{value}:fp32"
        if name not in self._derived:
            self._derived.add(name)
            self.node("Cast", [value], name, to=TensorProto.FLOAT)
        return name
