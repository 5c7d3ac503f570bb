"""The tutorial's model is complete: it computes, takes time and can be described."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from accel_models.tutorial import TutorialModel
from harness.bridge.messages import ModelMode


@pytest.mark.parametrize("mode", list(ModelMode))
def test_add_loads_side_by_side_then_computes_then_stores(
    bench: Any, random_fp16: Any, mode: ModelMode
) -> None:
    x, other = random_fp16(1, 40), random_fp16(1, 40)
    ran = bench(TutorialModel({}), mode).run("add", {"input": x, "other": other, "output": (1, 40)})
    expected = (x.astype(np.float32) + other.astype(np.float32)).astype(np.float16)
    np.testing.assert_array_equal(ran.output, expected)
    assert ran.nodes["kind"].tolist() == [1, 1, 3, 2]
    assert ran.dependences == [(), (), (0, 1), (2,)]
    assert ran.cycles() == 3  # 40 elements in vectors of 16


def test_relu_with_more_lanes_takes_fewer_cycles(bench: Any, random_fp16: Any) -> None:
    x = random_fp16(1, 64)
    tensors = {"input": x, "output": x.shape}
    narrow, wide = (bench(TutorialModel({"lanes": n})).run("relu", tensors) for n in (8, 32))
    np.testing.assert_array_equal(narrow.output, np.maximum(x, 0))
    assert (narrow.cycles(), wide.cycles()) == (8, 2)


def test_tutorial_declares_only_what_it_can_do() -> None:
    assert set(TutorialModel({}).describe().kernels) == {"relu", "add"}
