"""Command sequences of the kernel contract for the twin models: every kernel, every option once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from harness.bridge.descriptor import Command, Operand, encode_command
from harness.bridge.records import device_address

ACTIVATION_CODES = range(8)
REALS = {"activation_alpha": -0.75, "activation_beta": 1.0507}
UNPADDED = {"pad_top": 0, "pad_bottom": 0, "pad_left": 0, "pad_right": 0}
PADDED = {"pad_top": 1, "pad_bottom": 1, "pad_left": 1, "pad_right": 1}
STEP = {"stride_h": 1, "stride_w": 1}
WHOLE = {"load_input": 1, "load_weights": 1, "store_output": 1, "accumulate": 0, "finish": 1}


@dataclass
class Layout:
    """Places operands one behind the other in window 0, 64 bytes apart at least."""

    commands: list[bytes] = field(default_factory=list)
    end_bytes: int = 0
    places: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        kernel: str,
        shapes: dict[str, tuple[int, ...]],
        attributes: dict[str, int | float],
        *,
        tag: str = "",
    ) -> Layout:
        """Add a command; operands of one tag and name share their place."""
        operands = []
        for name, shape in shapes.items():
            size_bytes = 2 * math.prod(shape)
            flag = "store_output" if name == "output" else f"load_{name}"
            is_moved = bool(attributes.get(flag, 1))
            operands.append(
                Operand(
                    name=name,
                    address=device_address(0, self._place(f"{tag}{name}{shape}", size_bytes)),
                    size_bytes=size_bytes,
                    dtype="fp16",
                    shape=shape,
                    interface=1 + len(operands) % 3,
                    is_read=is_moved and name != "output",
                    is_written=is_moved and name == "output",
                )
            )
        item = len(self.commands)
        self.commands.append(encode_command(Command(kernel, item, tuple(operands), attributes)))
        return self

    def _place(self, key: str, size_bytes: int) -> int:
        if key not in self.places:
            self.places[key] = self.end_bytes
            self.end_bytes += -(-size_bytes // 64) * 64
        return self.places[key]


def convolutions() -> Layout:
    """Plain, padded, strided and dilated; partial sums over two channel tiles; filters in parts."""
    layout = Layout()
    attributes = {**WHOLE, **STEP, "kernel_first": 0, "kernel_count": 8, "output_first": 0}
    plain = {"input": (1, 7, 6, 16), "weights": (8, 3, 3, 16), "output": (1, 5, 4, 8)}
    layout.add("conv2d", plain, {**attributes, **UNPADDED})
    same = {**plain, "bias": (8,), "output": (1, 7, 6, 8)}
    layout.add("conv2d", same, {**attributes, **PADDED, "load_bias": 1, "activation": 1})
    strided = {"input": (2, 7, 6, 16), "weights": (8, 1, 1, 16), "output": (2, 4, 3, 8)}
    layout.add("conv2d", strided, {**attributes, **UNPADDED, "stride_h": 2, "stride_w": 2})
    dilated = {**plain, "output": (1, 3, 2, 8)}
    layout.add("conv2d", dilated, {**attributes, **UNPADDED, "dilation_h": 2, "dilation_w": 2})
    for code in ACTIVATION_CODES:
        layout.add("conv2d", plain, {**attributes, **UNPADDED, "activation": code, **REALS})
    first = {"finish": 0, "store_output": 0}
    layout.add("conv2d", plain, {**attributes, **UNPADDED, **first}, tag="a")
    layout.add("conv2d", plain, {**attributes, **UNPADDED, "accumulate": 1}, tag="b")
    wide = {"input": (1, 7, 6, 16), "weights": (8, 3, 3, 16), "output": (1, 5, 4, 24)}
    for part, output_first in enumerate((0, 8, 16)):
        is_last = part == 2
        numbers = {"output_first": output_first, "store_output": int(is_last)}
        layout.add("conv2d", wide, {**attributes, **UNPADDED, **numbers, "load_input": 0**part})
    few = {"kernel_first": 3, "kernel_count": 5, "output_first": 0}
    layout.add("conv2d", plain, {**attributes, **UNPADDED, **few})
    return layout


def products() -> Layout:
    """Fully connected layers: one tile, two column tiles, neurons in parts, batch and bias."""
    layout = Layout()
    attributes = {**WHOLE, "input_first": 0, "output_first": 0}
    plain = {"input": (3, 64), "weights": (10, 64), "output": (3, 16)}
    layout.add("mat_mul", plain, attributes)
    layout.add("mat_mul", {**plain, "bias": (16,)}, {**attributes, "load_bias": 1, "activation": 7})
    half = {"input": (3, 64), "weights": (10, 32), "output": (3, 16)}
    layout.add("mat_mul", half, {**attributes, "finish": 0, "store_output": 0}, tag="a")
    rest = {"load_input": 0, "accumulate": 1, "input_first": 32}
    layout.add("mat_mul", half, {**attributes, **rest}, tag="a")
    large = {"input": (1, 1568), "weights": (8, 1568), "output": (1, 8)}
    layout.add("mat_mul", large, attributes)
    return layout


def vectors() -> Layout:
    """Everything that the vector unit does."""
    layout = Layout()
    pool = {"input": (1, 6, 6, 24), "output": (1, 3, 3, 24)}
    attributes = {"load_input": 1, "store_output": 1, "input_first": 0, "output_first": 0}
    window = {"pool_h": 2, "pool_w": 2, "stride_h": 2, "stride_w": 2}
    layout.add("max_pool2d", pool, {**attributes, **window, **UNPADDED})
    layout.add("avg_pool2d", pool, {**attributes, **window, **UNPADDED, "activation": 2, **REALS})
    overlapping = {"pool_h": 3, "pool_w": 3, "stride_h": 2, "stride_w": 2, **PADDED}
    layout.add("max_pool2d", pool, {**attributes, **overlapping})
    for is_counted in (0, 1):
        numbers = {**overlapping, "count_include_pad": is_counted}
        layout.add("avg_pool2d", pool, {**attributes, **numbers})
    both = {"load_input": 1, "load_weights": 1, "store_output": 1}
    spatial = {"input": (1, 5, 4, 16), "weights": (4, 24), "output": (1, 5, 4, 16)}
    layout.add("batch_norm", spatial, {**both, "channel_first": 8, "activation": 1})
    flat = {"input": (3, 16), "weights": (4, 16), "output": (3, 16)}
    layout.add("batch_norm", flat, {**both, "channel_first": 0})
    pair = {"input": (1, 1000), "other": (1, 1000), "output": (1, 1000)}
    for kernel in ("add", "mul"):
        layout.add(kernel, pair, {"load_input": 1, "load_other": 1, "store_output": 1})
    long = {"input": (1, 5000), "output": (1, 5000)}
    for kernel in ("relu", "leaky_relu", "elu", "selu", "tanh", "hard_tanh", "sigmoid"):
        layout.add(kernel, long, {"load_input": 1, "store_output": 1, **REALS})
    rows = {"input": (3, 16), "output": (3, 16)}
    layout.add("softmax", rows, {"load_input": 1, "store_output": 1, "channels": 10})
    return layout
