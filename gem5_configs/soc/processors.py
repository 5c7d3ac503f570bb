# SPDX-License-Identifier: BSD-3-Clause
"""Cores: the ones that a run starts on and the ones that it is measured on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import m5.objects
from m5.objects import X86O3CPU, System, X86AtomicSimpleCPU, X86TimingSimpleCPU

from soc.caches import cache, instruction_cache, walker_cache
from soc.errors import ConfigurationError

if TYPE_CHECKING:
    from types import SimpleNamespace

    from m5.objects import BaseCPU, BaseXBar

    from soc.clocks import Clocks

_CLASSES = {"atomic": X86AtomicSimpleCPU, "timing": X86TimingSimpleCPU, "o3": X86O3CPU}
_APIC_NUMBER_SHIFT = 24  # in EBX of CPUID leaf 1
LEAST_MSHRS = 2
"""A cache with one never serves a miss: gem5 keeps one free for demand misses.

Source: gem5 src/mem/cache/Cache.py `demand_mshr_reserve`."""
O3_QUEUE_ENTRIES = 32
"""Source: gem5 src/cpu/o3/BaseO3CPU.py `LQEntries`, `SQEntries`."""


def make_cores(
    kind: str, target: SimpleNamespace, clocks: Clocks, *, is_switched_out: bool = False
) -> list[BaseCPU]:
    """Return the target's cores.

    The target describes a core for a model that does not execute instructions (cycles per
    instruction); gem5's cores have no such number and keep gem5's widths, latencies and predictors.
    What the target bounds, misses in flight, is in the L1D (`attach_private_caches`); an O3 core
    gets load and store queues that do not bound them further.

    Args:
        kind: "atomic", "timing", "o3" or "kvm".
        target: The SoC.
        clocks: Gives the cores' clock.
        is_switched_out: They take over later.
    """
    return [
        _make_core(kind, target, clocks, index, is_switched_out=is_switched_out)
        for index in range(target.cpu.cores)
    ]


def _make_core(
    kind: str, target: SimpleNamespace, clocks: Clocks, index: int, *, is_switched_out: bool
) -> BaseCPU:
    core = _class_of(kind)(
        cpu_id=index,
        switched_out=is_switched_out,
        clk_domain=clocks.domain(target.cpu.clock_hz),
    )
    if kind == "o3":
        entries = max(O3_QUEUE_ENTRIES, target.cpu.maximum_outstanding_misses)
        core.LQEntries = core.SQEntries = entries
    if kind != "kvm" and hasattr(m5.objects, "CleaningTLB"):
        core.mmu.dtb = m5.objects.CleaningTLB(entry_type="data")
    if kind == "kvm":
        core.usePerf = False
        core.hostFreq = f"{target.cpu.clock_hz}Hz"
    return core


def _class_of(kind: str) -> type:
    if kind != "kvm":
        return _CLASSES[kind]
    if not hasattr(m5.objects, "X86KvmCPU"):
        raise ConfigurationError(
            "this gem5 has no KVM processor; use boot = atomic, or build gem5 with KVM"
        )
    return m5.objects.X86KvmCPU


def _is_kvm(core: BaseCPU) -> bool:
    return hasattr(m5.objects, "X86KvmCPU") and isinstance(core, m5.objects.X86KvmCPU)


def give_interrupt_controller(core: BaseCPU) -> None:
    """Give a core its local APIC, the extension's where gem5's own would lose wake-ups."""
    core.createInterruptController()
    if hasattr(m5.objects, "HaltingLocalApic") and not _is_kvm(core):
        core.interrupts = [m5.objects.HaltingLocalApic() for _ in core.interrupts]


def guard_halts(cores: list[BaseCPU]) -> None:
    """See to it that no core sleeps through an interrupt that comes while it halts."""
    if not hasattr(m5.objects, "HaltGuard"):
        return
    for core in cores:
        if not _is_kvm(core):
            core.halt_guard = m5.objects.HaltGuard(cpu=core, manager=core)


def attach_private_caches(
    core: BaseCPU, target: SimpleNamespace, clocks: Clocks, l2_bus: BaseXBar, membus: BaseXBar
) -> None:
    """Give a core its private caches on the L2 bus, its interrupt controller on the memory bus.

    A core has no more misses in flight than the smaller of the target's two bounds, L1D MSHRs and
    its own.
    """
    mshrs = max(LEAST_MSHRS, min(target.l1d.mshrs, target.cpu.maximum_outstanding_misses))
    give_interrupt_controller(core)
    core.addPrivateSplitL1Caches(
        instruction_cache(target.l1d, clocks),
        cache(target.l1d, clocks, mshrs=mshrs),
        walker_cache(target.cpu.clock_hz, clocks),
        walker_cache(target.cpu.clock_hz, clocks),
    )
    core.connectAllPorts(l2_bus.cpu_side_ports, membus.cpu_side_ports, membus.mem_side_ports)


def number_apics(cores: list[BaseCPU]) -> None:
    """Let CPUID tell each core its own APIC number; gem5's default is 0 for all of them.

    Linux compares it with the MP table and complains. gem5 before v23 has no such parameter.
    """
    for core in cores:
        isa = core.isa[0]
        if hasattr(isa, "FamilyModelStepping"):
            words = [int(word) for word in isa.FamilyModelStepping]
            words[1] |= int(core.cpu_id) << _APIC_NUMBER_SHIFT
            isa.FamilyModelStepping = words


class Processors:
    """The cores of a system: `start` run from the first tick, `measured` may take over once."""

    def __init__(
        self, system: System, target: SimpleNamespace, clocks: Clocks, start: str, measured: str
    ) -> None:
        self.is_measured = start == measured
        self._counts_instructions = start != "kvm"
        self._system = system
        self.start = make_cores(start, target, clocks)
        system.cpu = self.start
        system.mem_mode = type(self.start[0]).memory_mode()
        self.measured = self.start
        if not self.is_measured:
            self.measured = make_cores(measured, target, clocks, is_switched_out=True)
            system.measured_cpu = self.measured
        if start == "kvm":
            system.kvm_vm = m5.objects.KvmVM()

    @property
    def all(self) -> list[BaseCPU]:
        """Every core object, running or waiting."""
        return self.start if self.is_measured else [*self.start, *self.measured]

    def attach(
        self, target: SimpleNamespace, clocks: Clocks, l2_bus: BaseXBar, membus: BaseXBar
    ) -> None:
        """Connect the cores that run first; those that take over get their ports from them."""
        for core in self.start:
            attach_private_caches(core, target, clocks, l2_bus, membus)

    def instructions(self) -> int | None:
        """Return how many instructions the cores have executed; None from KVM, which cannot say."""
        cores = self.measured if self.is_measured else self.start
        if not self._counts_instructions:
            return None
        return sum(core.totalInsts() for core in cores)

    def measure(self) -> None:
        """Hand the state over to the measured cores, once."""
        if not self.is_measured:
            pairs = list(zip(self.start, self.measured))  # noqa: B905 - gem5's Python may be 3.9
            m5.switchCpus(self._system, pairs, verbose=False)
            self.is_measured = True
