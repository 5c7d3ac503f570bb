"""What one read costs on gem5's board, from each port, against the target's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.gem5.gem5_runs import CONFIGS, run_description, run_gem5

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.gem5, pytest.mark.slow]

_SCRIPT = CONFIGS.parent / "tests" / "gem5" / "user_boards" / "read_latency.py"
_SECOND = 10**12


def _cycles(cache: dict[str, Any]) -> int:
    return int(cache["hit_latency_cycles"] * _SECOND // cache["clock_hz"])


def _least_ticks(target: dict[str, Any], port: str) -> int:
    """Return the latency of a read that misses everywhere, without waits for clock edges.

    A cache is charged twice, for the look-up and for the fill; buses once per direction.
    """
    dram, bus = target["dram"], target["bus"]
    ticks = sum(dram[f"{name}_ticks"] for name in ("tRCD", "tCL", "tBURST"))
    ticks += dram["frontend_latency_ticks"] + dram["backend_latency_ticks"]
    ticks += 2 * bus["latency_cycles"] * _SECOND // bus["clock_hz"]
    if port == "dma":
        return ticks
    if port == "coherent dma":
        return ticks + 2 * _cycles(target["io_cache"])
    private = {"acp": "acp", "cache": "accelerator_cache", "core": "l1d"}[port]
    l2_bus = 2 * _SECOND // target["l2"]["clock_hz"]
    return ticks + 2 * _cycles(target["l2"]) + l2_bus + 2 * _cycles(target[private])


@pytest.mark.parametrize("target", ["smaug", "mobile"])
@pytest.mark.parametrize("port", ["dma", "coherent dma", "acp", "cache", "core"])
def test_a_read_costs_what_the_target_says_from_every_port(
    gem5: Path, tmp_path: Path, port: str, target: str
) -> None:
    run = run_description(target)
    ended = run_gem5(gem5, tmp_path, run, port, script=_SCRIPT)
    assert ended.status == 0, ended.stderr
    stats = dict(
        line.split()[:2]
        for line in (ended.output / "stats.txt").read_text().splitlines()
        if line.startswith("system.reader.total")
    )
    assert stats["system.reader.totalReads"] == "1"
    waits = int(stats["system.reader.totalReadLatency"]) - _least_ticks(run["target"], port)
    # For an edge of the bus's clock: two crossbars on the way there, one or two on the way back.
    bus_cycle = _SECOND // run["target"]["bus"]["clock_hz"]
    assert 0 <= waits < 4 * bus_cycle
