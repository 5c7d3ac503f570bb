"""A user's own script: gem5's standard library as a PC, with our accelerators.

Arguments: run.json, memory, a file that stands for the kernel, ticks. Prints the memory map and the
interrupt routes before it simulates.
"""

from __future__ import annotations

import sys
from pathlib import Path

import m5
from gem5.components.boards.x86_board import X86Board
from gem5.components.cachehierarchies.classic.private_l1_private_l2_cache_hierarchy import (
    PrivateL1PrivateL2CacheHierarchy,
)
from gem5.components.memory import SingleChannelDDR4_2400
from gem5.components.processors.cpu_types import CPUTypes
from gem5.components.processors.simple_processor import SimpleProcessor
from gem5.isas import ISA
from m5.objects import Root, X86IntelMPIOIntAssignment

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "gem5_configs"))

from soc.attach import attach_accelerators
from soc.command_line import end_with
from soc.run_file import read_run_file


def main() -> int:
    run_file, memory, kernel, ticks = sys.argv[1:]
    board = X86Board(
        clk_freq="2.5GHz",
        processor=SimpleProcessor(cpu_type=CPUTypes.ATOMIC, num_cores=2, isa=ISA.X86),
        memory=SingleChannelDDR4_2400(size=memory),
        cache_hierarchy=PrivateL1PrivateL2CacheHierarchy(
            l1d_size="32KiB", l1i_size="32KiB", l2_size="512KiB"
        ),
    )
    bridge = attach_accelerators(board, read_run_file(run_file))
    board._set_fullsystem(True)
    board.workload.object_file = kernel
    for entry in board.workload.e820_table.entries:
        print(f"map {int(entry.addr):x} {int(entry.size):x} {int(entry.range_type)}")
    for entry in board.workload.intel_mp_table.base_entries:
        if isinstance(entry, X86IntelMPIOIntAssignment) and int(entry.source_bus_id) == 0:
            print(f"route {int(entry.source_bus_irq) >> 2} {int(entry.dest_io_apic_intin)}")
    print(f"function {int(bridge.pci_dev)} {int(bridge.InterruptLine)}")
    board._pre_instantiate()
    root = Root(full_system=True, system=board)
    assert root
    m5.instantiate()
    event = m5.simulate(int(ticks))
    print(f"ended: {event.getCause()}")
    return 0


if __name__ == "__m5_main__":
    end_with(main)
