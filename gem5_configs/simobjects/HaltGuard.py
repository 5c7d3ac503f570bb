# SPDX-License-Identifier: BSD-3-Clause
"""An x86 CPU that halts as a real one does: no interrupt is slept through."""

from m5.objects.Probe import ProbeListenerObject
from m5.objects.X86LocalApic import X86LocalApic
from m5.params import Param


class HaltingLocalApic(X86LocalApic):
    """Gives `sti; hlt` its interrupt shadow, which gem5's x86 lacks.

    An idle loop ends with these two. gem5 takes a pending interrupt between them; the handler
    makes a thread ready and returns to the `hlt`, and the CPU sleeps until the next timer tick.
    Here such an interrupt returns behind the `hlt`, as if it had ended it. Not for KVM, whose host
    does it right.
    """

    type = "HaltingLocalApic"
    cxx_header = "halt_guard.hh"
    cxx_class = "gem5::HaltingLocalApic"


class HaltGuard(ProbeListenerObject):
    """Wakes a CPU that halted while an interrupt was pending.

    gem5 wakes a CPU when an interrupt is posted, and looks for interrupts before it fetches. One
    that is posted while the `hlt` is on its way through the pipeline is seen by neither.
    """

    type = "HaltGuard"
    cxx_header = "halt_guard.hh"
    cxx_class = "gem5::HaltGuard"

    cpu = Param.BaseCPU("The CPU; must be `manager`, too")
