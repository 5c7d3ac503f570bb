# SPDX-License-Identifier: BSD-3-Clause
"""The accelerator bridge and its accelerators, attached to a system."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import m5.objects

from soc.buses import dma_bus, io_cache_bus
from soc.caches import cache
from soc.errors import ConfigurationError
from soc.run_file import file_of

if TYPE_CHECKING:
    from types import SimpleNamespace

    from m5.objects import BaseXBar, ModelSession, SimObject

    from soc.clocks import Clocks
    from soc.model_process import ModelProcess

MAXIMUM_ACCELERATORS = 15
"""HARNESS_MAXIMUM_INSTANCES: one page of registers each, beside the bridge's own."""


def check_extension() -> None:
    """Check that this gem5 was built with the extension, and with one that these scripts know.

    Raises:
        ConfigurationError: It was not.
    """
    if not hasattr(m5.objects, "AcceleratorBridge"):
        raise ConfigurationError(
            "this gem5 lacks the AcceleratorBridge extension; build it with "
            "EXTRAS=.../gem5_configs/simobjects"
        )
    if "files" in m5.objects.AcceleratorBridge._params:  # noqa: SLF001 - gem5's own way
        raise ConfigurationError(
            "this gem5 was built with an older AcceleratorBridge extension, which hands files to "
            "the guest (version 2 of its interface); build it again with "
            "EXTRAS=.../gem5_configs/simobjects"
        )


def model_session(run: SimpleNamespace, process: ModelProcess | None) -> ModelSession:
    """Return the connection to a model's process; without one nothing can be launched."""
    model = run.gem5.model
    session = m5.objects.ModelSession(
        mode=model.mode,
        parameters=json.dumps(model.parameters),
        seed=model.seed,
        instances=run.target.accelerator.count,
        deadline=model.deadline_s,
        record=file_of(run, model.record),
        replay=file_of(run, model.replay),
    )
    if process is not None:
        session.endpoint = process.endpoint
        session.token = process.token
        session.model_pid = process.pid
    return session


def make_accelerators(target: SimpleNamespace, clocks: Clocks) -> list[m5.objects.Accelerator]:
    """Return the target's accelerators; their ports are open.

    A coherent DMA port has no more requests in flight than the I/O cache takes, as
    harness/soc/configuration.py has it.
    """
    outstanding = target.dma.maximum_outstanding
    if target.dma.coherent:
        outstanding = min(outstanding, target.io_cache.maximum_outstanding)
    return [
        m5.objects.Accelerator(
            clk_domain=clocks.domain(target.accelerator.clock_hz),
            dma_burst_bytes=target.dma.burst_bytes,
            dma_outstanding=outstanding,
            dma_setup=f"{target.dma.setup_ticks}ps",
            acp_outstanding=target.acp.maximum_outstanding,
            cache_outstanding=target.accelerator_cache.maximum_outstanding,
            tlb_entries=target.accelerator.tlb_entries,
            queue_depth=target.accelerator_queue_depth,
        )
        for _ in range(target.accelerator.count)
    ]


def connect_memory_ports(
    owner: SimObject,
    accelerators: list[m5.objects.Accelerator],
    target: SimpleNamespace,
    clocks: Clocks,
    memory: MemoryPoints,
) -> None:
    """Connect every memory interface of every accelerator.

    All three are there whatever the program uses: the descriptor is fetched through `dma`, and an
    unused cache costs nothing. New buses and the I/O cache become children of `owner`.
    """
    if target.dma.coherent:
        _connect_coherent_dma(owner, accelerators, target, clocks, memory.coherent)
    else:
        owner.dma_buses = [dma_bus(target, clocks) for _ in accelerators]
        for accelerator, bus in zip(accelerators, owner.dma_buses):  # noqa: B905 - Python 3.9
            accelerator.dma = bus.cpu_side_ports
            bus.mem_side_ports = memory.below_coherency.cpu_side_ports
    for accelerator in accelerators:
        accelerator.acp_cache = cache(target.acp, clocks)
        accelerator.acp = accelerator.acp_cache.cpu_side
        accelerator.acp_cache.mem_side = memory.beside_cores.cpu_side_ports
        accelerator.private_cache = cache(target.accelerator_cache, clocks)
        accelerator.cache = accelerator.private_cache.cpu_side
        accelerator.private_cache.mem_side = memory.beside_cores.cpu_side_ports


class MemoryPoints:
    """Where accelerators join a memory system.

    Attributes:
        coherent: The coherent bus that the last cache level is on.
        beside_cores: The bus that the cores' private caches are on.
        below_coherency: A bus to the memory controllers that no cache listens to.
    """

    def __init__(
        self, coherent: BaseXBar, beside_cores: BaseXBar, below_coherency: BaseXBar | None
    ) -> None:
        self.coherent = coherent
        self.beside_cores = beside_cores
        self.below_coherency = below_coherency


def _connect_coherent_dma(
    owner: SimObject,
    accelerators: list[m5.objects.Accelerator],
    target: SimpleNamespace,
    clocks: Clocks,
    membus: BaseXBar,
) -> None:
    owner.accelerator_io_bus = io_cache_bus(target, clocks)
    owner.accelerator_io_cache = cache(target.io_cache, clocks)
    owner.accelerator_io_cache.cpu_side = owner.accelerator_io_bus.mem_side_ports
    owner.accelerator_io_cache.mem_side = membus.cpu_side_ports
    for accelerator in accelerators:
        accelerator.dma = owner.accelerator_io_bus.cpu_side_ports
