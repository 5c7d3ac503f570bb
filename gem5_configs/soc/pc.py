# SPDX-License-Identifier: BSD-3-Clause
"""A PC around the SoC: what Linux needs to find on x86 before it finds the accelerators.

As gem5's own configs/common/FSConfig.py and its standard library's X86Board: I/O bus, local and
I/O interrupt controllers, serial port, PCI host, Intel MP table, memory map. The differences are
that everything between the top of memory and the I/O hole is reserved, so that Linux places PCI
devices where the bridge forwards, and that any PCI device can get an interrupt pin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from m5.objects import (
    BadAddr,
    Bridge,
    IOXBar,
    Pc,
    X86E820Entry,
    X86FsLinux,
    X86IntelMPBus,
    X86IntelMPBusHierarchy,
    X86IntelMPIOAPIC,
    X86IntelMPIOIntAssignment,
    X86IntelMPProcessor,
    X86SMBiosBiosInformation,
)
from m5.params import Addr, AddrRange

from soc.errors import ConfigurationError

if TYPE_CHECKING:
    from m5.objects import SimObject, System

KIB, MIB = 1 << 10, 1 << 20
IO_HOLE = 0xC0000000
"""Start of the devices' part of the 32-bit address space."""
M5_OPERATIONS = 0xFFFF0000
BRIDGE_DELAY = "50ns"
"""Source: gem5 configs/common/FSConfig.py."""
IO_APIC_ADDRESS = 0xFEC00000
IO_APIC_PINS = 24
FIRST_PCI_PIN = 16
"""Pins below are the ISA interrupts'."""
PCI_BUS, ISA_BUS = 0, 1
RAM, RESERVED = 1, 2
_IO_SPACE = 0x8000000000000000
_INTERRUPT_SPACE = 0xA000000000000000
_PCI_CONFIG_SPACE = 0xC000000000000000
_APIC_BYTES = 4096
_LOW_MEMORY_END, _LOW_MEMORY = 0x9FC00, "639KiB"


def build_pc(system: System, memory_bytes: int, cores: int) -> None:
    """Add the PC to a system that has `membus`; the workload still lacks its kernel.

    Raises:
        ConfigurationError: Memory would reach into the I/O hole.
    """
    if memory_bytes > IO_HOLE:
        raise ConfigurationError(
            f"a PC has its devices from 3 GiB up; memory_bytes is {memory_bytes}, "
            f"the most is {IO_HOLE}"
        )
    system.m5ops_base = M5_OPERATIONS
    system.pc = Pc()
    _connect_io(system, cores)
    system.workload = X86FsLinux()
    system.workload.smbios_table.structures = [X86SMBiosBiosInformation()]
    _describe_processors(system, cores)
    system.workload.e820_table.entries = memory_map(memory_bytes)


def memory_map(memory_bytes: int) -> list[X86E820Entry]:
    """Return the E820 table: everything is memory or reserved, up to the I/O hole."""
    entries = [
        X86E820Entry(addr=0, size=_LOW_MEMORY, range_type=RAM),
        X86E820Entry(addr=_LOW_MEMORY_END, size=f"{MIB - _LOW_MEMORY_END}B", range_type=RESERVED),
        X86E820Entry(addr=MIB, size=f"{memory_bytes - MIB}B", range_type=RAM),
    ]
    if memory_bytes < IO_HOLE:
        entries.append(reserved(memory_bytes, IO_HOLE - memory_bytes))
    return [*entries, reserved(M5_OPERATIONS, 64 * KIB)]


def reserved(address: int, size_bytes: int) -> X86E820Entry:
    """Return a memory map entry that keeps Linux from placing devices there."""
    return X86E820Entry(addr=address, size=f"{size_bytes}B", range_type=RESERVED)


def pci_host(system: System, function: type) -> dict[str, SimObject]:
    """Return the parameter that ties a PCI function to its host, by the name that it has.

    Newer gem5 than v24 calls it `upstream`.
    """
    name = "host" if "host" in function._params else "upstream"  # noqa: SLF001 - gem5's own way
    return {name: system.pc.pci_host}


def add_interrupt(system: System, device: int, pin: int) -> None:
    """Lead a PCI device's INTA to a pin of the I/O APIC, in the MP table."""
    table = system.workload.intel_mp_table
    io_apic = next(each for each in table.base_entries if isinstance(each, X86IntelMPIOAPIC))
    route = _interrupt("INT", PCI_BUS, device << 2, int(io_apic.id), pin)
    table.add_child(f"pci_device_{device}_interrupt", route)
    table.base_entries.append(route)


