"""Anybody's script: a system of gem5's objects, as in its first tutorial, with ways to go wrong.

Arguments: what to do, the program, its arguments.
"""

import sys

import m5
from m5.objects import (
    AddrRange,
    Process,
    Root,
    SEWorkload,
    SimpleMemory,
    SrcClockDomain,
    System,
    SystemXBar,
    VoltageDomain,
    X86AtomicSimpleCPU,
)

what, program, *arguments = sys.argv[1:]
if what == "return before":
    sys.exit(0)

system = System(
    clk_domain=SrcClockDomain(clock="1GHz", voltage_domain=VoltageDomain()),
    mem_mode="atomic",
    mem_ranges=[AddrRange("512MiB")],
    membus=SystemXBar(),
    cpu=X86AtomicSimpleCPU(),
)
system.memory = SimpleMemory(range=system.mem_ranges[0])
system.memory.port = system.membus.mem_side_ports
system.cpu.icache_port = system.membus.cpu_side_ports
system.cpu.dcache_port = system.membus.cpu_side_ports
system.cpu.createInterruptController()
system.cpu.interrupts[0].pio = system.membus.mem_side_ports
system.cpu.interrupts[0].int_requestor = system.membus.cpu_side_ports
system.cpu.interrupts[0].int_responder = system.membus.mem_side_ports
system.system_port = system.membus.cpu_side_ports
system.workload = SEWorkload.init_compatible(program)
process = Process(cmd=["/no/such/program" if what == "fatal" else program, *arguments])
system.cpu.workload = process
system.cpu.createThreads()
root = Root(full_system=False, system=system)
if what == "no such child":
    root.other = root.absent
m5.instantiate()
if what == "m5.fatal":
    m5.fatal("the script does not like this")

event = m5.simulate(1_000_000) if what == "limit" else m5.simulate()
print(f"Exiting @ tick {m5.curTick()} because {event.getCause()}")

if what == "raise":
    raise ValueError("after a good simulation")
if what == "exit without a number":
    sys.exit()
if what == "exit with a text":
    sys.exit("all is well")
if what == "exit 3":
    raise SystemExit(3)
