# SPDX-License-Identifier: BSD-3-Clause
"""Caches, crossbars and DRAM of the SoC, wired together.

core 0 .. n          accelerator 0 .. m
  L1D  L1I       acp cache   accelerator cache      dma (coherent)     dma (not coherent)
   +------------ L2 bus ------------+                  I/O cache               |
                  L2                                       |                DMA bus
                   +--------------- membus ----------------+                   |
                                       +------- memory side bus --------------+
                                                 DRAM controllers
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from m5.objects import SimpleMemory, System

from soc.buses import l2_bus, memory_bus, memory_side_bus
from soc.caches import cache
from soc.memory import memory_controllers
from soc.processors import give_interrupt_controller

if TYPE_CHECKING:
    from types import SimpleNamespace

    from m5.params import AddrRange

    from soc.clocks import Clocks
    from soc.processors import Processors


BOOT_FETCH_LATENCY = "50ns"
"""Of each instruction while booting. Linux calibrates its timers by waiting for 100 ms: with 50 ns
per instruction these are 2 million instructions, at a core's clock they would be 250 million."""


def build_memory_system(
    system: System, target: SimpleNamespace, clocks: Clocks, memory: AddrRange
) -> None:
    """Add `l2bus`, `l2`, `membus`, `memory_side_bus` and `mem_ctrls` to a system."""
    _add_membus(system, target, clocks, memory)
    system.memory_side_bus = memory_side_bus(target, clocks)
    system.l2bus = l2_bus(target, clocks)
    system.l2 = cache(target.l2, clocks)
    system.l2.cpu_side = system.l2bus.mem_side_ports
    system.l2.mem_side = system.membus.cpu_side_ports
    system.memory_side_bus.cpu_side_ports = system.membus.mem_side_ports
    system.mem_ctrls = memory_controllers(memory, target.dram, target.line_bytes)
    for controller in system.mem_ctrls:
        controller.port = system.memory_side_bus.mem_side_ports


def build_plain_memory(
    system: System, target: SimpleNamespace, clocks: Clocks, memory: AddrRange
) -> None:
    """Add `membus` and one memory: enough to boot on, where no time is measured, and much faster.

    A checkpoint holds what is in memory and cores; it restores into `build_memory_system` as well.
    """
    _add_membus(system, target, clocks, memory)
    system.plain_memory = SimpleMemory(range=memory, latency=BOOT_FETCH_LATENCY)
    system.plain_memory.port = system.membus.mem_side_ports


def connect_plainly(system: System, processors: Processors) -> None:
    """Connect the cores that run first to `membus`, without caches."""
    for core in processors.start:
        give_interrupt_controller(core)
        if hasattr(core, "simulate_inst_stalls"):
            core.simulate_inst_stalls = True
        core.connectBus(system.membus)


def _add_membus(system: System, target: SimpleNamespace, clocks: Clocks, memory: AddrRange) -> None:
    system.cache_line_size = target.line_bytes
    system.mem_ranges = [memory]
    system.membus = memory_bus(target, clocks)
    system.system_port = system.membus.cpu_side_ports