def free_interrupt_pin(system: System) -> int:
    """Return the first pin of the I/O APIC for PCI that the MP table does not use.

    Raises:
        ConfigurationError: There is none.
    """
    used = {
        int(each.dest_io_apic_intin)
        for each in system.workload.intel_mp_table.base_entries
        if isinstance(each, X86IntelMPIOIntAssignment)
    }
    for pin in range(FIRST_PCI_PIN, IO_APIC_PINS):
        if pin not in used:
            return pin
    raise ConfigurationError(
        f"the board's MP table uses every interrupt pin from {FIRST_PCI_PIN} to {IO_APIC_PINS - 1}"
    )


def add_reservation(system: System, address: int, size_bytes: int) -> None:
    """Add a reserved range to the memory map."""
    table = system.workload.e820_table
    entry = reserved(address, size_bytes)
    table.add_child(f"reserved_{address:x}", entry)
    table.entries.append(entry)


def _connect_io(system: System, cores: int) -> None:
    system.membus.badaddr_responder = BadAddr()  # speculation may go anywhere
    system.membus.default = system.membus.badaddr_responder.pio
    system.iobus = IOXBar()
    system.bridge = Bridge(delay=BRIDGE_DELAY)
    system.bridge.mem_side_port = system.iobus.cpu_side_ports
    system.bridge.cpu_side_port = system.membus.mem_side_ports
    system.bridge.ranges = [
        AddrRange(IO_HOLE, M5_OPERATIONS),
        AddrRange(_IO_SPACE, _INTERRUPT_SPACE - 1),
        AddrRange(_PCI_CONFIG_SPACE, Addr.max),
    ]
    system.apicbridge = Bridge(delay=BRIDGE_DELAY)
    system.apicbridge.cpu_side_port = system.iobus.mem_side_ports
    system.apicbridge.mem_side_port = system.membus.cpu_side_ports
    system.apicbridge.ranges = [
        AddrRange(_INTERRUPT_SPACE, _INTERRUPT_SPACE + cores * _APIC_BYTES - 1)
    ]
    system.pc.attachIO(system.iobus)


def _describe_processors(system: System, cores: int) -> None:
    """Write the Intel MP table: processors, I/O APIC, buses, ISA interrupts."""
    io_apic = X86IntelMPIOAPIC(id=cores, version=0x11, enable=True, address=IO_APIC_ADDRESS)
    system.pc.south_bridge.io_apic.apic_id = io_apic.id
    entries = [
        X86IntelMPProcessor(
            local_apic_id=index, local_apic_version=0x14, enable=True, bootstrap=index == 0
        )
        for index in range(cores)
    ]
    entries += [
        io_apic,
        X86IntelMPBus(bus_id=PCI_BUS, bus_type="PCI   "),
        X86IntelMPBus(bus_id=ISA_BUS, bus_type="ISA   "),
    ]
    for irq, pin in [(0, 2), (1, 1), *((each, each) for each in range(3, 15))]:
        entries.append(_interrupt("ExtInt", ISA_BUS, irq, cores, 0))
        entries.append(_interrupt("INT", ISA_BUS, irq, cores, pin))
    system.workload.intel_mp_table.base_entries = entries
    system.workload.intel_mp_table.ext_entries = [
        X86IntelMPBusHierarchy(bus_id=ISA_BUS, subtractive_decode=True, parent_bus=PCI_BUS)
    ]


def _interrupt(
    kind: str, bus: int, source_irq: int, io_apic_id: int, pin: int
) -> X86IntelMPIOIntAssignment:
    """Return a route; a PCI device's is edge triggered.

    gem5's INTx is one message per post. Linux reads the local APIC's trigger mode registers when it
    acknowledges a level triggered one, and gem5 has none ("unimplemented", a panic).
    """
    is_pci = bus == PCI_BUS
    return X86IntelMPIOIntAssignment(
        interrupt_type=kind,
        polarity="ActiveHigh" if is_pci else "ConformPolarity",
        trigger="EdgeTrigger" if is_pci else "ConformTrigger",
        source_bus_id=bus,
        source_bus_irq=source_irq,
        dest_io_apic_id=io_apic_id,
        dest_io_apic_intin=pin,
    )
