"""Anybody's script: gem5's standard library runs a program in syscall emulation.

Arguments: the program and its arguments. Nothing is printed about how the simulation ended.
"""

import sys

from gem5.components.boards.simple_board import SimpleBoard
from gem5.components.cachehierarchies.classic.no_cache import NoCache
from gem5.components.memory import SingleChannelDDR3_1600
from gem5.components.processors.cpu_types import CPUTypes
from gem5.components.processors.simple_processor import SimpleProcessor
from gem5.isas import ISA
from gem5.resources.resource import BinaryResource
from gem5.simulate.simulator import Simulator

board = SimpleBoard(
    clk_freq="3GHz",
    processor=SimpleProcessor(cpu_type=CPUTypes.ATOMIC, isa=ISA.X86, num_cores=1),
    memory=SingleChannelDDR3_1600(size="32MiB"),
    cache_hierarchy=NoCache(),
)
board.set_se_binary_workload(BinaryResource(sys.argv[1]), arguments=sys.argv[2:])
Simulator(board=board).run()
