# SPDX-License-Identifier: BSD-3-Clause
"""gem5's classic caches with a target's numbers.

The target has one latency per cache, `hit_latency_cycles`, and the embedded SoC charges it three
times (harness/soc/memory/private_cache.cc, shared_cache.cc): from access to data on a hit, from
access to the request on the bus on a miss, and from the line's arrival to the end of the access. In
gem5 (src/mem/cache/base.cc) a hit takes max(tag_latency, data_latency) cycles while
`sequential_access` is off, a miss leaves after tag_latency, and a fill answers after
response_latency. So all three get the target's number, as gem5's own configs/common/Caches.py does.

What differs: gem5 hands the first word of a line on when it arrives and charges the rest of the
line (the bus's payload time) only to accesses of other words; the embedded SoC waits for the line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from m5.objects import Cache

if TYPE_CHECKING:
    from types import SimpleNamespace

    from soc.clocks import Clocks

WRITE_BUFFERS = 8
"""Source: gem5 src/mem/cache/Cache.py `write_buffers`, as in harness/soc/configuration.py."""
TARGETS_PER_MSHR = 20
"""Accesses that wait for one line. Source: gem5 configs/common/Caches.py `L1Cache`. The embedded
SoC has no such limit."""


def cache(spec: SimpleNamespace, clocks: Clocks, *, mshrs: int = 0) -> Cache:
    """Return a write-back cache without a prefetcher.

    Args:
        spec: A cache of the target.
        clocks: Gives the cache its own clock.
        mshrs: Instead of the target's.
    """
    return Cache(
        size=f"{spec.size_bytes}B",
        assoc=spec.associativity,
        tag_latency=spec.hit_latency_cycles,
        data_latency=spec.hit_latency_cycles,
        response_latency=spec.hit_latency_cycles,
        sequential_access=False,
        mshrs=mshrs or spec.mshrs,
        tgts_per_mshr=TARGETS_PER_MSHR,
        write_buffers=WRITE_BUFFERS,
        clk_domain=clocks.domain(spec.clock_hz),
    )


def instruction_cache(spec: SimpleNamespace, clocks: Clocks) -> Cache:
    """Return an L1I of the L1D's geometry."""
    made = cache(spec, clocks)
    made.is_read_only = True
    return made


def walker_cache(clock_hz: int, clocks: Clocks) -> Cache:
    """Return the cache of a page table walker; used in a full system only.

    Cores have caches for page tables, and walk through their L1D, which gem5's cannot; without any
    cache each TLB miss would cost four accesses to the L2. The embedded SoC has no page tables.

    Source:
        gem5 src/python/gem5/components/cachehierarchies/classic/caches/mmu_cache.py.
    """
    return Cache(
        size="8KiB",
        assoc=4,
        tag_latency=1,
        data_latency=1,
        response_latency=1,
        mshrs=20,
        tgts_per_mshr=12,
        clk_domain=clocks.domain(clock_hz),
    )
