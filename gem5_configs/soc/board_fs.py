# SPDX-License-Identifier: BSD-3-Clause
"""The SoC in a PC that boots Linux; the accelerators are one PCI function."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

import m5.objects
from m5.objects import Root, System
from m5.params import AddrRange

from soc.accelerators import (
    MemoryPoints,
    connect_memory_ports,
    make_accelerators,
    model_session,
)
from soc.clocks import Clocks
from soc.disk import add_disk
from soc.memory_system import build_memory_system, build_plain_memory, connect_plainly
from soc.pc import FIRST_PCI_PIN, add_interrupt, build_pc, pci_host
from soc.processors import Processors, guard_halts, number_apics
from soc.run_file import file_of
from soc.terminal import Terminal

if TYPE_CHECKING:
    from types import SimpleNamespace

    from soc.model_process import ModelProcess

PCI_DEVICE = 5
"""Number on PCI bus 0; 4 is the IDE controller of gem5's PC."""
INTERRUPT_PIN = FIRST_PCI_PIN + 1
INITRAMFS_ADDRESS = 0x8000000
"""128 MiB: above the kernel, below the top of the smallest memory that a run has."""
BOOT_HEADER_ADDRESS = 0x90200 + 0x210
"""Of `type_of_loader` in the boot parameters. Source: gem5 src/arch/x86/linux/fs_workload.cc, which
leaves the loader's fields to others, and Linux Documentation/x86/boot.rst."""
_UNKNOWN_LOADER = 0xFF
TERMINAL_NAME = "system.pc.com_1.device"
"""In gem5's output folder; gem5 names it after the terminal's object."""


class FsBoard:
    """A full system.

    Attributes:
        root: What m5.instantiate builds.
        processors: Its cores.
        bridge: The accelerator bridge; None without accelerators.
        terminal: What the guest prints.
    """

    def __init__(
        self,
        run: SimpleNamespace,
        output: Path,
        process: ModelProcess | None,
        *,
        has_accelerators: bool = True,
        is_boot: bool = False,
    ) -> None:
        """Build the board; with `is_boot` only what a boot to a checkpoint needs."""
        target, gem5 = run.target, run.gem5
        self.terminal = Terminal(output / TERMINAL_NAME)
        self.system = system = System()
        clocks = Clocks(system, target.bus.clock_hz)
        memory = AddrRange(gem5.memory_bytes)
        start = gem5.boot if is_boot else _first_core(gem5)
        measured = start if is_boot else gem5.cpu
        (build_plain_memory if is_boot else build_memory_system)(system, target, clocks, memory)
        build_pc(system, gem5.memory_bytes, target.cpu.cores)
        add_disk(system, run, output, is_boot=is_boot)
        self.processors = Processors(system, target, clocks, start, measured)
        if is_boot:
            connect_plainly(system, self.processors)
        else:
            self.processors.attach(target, clocks, system.l2bus, system.membus)
        for core in self.processors.all:
            core.createThreads()
        number_apics(self.processors.all)
        guard_halts(self.processors.all)
        self.bridge = None
        if has_accelerators:
            self.bridge = _attach_bridge(system, run, clocks, process)
            if is_boot:
                _connect_idle(system, self.bridge)
            else:
                _connect_memory(system, target, clocks, self.bridge)
                _watch_kernel_time(system, self.processors)
        _load_kernel(system, run, output)
        self.root = Root(full_system=True, system=system)


def _first_core(gem5: SimpleNamespace) -> str:
    if gem5.guest.checkpoint:
        return "atomic" if gem5.fast_forward else gem5.cpu
    return gem5.boot


def _attach_bridge(
    system: System,
    run: SimpleNamespace,
    clocks: Clocks,
    process: ModelProcess | None,
) -> m5.objects.AcceleratorBridgePci:
    bridge = m5.objects.AcceleratorBridgePci(
        session=model_session(run, process),
        accelerators=make_accelerators(run.target, clocks),
        is_coherent=run.target.dma.coherent,
        pci_bus=0,
        pci_dev=PCI_DEVICE,
        pci_func=0,
        InterruptLine=INTERRUPT_PIN,
        **pci_host(system, m5.objects.AcceleratorBridgePci),
    )
    system.accelerator_bridge = bridge
    bridge.pio = system.iobus.mem_side_ports
    bridge.dma = system.iobus.cpu_side_ports  # gem5's PCI devices must have it; ours moves nothing
    add_interrupt(system, PCI_DEVICE, INTERRUPT_PIN)
    return bridge


def _connect_idle(system: System, bridge: m5.objects.AcceleratorBridgePci) -> None:
    """Connect the port that an accelerator must have, though none works while the guest boots."""
    for accelerator in bridge.accelerators:
        accelerator.dma = system.membus.cpu_side_ports


def _connect_memory(
    system: System, target: SimpleNamespace, clocks: Clocks, bridge: m5.objects.AcceleratorBridgePci
) -> None:
    points = MemoryPoints(system.membus, system.l2bus, system.memory_side_bus)
    connect_memory_ports(system, list(bridge.accelerators), target, clocks, points)


def _watch_kernel_time(system: System, processors: Processors) -> None:
    """Log user and kernel time of the measured cores."""
    system.kernel_time_probes = [
        m5.objects.KernelTimeProbe(manager=core, log=f"kernel_time_{index}.bin")
        for index, core in enumerate(processors.measured)
    ]


def _load_kernel(system: System, run: SimpleNamespace, output: Path) -> None:
    """Name the kernel, its command line and its initramfs; nothing is loaded on a restore.

    gem5 loads a kernel's ELF file but no initramfs, and leaves the boot parameters of the loader
    empty. Both are given as blobs at their addresses (KernelWorkload.extras).
    """
    guest, workload = run.gem5.guest, system.workload
    workload.object_file = file_of(run, guest.kernel)
    workload.command_line = guest.command_line
    if not guest.initramfs:
        return
    initramfs = file_of(run, guest.initramfs)
    header = output / "boot_header.bin"
    header.write_bytes(boot_header(Path(initramfs).stat().st_size))
    workload.extras = [initramfs, str(header)]
    workload.extras_addrs = [INITRAMFS_ADDRESS, BOOT_HEADER_ADDRESS]


def boot_header(initramfs_bytes: int) -> bytes:
    """Return type_of_loader, loadflags, setup_move_size, code32_start, ramdisk_image and _size."""
    return struct.pack("<BBHIII", _UNKNOWN_LOADER, 0, 0, 0, INITRAMFS_ADDRESS, initramfs_bytes)
