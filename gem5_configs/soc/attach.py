# SPDX-License-Identifier: BSD-3-Clause
"""Accelerators for a board of the user's own: standard library or plain gem5 configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import m5.objects
from m5.objects import PciDevice, SubSystem

from soc.accelerators import (
    MAXIMUM_ACCELERATORS,
    MemoryPoints,
    check_extension,
    connect_memory_ports,
    make_accelerators,
    model_session,
)
from soc.board_se import REGISTERS_ADDRESS, REGISTERS_ALIGNMENT, REGISTERS_LATENCY
from soc.buses import memory_side_bus
from soc.clocks import Clocks
from soc.command_line import output_folder
from soc.errors import ConfigurationError
from soc.model_process import start_model
from soc.pc import IO_HOLE, add_interrupt, add_reservation, free_interrupt_pin, pci_host

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from m5.objects import BaseXBar, SimObject, System

_FIRST_PCI_DEVICE, _PCI_DEVICES = 5, 32
_REGISTERS_BYTES = 16 * 4096


def attach_accelerators(
    board: System, spec: SimpleNamespace, points: MemoryPoints | None = None
) -> SimObject:
    """Attach a run's accelerators, and the process of their model, to a board.

    Call it when the board is built and before it is instantiated:

        spec = read_run_file("run.json")
        board = X86Board(...)                    # or SimpleBoard, or a System by hand
        bridge = attach_accelerators(board, spec)
        board.set_kernel_disk_workload(...)

    Of `spec.target` it uses what describes the accelerators (accelerator, dma, acp,
    accelerator_cache, io_cache, bus for the DMA's way to memory, line_bytes); of `spec.gem5` the
    model. What it adds hangs below `board.accelerators`. What the guest reads is your script's to
    hand over: on a disk of your board's, or as files in syscall emulation.

    - Full system on x86 (the board has a `pc`): a PCI function with a free device number and a free
      interrupt pin, routed in the MP table; what lies between the top of memory and 3 GiB, and what
      the board claims of the I/O hole, is reserved in the memory map, so that Linux gives the
      function an address that reaches it.
    - Syscall emulation: a platform device above memory. Add the returned bridge's driver to your
      process: `process.drivers = [AcceleratorDriver(bridge=bridge)]`.

    The simulation loop ends with causes that gem5's standard library does not know ("harness ready"
    and so on): use m5.simulate or soc.simulate.Simulation, not the library's Simulator.run.

    Args:
        board: A System; of the standard library's boards those with classic caches.
        spec: From soc.run_file.read_run_file.
        points: Where the accelerators join a plain System. A standard library board knows; if
            left out the system's `membus`, `l2bus` or `tol2bus`, and `memory_side_bus` are used.

    Returns:
        The bridge.

    Raises:
        ConfigurationError: The board cannot have them; the text says why.
    """
    check_extension()
    _check(board, spec)
    owner = board.accelerators = SubSystem()
    clocks = Clocks(owner, spec.target.accelerator.clock_hz)
    accelerators = make_accelerators(spec.target, clocks)
    settings = {
        "session": model_session(spec, start_model(spec, output_folder())),
        "accelerators": accelerators,
        "is_coherent": spec.target.dma.coherent,
    }
    if hasattr(board, "pc"):
        owner.bridge = _pci_bridge(board, settings)
    else:
        owner.bridge = _platform_bridge(board, settings)

    def connect(found: MemoryPoints) -> None:
        if not hasattr(board, "pc"):
            owner.bridge.pio = found.coherent.mem_side_ports
        connect_memory_ports(owner, accelerators, spec.target, clocks, found)

    if hasattr(board, "get_cache_hierarchy"):
        _connect_later(board, owner, spec, clocks, connect)
    else:
        connect(points or _points_of(board, spec))
    return owner.bridge


def _check(board: System, spec: SimpleNamespace) -> None:
    count = spec.target.accelerator.count
    if not 1 <= count <= MAXIMUM_ACCELERATORS:
        raise ConfigurationError(
            f"target.accelerator.count is {count}; the bridge has registers for 1 to "
            f"{MAXIMUM_ACCELERATORS}"
        )
    hierarchy = getattr(board, "cache_hierarchy", None)
    if hasattr(board, "ruby") or (hierarchy is not None and hierarchy.is_ruby()):
        raise ConfigurationError(
            "the board's caches are Ruby's; accelerators attach to classic caches only (their "
            "coherent ports are classic caches on a crossbar)"
        )
    if hasattr(board, "accelerators"):
        raise ConfigurationError("the board has `accelerators` already; attach them once")


def _pci_bridge(board: System, settings: dict[str, object]) -> SimObject:
    _reserve_memory_map(board)
    pin = free_interrupt_pin(board)
    device = _free_pci_device(board)
    add_interrupt(board, device, pin)
    bridge = m5.objects.AcceleratorBridgePci(
        **settings,
        **pci_host(board, m5.objects.AcceleratorBridgePci),
        pci_bus=0,
        pci_dev=device,
        pci_func=0,
        InterruptLine=pin,
    )
    bridge.pio = board.iobus.mem_side_ports
    bridge.dma = board.iobus.cpu_side_ports
    return bridge


def _platform_bridge(board: System, settings: dict[str, object]) -> SimObject:
    address = _address_above([*board.mem_ranges])
    return m5.objects.AcceleratorBridge(
        **settings,
        pio_addr=address,
        pio_latency=REGISTERS_LATENCY,
    )


def _address_above(ranges: list[object]) -> int:
    """Return an aligned address for the registers that no memory has."""
    ends = [int(each.end) for each in ranges if int(each.start) < int(each.end)]
    address = REGISTERS_ADDRESS
    for start, end in sorted(zip((int(each.start) for each in ranges), ends)):  # noqa: B905
        if start < address + _REGISTERS_BYTES and end > address:
            address = -(-end // REGISTERS_ALIGNMENT) * REGISTERS_ALIGNMENT
    return address


def _reserve_memory_map(board: System) -> None:
    """Reserve what Linux would otherwise take for a PCI window that the bridge does not forward.

    gem5's X86Board leaves the addresses between the top of memory and 3 GiB open, but forwards to
    the I/O bus from 3 GiB only; and it claims the first MiB of the I/O hole for its I/O cache.
    """
    described = [
        (int(each.addr), int(each.addr) + int(each.size))
        for each in board.workload.e820_table.entries
    ]
    top = max((end for start, end in described if start < IO_HOLE), default=0)
    if top > IO_HOLE:
        raise ConfigurationError(
            f"the board's memory ends at {top:#x}, inside the I/O hole from {IO_HOLE:#x} to 4 GiB; "
            "split it: 3 GiB below, the rest from 4 GiB"
        )
    if top < IO_HOLE:
        add_reservation(board, top, IO_HOLE - top)
    for claimed in board.mem_ranges:
        start, size_bytes = int(claimed.start), int(claimed.size())
        is_in_hole = IO_HOLE <= start < 1 << 32
        if is_in_hole and not any(first <= start < last for first, last in described):
            add_reservation(board, start, size_bytes)


def _free_pci_device(board: System) -> int:
    used = {int(each.pci_dev) for each in board.descendants() if isinstance(each, PciDevice)}
    for device in range(_FIRST_PCI_DEVICE, _PCI_DEVICES):
        if device not in used:
            return device
    raise ConfigurationError("the board's PCI bus 0 has no free device number")


def _points_of(board: System, spec: SimpleNamespace) -> MemoryPoints:
    """Find where accelerators join a plain system, by the usual names."""
    coherent = getattr(board, "membus", None)
    if coherent is None:
        raise ConfigurationError("the system has no `membus`; say with `points` where to attach")
    beside = getattr(board, "l2bus", None) or getattr(board, "tol2bus", None) or coherent
    below = getattr(board, "memory_side_bus", None)
    if below is None and not spec.target.dma.coherent:
        raise ConfigurationError(
            "target.dma.coherent is false, and the system has no `memory_side_bus` (a "
            "NoncoherentXBar between membus and the memory controllers); a bare write into a "
            "coherent crossbar goes stale: add one, or set dma.coherent"
        )
    return MemoryPoints(coherent, beside, below)


def _connect_later(
    board: System,
    owner: SubSystem,
    spec: SimpleNamespace,
    clocks: Clocks,
    connect: Callable[[MemoryPoints], None],
) -> None:
    """Connect when the standard library connects, just before it instantiates the board.

    Only then do its cache hierarchies have an L2 bus. The memory controllers are handed to the
    hierarchy behind a crossbar of ours, where non-coherent DMA joins.
    """
    hierarchy, memory = board.get_cache_hierarchy(), board.get_memory()
    below: BaseXBar | None = None
    if not spec.target.dma.coherent:
        below = owner.memory_side_bus = memory_side_bus(spec.target, clocks)
        memory_ports = memory.get_mem_ports

        def behind_our_crossbar() -> list[tuple[object, object]]:
            ports = memory_ports()
            for _, port in ports:
                below.mem_side_ports = port
            return [(ports[0][0], below.cpu_side_ports)]

        object.__setattr__(memory, "get_mem_ports", behind_our_crossbar)
    connect_things = board._connect_things  # noqa: SLF001 - there is no hook

    def connect_things_and_accelerators() -> None:
        connect_things()
        beside = getattr(hierarchy, "l2bus", None) or hierarchy.membus
        connect(MemoryPoints(hierarchy.membus, beside, below))

    object.__setattr__(board, "_connect_things", connect_things_and_accelerators)
