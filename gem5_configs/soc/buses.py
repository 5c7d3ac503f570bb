# SPDX-License-Identifier: BSD-3-Clause
"""Crossbars such that every path to memory crosses the target's bus once.

The target has one bus. The embedded SoC charges its latency once per direction to whoever goes to
memory: the L2, the I/O cache of coherent DMA, a non-coherent DMA port (harness/soc/memory/bus.cc).
gem5 needs three crossbars for that, because non-coherent DMA must not enter a coherent one (a bare
write goes stale or panics there):

    L2, I/O cache -> membus (coherent) -+
                                        +-> memory side (not coherent) -> DRAM controllers
    DMA of an accelerator -> its bus ---+

`membus` and each DMA bus have the target's latency and width. The memory side joins them and takes
no time of its own; its width is the bus's too, so that a controller is fed no faster than over the
bus. gem5 takes the maximum, not the sum, of the payload times of the crossbars on a path
(BaseXBar::calcPacketTiming), and a layer is busy one cycle plus the payload, which is what the
embedded SoC charges. The wait for the bus's clock edge is counted at both crossbars: at most one
bus cycle more per request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from m5.objects import CoherentXBar, L2XBar, NoncoherentXBar, SnoopFilter

if TYPE_CHECKING:
    from types import SimpleNamespace

    from soc.clocks import Clocks

L2_BUS_WIDTH_BYTES = 32
"""Source: gem5 src/mem/XBar.py `L2XBar.width`, as in harness/soc/configuration.py."""
L2_BUS_LATENCY_CYCLES = 1
"""Each way. Source: gem5 src/mem/XBar.py `L2XBar`, as in harness/soc/configuration.py."""


def l2_bus(target: SimpleNamespace, clocks: Clocks) -> L2XBar:
    """Return the bus between the private caches and the L2, in the L2's clock."""
    return L2XBar(
        width=L2_BUS_WIDTH_BYTES,
        frontend_latency=L2_BUS_LATENCY_CYCLES,
        forward_latency=0,
        response_latency=L2_BUS_LATENCY_CYCLES,
        snoop_response_latency=L2_BUS_LATENCY_CYCLES,
        snoop_filter=SnoopFilter(lookup_latency=0),
        point_of_unification=True,
        clk_domain=clocks.domain(target.l2.clock_hz),
    )


def memory_bus(target: SimpleNamespace, clocks: Clocks) -> CoherentXBar:
    """Return the system's coherent bus; the snoop filter's look-up is in the bus's latency."""
    latency_cycles = target.bus.latency_cycles
    return CoherentXBar(
        width=target.bus.width_bytes,
        frontend_latency=latency_cycles,
        forward_latency=0,
        response_latency=latency_cycles,
        snoop_response_latency=latency_cycles,
        snoop_filter=SnoopFilter(lookup_latency=0),
        point_of_coherency=True,
        point_of_unification=True,
        clk_domain=clocks.domain(target.bus.clock_hz),
    )


def dma_bus(target: SimpleNamespace, clocks: Clocks) -> NoncoherentXBar:
    """Return what leads one accelerator's non-coherent DMA to the memory side."""
    return _noncoherent(target.bus.width_bytes, target.bus.latency_cycles, target, clocks)


def memory_side_bus(target: SimpleNamespace, clocks: Clocks) -> NoncoherentXBar:
    """Return what joins the memory bus and the DMA buses in front of the DRAM controllers."""
    return _noncoherent(target.bus.width_bytes, 0, target, clocks)


def io_cache_bus(target: SimpleNamespace, clocks: Clocks) -> NoncoherentXBar:
    """Return what joins the coherent DMA ports in front of the I/O cache: a line per cycle.

    In the embedded SoC they are ports of the cache itself, so it takes no time.
    """
    made = _noncoherent(target.line_bytes, 0, target, clocks)
    made.clk_domain = clocks.domain(target.io_cache.clock_hz)
    return made


def _noncoherent(
    width_bytes: int, latency_cycles: int, target: SimpleNamespace, clocks: Clocks
) -> NoncoherentXBar:
    return NoncoherentXBar(
        width=width_bytes,
        frontend_latency=latency_cycles,
        forward_latency=0,
        response_latency=latency_cycles,
        clk_domain=clocks.domain(target.bus.clock_hz),
    )
