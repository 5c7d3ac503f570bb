# SPDX-License-Identifier: BSD-3-Clause
"""An x86 data TLB with which TimingSimpleCPU can execute clflush, clflushopt and clwb."""

from m5.objects.X86TLB import X86TLB


class CleaningTLB(X86TLB):
    """Tells the CPU the mode it asked in, where gem5's own TLB says Read for cache cleaning.

    gem5 before the end of 2025 aborts in TimingSimpleCPU on every such instruction (issue 862).
    """

    type = "CleaningTLB"
    cxx_header = "cleaning_tlb.hh"
    cxx_class = "gem5::CleaningTLB"
