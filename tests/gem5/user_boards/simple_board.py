"""A user's own script: gem5's standard library in syscall emulation, with our accelerators.

Arguments: run.json, kind of caches (classic or ruby), program, its arguments.
"""

from __future__ import annotations

import sys
from pathlib import Path

import m5
from gem5.components.boards.simple_board import SimpleBoard
from gem5.components.cachehierarchies.classic.private_l1_shared_l2_cache_hierarchy import (
    PrivateL1SharedL2CacheHierarchy,
)
from gem5.components.memory import DualChannelDDR4_2400
from gem5.components.processors.cpu_types import CPUTypes
from gem5.components.processors.simple_processor import SimpleProcessor
from gem5.isas import ISA
from gem5.resources.resource import BinaryResource
from m5.objects import AcceleratorDriver, Root

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "gem5_configs"))

from soc.attach import attach_accelerators
from soc.command_line import end_with
from soc.run_file import read_run_file

_GOES_ON = ("harness ready", "harness inference begins", "harness inference ends")


def _caches(kind: str) -> object:
    if kind == "ruby":
        from gem5.components.cachehierarchies.ruby.mi_example_cache_hierarchy import (
            MIExampleCacheHierarchy,
        )

        return MIExampleCacheHierarchy(size="32KiB", assoc=8)
    return PrivateL1SharedL2CacheHierarchy(l1d_size="32KiB", l1i_size="32KiB", l2_size="512KiB")


def main() -> int:
    run_file, caches, program, *arguments = sys.argv[1:]
    spec = read_run_file(run_file)
    board = SimpleBoard(
        clk_freq="2.5GHz",
        processor=SimpleProcessor(
            cpu_type=CPUTypes.TIMING, num_cores=spec.target.cpu.cores, isa=ISA.X86
        ),
        memory=DualChannelDDR4_2400(size=f"{spec.gem5.memory_bytes}B"),
        cache_hierarchy=_caches(caches),
    )
    bridge = attach_accelerators(board, spec)
    board.set_se_binary_workload(BinaryResource(program), arguments=arguments)
    process = board.get_processor().get_cores()[0].core.workload[0]
    process.drivers = [AcceleratorDriver(bridge=bridge)]
    board._pre_instantiate()
    root = Root(full_system=False, system=board)
    assert root
    m5.instantiate()
    event = m5.simulate()
    while event.getCause() in _GOES_ON:
        event = m5.simulate()
    print(f"ended: {event.getCause()} {event.getCode()}")
    return event.getCode()


if __name__ == "__m5_main__":
    end_with(main)
