"""Calls of the C++ kernels with numpy arrays, padded in storage as buffers are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.soc import _engine
from harness.soc.pack import DTYPE_CODES
from harness.soc.tensors import numpy_dtype

ALIGNMENT = 8


def _form(dtype: Any, layout: Any, shape: Any, alignment: Any) -> Any:
    stored = (*shape[:-1], -(-shape[-1] // alignment) * alignment)
    return (DTYPE_CODES[dtype], layout, list(shape), list(stored)), stored


def _padded(array: Any, stored: Any) -> Any:
    padding = [(0, have - want) for want, have in zip(array.shape, stored, strict=True)]
    return np.pad(array, padding).tobytes()


@pytest.fixture
def run_kernel() -> Any:
    """Return f(routine, inputs, output forms, attributes) -> arrays.

    Inputs are (array, dtype, layout), output forms (dtype, layout, shape).
    """

    def run(
        routine: Any, inputs: Any, outputs: Any, attributes: Any = (), alignment: Any = ALIGNMENT
    ) -> Any:
        forms, data = [], []
        for array, dtype, layout in inputs:
            form, stored = _form(dtype, layout, array.shape, alignment)
            forms.append(form)
            data.append(_padded(array, stored))
        wanted = [_form(dtype, layout, shape, alignment) for dtype, layout, shape in outputs]
        results, _, _ = _engine.run_routine(
            routine, forms, data, [form for form, _ in wanted], list(attributes)
        )
        arrays = []
        for raw, (_, stored), (dtype, _, shape) in zip(results, wanted, outputs, strict=True):
            array = np.frombuffer(raw, dtype=numpy_dtype(dtype)).reshape(stored)
            assert not array[..., shape[-1] :].any(), "padding is zero"
            arrays.append(array[..., : shape[-1]])
        return arrays

    return run
