# SPDX-License-Identifier: BSD-3-Clause
"""The disk from which a guest reads its run, and the disk's way to memory.

gem5's IDE controller, which is part of its PC, with one disk. The guest looks at the disk when it
boots; what is on it comes later, with a restored checkpoint. So while it boots there is an empty
one of the same size.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from m5.objects import Bridge, Cache, IdeDisk, RawDiskImage

from soc.pc import BRIDGE_DELAY
from soc.run_file import RunFileError, file_of, require_files

if TYPE_CHECKING:
    from types import SimpleNamespace

    from m5.objects import System

EMPTY_DISK = "empty_disk.img"
"""In gem5's output folder; a sparse file."""


def require_disk(run: SimpleNamespace) -> None:
    """Check that the run's disk is there, with the size that the guest has seen.

    Raises:
        RunFileError: It is not.
    """
    guest = run.gem5.guest
    if not guest.disk_bytes:
        return
    require_files(run, {"gem5.guest.disk": guest.disk})
    disk = Path(file_of(run, guest.disk))
    if (got := disk.stat().st_size) != guest.disk_bytes:
        raise RunFileError(
            f"gem5.guest.disk: {disk} has {got} bytes; the guest booted with a disk of "
            f"{guest.disk_bytes} (gem5.guest.disk_bytes)"
        )


def add_disk(system: System, run: SimpleNamespace, output: Path, *, is_boot: bool) -> None:
    """Put the run's disk into a PC, or an empty one to boot with; it can only be read."""
    guest = run.gem5.guest
    if not guest.disk_bytes:
        return
    image = file_of(run, guest.disk)
    if is_boot:
        empty = output / EMPTY_DISK
        with empty.open("wb") as file:
            file.truncate(guest.disk_bytes)
        image = str(empty)
    disk = IdeDisk(driveID="device0", image=RawDiskImage(image_file=image, read_only=True))
    system.pc.south_bridge.ide.disks = [disk]
    (_connect_plainly if is_boot else _connect)(system)


def _connect_plainly(system: System) -> None:
    """Lead the controller's accesses to memory where no caches are."""
    system.dma_bridge = Bridge(delay=BRIDGE_DELAY, ranges=system.mem_ranges)
    system.dma_bridge.cpu_side_port = system.iobus.mem_side_ports
    system.dma_bridge.mem_side_port = system.membus.cpu_side_ports


def _connect(system: System) -> None:
    """Lead the controller's accesses to memory through a small cache: it is coherent, as in a PC.

    A bare write must not enter a coherent crossbar (see soc/buses.py).

    Source:
        gem5 configs/common/Caches.py `IOCache`, as its own PCs have it; in the bus's clock.
    """
    system.iocache = Cache(
        size="1KiB",
        assoc=8,
        tag_latency=50,
        data_latency=50,
        response_latency=50,
        mshrs=20,
        tgts_per_mshr=12,
        addr_ranges=system.mem_ranges,
    )
    system.iocache.cpu_side = system.iobus.mem_side_ports
    system.iocache.mem_side = system.membus.cpu_side_ports
