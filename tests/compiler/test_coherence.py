"""Which lines are flushed and invalidated, line by line on small histories."""

from __future__ import annotations

import numpy as np
import pytest

from harness.compiler.coherence import Maintenance, Touched, plan_maintenance
from harness.compiler.lines import LineMap
from harness.compiler.placement import View
from harness.compiler.program import Buffer, Copy, Window
from harness.compiler.tile_plan import Region

LINES = 8


def _lines(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def _plan(
    *operators: Touched, inputs: tuple[int, ...] = (), outputs: tuple[int, ...] = ()
) -> Maintenance:
    return plan_maintenance(operators, _lines(*inputs), _lines(*outputs), LINES)


def _numbers(parts: tuple[np.ndarray, ...]) -> list[list[int]]:
    return [part.tolist() for part in parts]


def test_an_input_that_the_host_wrote_is_flushed() -> None:
    plan = _plan(Touched(device_reads=_lines(0, 1)), inputs=(0,))

    assert _numbers(plan.flushes) == [[0]]


def test_a_tensor_between_two_commands_needs_nothing() -> None:
    first = Touched(device_reads=_lines(0), device_writes=_lines(1))
    second = Touched(device_reads=_lines(1), device_writes=_lines(2))
    plan = _plan(first, second)

    assert _numbers(plan.flushes) == [[], []]
    assert _numbers(plan.early_flushes) == [[], []]
    assert _numbers(plan.invalidates) == [[], []]


def test_a_clean_copy_disturbs_writes_of_the_device_but_not_reads() -> None:
    host = Touched(reads=_lines(1, 2))
    device = Touched(device_reads=_lines(1), device_writes=_lines(2))

    assert _numbers(_plan(host, device).flushes) == [[], [2]]


def test_what_the_host_gathers_is_invalidated_and_flushed_before_the_next_inference() -> None:
    plan = _plan(Touched(device_reads=_lines(0), device_writes=_lines(1), late_reads=_lines(1)))

    assert _numbers(plan.invalidates) == [[1]]
    assert _numbers(plan.flushes) == [[]]
    assert _numbers(plan.early_flushes) == [[1]]


def test_a_result_is_read_at_the_end() -> None:
    plan = _plan(Touched(device_writes=_lines(3)), outputs=(3,))

    assert _numbers(plan.invalidates) == [[3]]
    assert _numbers(plan.early_flushes) == [[3]]


def test_what_only_the_inference_before_makes_necessary_joins_the_first_flush() -> None:
    first = Touched(device_reads=_lines(0), device_writes=_lines(1))
    second = Touched(device_reads=_lines(1), device_writes=_lines(2))
    third = Touched(reads=_lines(2), writes=_lines(3), device_reads=_lines(3))
    plan = _plan(first, second, third, inputs=(0,))

    assert _numbers(plan.flushes) == [[0], [], [3]]
    assert _numbers(plan.early_flushes) == [[2], [], []]


def test_a_flush_never_moves_behind_the_access_that_needs_it() -> None:
    first = Touched(device_writes=_lines(1), late_reads=_lines(1))
    second = Touched(writes=_lines(2), device_reads=_lines(2))
    plan = _plan(first, second)

    assert _numbers(plan.flushes) == [[], [2]]
    assert _numbers(plan.early_flushes) == [[1], []]


def test_a_line_that_the_host_rewrites_first_needs_no_invalidate() -> None:
    device = Touched(device_writes=_lines(1))
    host = Touched(writes=_lines(1), reads=_lines(2))
    again = Touched(reads=_lines(1))

    assert _numbers(_plan(device, host, again).invalidates) == [[], [], []]


def test_a_coherent_interface_counts_as_a_cache() -> None:
    first = Touched(cached_writes=_lines(1))
    second = Touched(device_reads=_lines(1), device_writes=_lines(2))
    third = Touched(cached_reads=_lines(2))
    plan = _plan(first, second, third)

    assert _numbers(plan.flushes) == [[], [1], []]
    assert _numbers(plan.early_flushes) == [[], [2], []]
    assert _numbers(plan.invalidates) == [[], [2], []]


@pytest.fixture
def line_map() -> LineMap:
    buffers = tuple(
        Buffer(name, window, offset, 2048, "fp16", "NHWC", (1024,), (1024,), name)
        for name, window, offset in (("tensor", 1, 4096), ("tile", 2, 64))
    )
    windows = [Window("w", 4096, is_writable=False), *[Window("a", 8192, is_writable=True)] * 2]
    return LineMap.of(windows, buffers, 64)


def test_lines_of_a_strided_copy_are_those_of_its_bytes(line_map: LineMap) -> None:
    view = View((1, 8, 8, 16), 2, 8)
    region = Region((0, 2, 3, 8), (1, 3, 4, 8))
    extents, strides, dense = view.copy_runs(region)
    copy = Copy(0, view.offset_bytes(region), 1, 0, extents, strides, dense)
    elements = np.arange(1024).reshape(8, 8, 16)[2:5, 3:7, 8:16].reshape(-1)
    expected = set((64 + (4096 + elements * 2) // 64).tolist())

    assert set(line_map.read_by([copy]).tolist()) == expected
    first = 64 + 128 + 1
    assert sorted(set(line_map.written_by([copy]).tolist())) == [first, first + 1, first + 2]
