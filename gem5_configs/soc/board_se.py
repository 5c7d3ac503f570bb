# SPDX-License-Identifier: BSD-3-Clause
"""The SoC in syscall emulation: one process, gem5 does what its system calls ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import m5.objects
from m5.objects import Process, Root, SEWorkload, System
from m5.params import AddrRange

from soc.accelerators import (
    MemoryPoints,
    connect_memory_ports,
    make_accelerators,
    model_session,
)
from soc.clocks import Clocks
from soc.errors import ConfigurationError
from soc.memory_system import build_memory_system
from soc.processors import Processors
from soc.run_file import file_of

if TYPE_CHECKING:
    from types import SimpleNamespace

    from soc.model_process import ModelProcess

REGISTERS_ADDRESS = 0xC0000000
"""Physical address of the bridge's registers, unless memory reaches beyond."""
REGISTERS_ALIGNMENT = 1 << 20
REGISTERS_LATENCY = "30ns"
"""Of an access at the device. Source: gem5 src/dev/pci/PciDevice.py `pio_latency`."""
MAXIMUM_STACK = "8MiB"
"""Linux's own default."""


class SeBoard:
    """A system in syscall emulation.

    Attributes:
        root: What m5.instantiate builds.
        processors: Its cores.
        bridge: The accelerator bridge; None without accelerators.
    """

    def __init__(
        self,
        run: SimpleNamespace,
        arguments: list[str],
        process: ModelProcess | None,
        *,
        has_accelerators: bool = True,
    ) -> None:
        target, gem5 = run.target, run.gem5
        if gem5.threads > target.cpu.cores:
            raise ConfigurationError(
                f"gem5.threads is {gem5.threads}, and target.cpu.cores is {target.cpu.cores}; in "
                "syscall emulation each thread has a core of its own"
            )
        self.system = System()
        clocks = Clocks(self.system, target.bus.clock_hz)
        build_memory_system(self.system, target, clocks, AddrRange(gem5.memory_bytes))
        start = "atomic" if _can_fast_forward(gem5) else gem5.cpu
        self.processors = Processors(self.system, target, clocks, start, gem5.cpu)
        self.processors.attach(target, clocks, self.system.l2bus, self.system.membus)
        self.bridge = None
        if has_accelerators:
            self.bridge = _attach_bridge(self.system, run, clocks, process)
        self._load(run, arguments)
        self.root = Root(full_system=False, system=self.system)

    def _load(self, run: SimpleNamespace, arguments: list[str]) -> None:
        program = file_of(run, run.gem5.files.runtime)
        process = Process(
            cmd=[program, *arguments], cwd=str(run.directory), maxStackSize=MAXIMUM_STACK
        )
        if self.bridge is not None:
            process.drivers = [m5.objects.AcceleratorDriver(bridge=self.bridge)]
        self.system.workload = SEWorkload.init_compatible(program)
        for core in self.processors.all:  # threads of one process: all cores have that process
            core.workload = process
            core.createThreads()


def _can_fast_forward(gem5: SimpleNamespace) -> bool:
    """Whether cores can be switched: in syscall emulation only while the process has one thread.

    gem5 gives each thread a process object of its own and remembers sleeping threads by their core,
    both of which a switch of cores loses (assertion in src/cpu/thread_context.cc, takeOverFrom).
    """
    return gem5.fast_forward and gem5.threads == 1


def _attach_bridge(
    system: System, run: SimpleNamespace, clocks: Clocks, process: ModelProcess | None
) -> m5.objects.AcceleratorBridge:
    target = run.target
    accelerators = make_accelerators(target, clocks)
    beyond_memory = -run.gem5.memory_bytes % REGISTERS_ALIGNMENT + run.gem5.memory_bytes
    bridge = m5.objects.AcceleratorBridge(
        session=model_session(run, process),
        accelerators=accelerators,
        pio_addr=max(REGISTERS_ADDRESS, beyond_memory),
        pio_latency=REGISTERS_LATENCY,
        is_coherent=target.dma.coherent,
    )
    system.accelerator_bridge = bridge
    bridge.pio = system.membus.mem_side_ports
    points = MemoryPoints(system.membus, system.l2bus, system.memory_side_bus)
    connect_memory_ports(system, accelerators, target, clocks, points)
    return bridge
