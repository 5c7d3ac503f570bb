"""The memory system alone: how long the first read takes from each of its ports.

Arguments: run.json, port (dma, coherent dma, acp, cache, core). Prints the ticks, without the time
that the rest of the line takes after its first word.
"""

from __future__ import annotations

import sys
from pathlib import Path

import m5
from m5.objects import PyTrafficGen, Root, System
from m5.params import AddrRange

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "gem5_configs"))

from typing import TYPE_CHECKING

from soc.buses import dma_bus, io_cache_bus
from soc.caches import cache
from soc.clocks import Clocks
from soc.memory_system import build_memory_system
from soc.run_file import read_run_file

if TYPE_CHECKING:
    from collections.abc import Iterator


def _connect(system: System, port: str, clocks: Clocks, target: object) -> None:
    beside = system.l2bus.cpu_side_ports
    if port == "dma":
        system.way = dma_bus(target, clocks)
        system.reader.port = system.way.cpu_side_ports
        system.way.mem_side_ports = system.memory_side_bus.cpu_side_ports
    elif port == "coherent dma":
        system.way = io_cache_bus(target, clocks)
        system.reader.port = system.way.cpu_side_ports
        system.port_cache = cache(target.io_cache, clocks)
        system.port_cache.cpu_side = system.way.mem_side_ports
        beside = system.membus.cpu_side_ports
    else:
        specs = {"acp": target.acp, "cache": target.accelerator_cache, "core": target.l1d}
        system.port_cache = cache(specs[port], clocks)
        system.reader.port = system.port_cache.cpu_side
    if port != "dma":
        system.port_cache.mem_side = beside


def _add_idle(system: System, clocks: Clocks, target: object) -> None:
    """Put something on the L2 bus, which may not be empty."""
    system.idle = PyTrafficGen(clk_domain=clocks.domain(target.bus.clock_hz))
    system.idle_cache = cache(target.acp, clocks)
    system.idle.port = system.idle_cache.cpu_side
    system.idle_cache.mem_side = system.l2bus.cpu_side_ports


def main() -> None:
    run_file, port = sys.argv[1:]
    run = read_run_file(run_file)
    system = System(mem_mode="timing")
    clocks = Clocks(system, run.target.bus.clock_hz)
    build_memory_system(system, run.target, clocks, AddrRange(run.gem5.memory_bytes))
    system.reader = PyTrafficGen(clk_domain=clocks.domain(run.target.bus.clock_hz))
    _connect(system, port, clocks, run.target)
    _add_idle(system, clocks, run.target)
    root = Root(full_system=False, system=system)
    assert root
    m5.instantiate()

    def one_read() -> Iterator[object]:
        yield system.reader.createLinear(10**6, 0, 64, 64, 10**5, 10**5, 100, 64)
        yield system.reader.createIdle(10**6)
        yield system.reader.createExit(0)

    def nothing() -> Iterator[object]:
        yield system.idle.createIdle(10**9)

    system.reader.start(one_read())
    system.idle.start(nothing())
    m5.simulate(10**8)


if __name__ == "__m5_main__":
    main()
