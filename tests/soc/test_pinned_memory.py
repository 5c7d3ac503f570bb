"""Windows of pinned user memory: the same values, and the time that finding their pages takes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from workloads import lenet5

PINNED = "driver.memory=pinned"
PAGE_BYTES = 4096
REFRESH_SHARE = 0.005
"""Moving work in time moves it against DRAM refresh (180 ns each 3.9 us) and open rows."""


@pytest.fixture(scope="module")
def workload() -> Any:
    return lenet5.build()


def _elapsed(result: Any) -> int:
    return int(result.end_tick - result.begin_tick)


def _count(result: Any, name: str) -> float:
    return float(sum(s.value for s in result.statistics if s.name.endswith(f".{name}")))


def _moved_bytes(result: Any) -> float:
    """Return the bytes that operations moved, list entries left out."""
    names = [f"system.accelerators{i}.bytes{way}" for i in range(8) for way in ("Read", "Written")]
    return float(sum(s.value for s in result.statistics if s.name in names))


@pytest.mark.parametrize("interface", ["dma", "acp", "cache"])
@pytest.mark.parametrize("count", [1, 4])
def test_outputs_are_those_of_the_drivers_own_memory(
    interface: str, count: int, workload: Any, run_workload: Any
) -> None:
    sets = [f"accelerator.interface={interface}", f"accelerator.count={count}"]
    block, _ = run_workload(workload, sets=sets)
    pinned, _ = run_workload(workload, sets=[*sets, PINNED])
    assert pinned.outputs[0].tobytes() == block.outputs[0].tobytes()
    assert _moved_bytes(pinned) == _moved_bytes(block) > 0


@pytest.mark.parametrize("interface", ["dma", "acp"])
def test_exact_and_kernel_mode_take_the_same_ticks(
    interface: str, workload: Any, run_workload: Any
) -> None:
    sets = [f"accelerator.interface={interface}", PINNED, "accelerator.tlb_entries=4"]
    exact, _ = run_workload(workload, sets=sets, mode="exact")
    kernel, _ = run_workload(workload, sets=sets, mode="kernel")
    assert exact.timeline.tobytes() == kernel.timeline.tobytes()
    assert _count(kernel, "readMismatches") == 0


def test_only_pinned_memory_is_translated(workload: Any, run_workload: Any) -> None:
    block, _ = run_workload(workload)
    names = {each.name.rpartition(".")[2] for each in block.statistics}
    assert not names & {"tlbHits", "tlbMisses"}
    pinned, _ = run_workload(workload, sets=[PINNED])
    requests = _count(pinned, "tlbHits") + _count(pinned, "tlbMisses")
    assert requests >= _moved_bytes(pinned) / 64
    assert _count(pinned, "dma.reads") == _count(block, "dma.reads") + _count(pinned, "tlbMisses")


def test_a_tlb_that_holds_all_pages_misses_once_per_page(workload: Any, run_workload: Any) -> None:
    sets = [PINNED, "accelerator.tlb_entries=4096"]
    first, program = run_workload(workload, sets=sets)
    pages = sum(-(-window.size_bytes // PAGE_BYTES) for window in program.windows)
    assert 0 < _count(first, "tlbMisses") <= pages
    second, _ = run_workload(workload, sets=sets, repeat=2)
    block, _ = run_workload(workload, repeat=2)
    assert _count(second, "tlbMisses") == 0
    assert np.isclose(_elapsed(second), _elapsed(block), rtol=REFRESH_SHARE)


def test_fewer_entries_miss_more_and_are_not_faster(workload: Any, run_workload: Any) -> None:
    runs = [
        run_workload(workload, sets=[PINNED, f"accelerator.tlb_entries={entries}"], repeat=2)[0]
        for entries in (1, 8, 64, 512)
    ]
    misses = [_count(result, "tlbMisses") for result in runs]
    assert misses == sorted(misses, reverse=True)
    assert misses[0] > misses[-1]
    times = [_elapsed(result) for result in runs]
    assert all(more <= fewer * (1 + REFRESH_SHARE) for fewer, more in itertools.pairwise(times))
    assert times[-1] < times[0]
