"""More of a resource is never slower, but for causes that are named here; and nothing is too fast.

Every chain grows one resource. A step may be slower by `WOBBLE` at most: with another rate of
requests, other rows of DRAM are open and other refreshes are hit, which moves single transfers by
a row cycle each. `test_wobble_is_the_dram_rows_doing` holds this explanation to account.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WOBBLE = 0.03
FLAT_DRAM = (
    "dram.tRCD=1 ps",
    "dram.tRP=1 ps",
    "dram.tRAS=2 ps",
    "dram.tRFC=0 ns",
    "dram.tWTR=0 ns",
    "dram.tRRD=0 ns",
    "dram.tWR=0 ns",
    "dram.tRTP=0 ns",
)
"""A DRAM whose rows cost nothing to open: bandwidth and latency only."""


def _grow(form: str, values: Sequence[object], *fixed: str) -> list[list[str]]:
    return [[*fixed, form % value] for value in values]


CHAINS = {
    "accelerators, dma": _grow("accelerators=%d", (1, 2, 4, 8)),
    "accelerators, acp": _grow("accelerators=%d", (1, 2, 4, 8), "interface=acp"),
    "accelerators, cache": _grow("accelerators=%d", (1, 2, 4, 8), "interface=cache"),
    "accelerators, queue": _grow("accelerators=%d", (1, 2, 4, 8), "assignment=dynamic"),
    "cores": _grow("cpu.cores=%d", (1, 4, 16)),
    "bus width": _grow("bus.width=%d B", (8, 16, 64)),
    "bus clock": _grow("bus.clock=%s GHz", (0.625, 1.25, 2.5)),
    "bus queue": _grow("bus.queue_depth=%d", (1, 4, 64)),
    "dram channels": _grow("dram.channels=%d", (1, 2, 4)),
    "dram latency": [
        [f"dram.{name}={time} ns" for name in ("tCL", "tRCD", "tRP")] for time in (40, 18, 9)
    ],
    "dram burst time": _grow("dram.tBURST=%d ns", (20, 10, 5)),
    "dma outstanding": _grow("dma.maximum_outstanding=%d", (1, 4, 16, 64)),
    "dma set-up": _grow("dma.setup=%d ns", (200, 40, 0)),
    "acp outstanding": _grow("acp.maximum_outstanding=%d", (1, 4, 16), "interface=acp"),
    "cache size": _grow("accelerator_cache.size=%d KiB", (4, 16, 64), "interface=cache"),
    "cache mshrs": _grow("accelerator_cache.mshrs=%d", (1, 4, 16), "interface=cache"),
    "l2 mshrs": _grow("l2.mshrs=%d", (1, 4, 20), "interface=acp"),
    "l2 latency": _grow("l2.hit_latency=%d cycles", (40, 20, 10), "interface=acp"),
    "l1 mshrs": _grow("l1d.mshrs=%d", (1, 4, 10)),
    "instructions": _grow("cpu.cycles_per_instruction=%s", (2, 1, 0.5)),
    "accelerator clock": _grow("accelerator.clock=%s GHz", (0.5, 1, 2)),
    "double buffer": _grow("accelerator.parameters.double_buffer=%s", ("false", "true")),
    "double buffer, acp": _grow(
        "accelerator.parameters.double_buffer=%s", ("false", "true"), "interface=acp"
    ),
    "PEs": _grow("accelerator.parameters.pe_count=%d", (8, 16)),
    "polling": _grow("driver.wait=%s", ("interrupt", "polling")),
}
NETWORKS = [("lenet5", "traffic"), ("minerva", "smaug")]


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize(("workload", "policy"), NETWORKS)
def test_more_of_a_resource_is_not_slower(
    workload: str,
    policy: str,
    chain: str,
    load_case: Callable[..., Any],
    run_case: Callable[..., Any],
) -> None:
    case = load_case(workload)
    ticks = [run_case(case, sets, policy=policy).ticks for sets in CHAINS[chain]]
    for fewer, more in pairwise(ticks):
        assert more <= fewer * (1 + WOBBLE), ticks
    assert ticks[-1] <= ticks[0] * (1 + WOBBLE / 10), ticks


@pytest.mark.parametrize(("workload", "policy"), NETWORKS)
@pytest.mark.parametrize("sets", [(), ("accelerators=4", "interface=acp")], ids=["dma", "acp x 4"])
def test_more_threads_are_not_slower(
    workload: str,
    policy: str,
    sets: tuple[str, ...],
    load_case: Callable[..., Any],
    run_case: Callable[..., Any],
) -> None:
    case = load_case(workload)
    ticks = [run_case(case, sets, policy=policy, threads=n).ticks for n in (1, 2, 4, 8)]
    for fewer, more in pairwise(ticks):
        assert more <= fewer * (1 + WOBBLE), ticks


def test_threads_that_copy_side_by_side_are_slower_only_by_dram_rows(
    load_case: Callable[..., Any], run_case: Callable[..., Any]
) -> None:
    """Eight threads write tiles 32 KiB apart: other rows of the same banks, opened in turn."""
    case = load_case("workloads.micro:add")

    def run(threads: int, *sets: str) -> Any:
        return run_case(case, ["interface=acp", *sets], policy="smaug", threads=threads)

    opened = [run(n).values["system.mem_ctrls0.dram.activates"] for n in (2, 8)]
    assert opened[1] > 1.1 * opened[0]  # a core sends one store miss at a time: no more conflicts
    ticks = [run(n, *FLAT_DRAM).ticks for n in (1, 2, 4, 8)]
    for fewer, more in pairwise(ticks):
        assert more <= fewer * (1 + WOBBLE), ticks


def test_a_larger_l2_is_not_slower_where_nothing_is_flushed(
    load_case: Callable[..., Any], run_case: Callable[..., Any]
) -> None:
    """With flushes it may be: a small L2 has written dirty lines back before the flush asks."""
    case = load_case("workloads.micro:pool")
    ticks = [
        run_case(case, ["coherent=true", f"l2.size={size} KiB"], repeat=2).ticks
        for size in (512, 2048, 8192)
    ]
    for fewer, more in pairwise(ticks):
        assert more <= fewer * (1 + WOBBLE), ticks


def test_wider_pes_do_not_help_a_convolution_of_few_channels(
    load_case: Callable[..., Any], run_case: Callable[..., Any]
) -> None:
    """The one resource of which more is slower: lanes of a PE, beyond the channels there are.

    The input scratchpad has one port of 8 lanes, so that a pixel takes macs_per_pe / 8 cycles
    however many channels are real; of 128 lanes, 96 wait for 32 channels.
    """
    case = load_case("workloads.micro:conv")
    ticks = [
        run_case(case, [f"accelerator.parameters.macs_per_pe={n}"]).values[
            "system.accelerators0.unitBusyTicks::1"
        ]
        for n in (32, 64, 128)
    ]
    assert ticks[0] < ticks[1] < ticks[2]


def test_wobble_is_the_dram_rows_doing(
    load_case: Callable[..., Any], run_case: Callable[..., Any]
) -> None:
    """Where rows cost nothing, chains that only change the rate of requests fall strictly."""
    case = load_case("lenet5")
    for chain in ("dma set-up", "dma outstanding", "accelerators, dma"):
        ticks = [run_case(case, [*sets, *FLAT_DRAM]).ticks for sets in CHAINS[chain]]
        assert ticks == sorted(ticks, reverse=True), chain


@pytest.mark.parametrize("workload", ["lenet5", "minerva", "cnn10", "workloads.micro:matrix"])
@pytest.mark.parametrize("sets", [(), ("accelerators=4", "interface=acp")], ids=["dma", "acp x 4"])
def test_nothing_is_faster_than_its_datapath_bus_and_dram(
    workload: str,
    sets: tuple[str, ...],
    load_case: Callable[..., Any],
    run_case: Callable[..., Any],
) -> None:
    run = run_case(load_case(workload), sets)
    target, values, seconds = run.target, run.values, run.ticks / 1e12
    macs = sum(each.macs for each in run.program.operators if each.is_accelerated)
    macs_per_cycle = 8 * 32 * target.accelerator.count
    assert seconds >= macs / macs_per_cycle / target.accelerator.clock_hz
    moved = sum(
        v
        for n, v in values.items()
        if n.startswith("system.accelerators")
        and n.endswith((".dma.bytesRead", ".dma.bytesWritten"))
    )
    bus = target.bus.width_bytes * target.bus.clock_hz
    assert seconds >= moved / (2 * bus)  # one request and one response layer
    dram = sum(v for n, v in values.items() if ".dram.bytes" in n)
    peak = target.dram.channels * target.dram.burst_bytes / (target.dram.tBURST_ticks / 1e12)
    assert dram > 0
    assert seconds >= dram / peak


def test_a_batch_of_two_takes_at_most_twice_one(
    case_of: Callable[..., Any], run_case: Callable[..., Any]
) -> None:
    import numpy as np

    from harness import graph as h

    def ticks(batch: int) -> int:
        with h.Graph("batch") as graph:
            x = h.input_data((batch, 12, 12, 16), dtype="fp16", layout="NHWC", name="x")
            weights = np.ones((24, 3, 3, 16), np.float16)
            y = h.conv2d(x, h.constant(weights, layout="NHWC", name="w"), activation="relu")
            h.max_pool2d(y, pool=2, stride=2)
        return int(run_case(case_of(graph)).ticks)

    one, two, four = ticks(1), ticks(2), ticks(4)
    assert one < two <= 2 * one
    assert two < four <= 2 * two
