"""The guest of a full-system run: kernel, initramfs, and the checkpoint that it starts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError
from harness.base.units import MIB
from harness.run.cache import file_sha256
from harness.run.guest.disk import DISK_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from harness.compiler.program import Program
    from harness.run.gem5_options import Gem5Options
    from harness.run.prepared import Progress

LEAST_CONTIGUOUS_BYTES = 64 * MIB
"""Memory that Linux keeps for windows and rings, which must be physically contiguous."""
RING_BYTES = 4 * MIB
"""15 rings of 64 slots of 4 KiB, rounded up."""
SYMBOLS_NAME = "System.map"
"""What a kernel's build leaves beside vmlinux."""
_JIFFIES_PER_SECOND = 250  # CONFIG_HZ of gem5_configs/guest/kernel


@dataclass(frozen=True, slots=True)
class GuestImage:
    """What boots.

    Attributes:
        symbols: The kernel's symbols as `nm` lists them; None if there are none.
    """

    kernel: Path
    initramfs: Path
    symbols: Path | None
    hashes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Guest:
    """What a full-system run restores; empty for syscall emulation.

    Attributes:
        disk: Image of the run's disk; None while booting.
        boot: How the checkpoint was booted.
        hashes: SHA-256 of kernel, initramfs, checkpoint, and what is on the disk.
    """

    image: GuestImage | None = None
    command_line: str = ""
    disk: Path | None = None
    checkpoint: Path | None = None
    boot: str = ""
    hashes: dict[str, str] = field(default_factory=dict)

    @property
    def symbols(self) -> Path | None:
        """The kernel's symbols."""
        return self.image.symbols if self.image is not None else None

    def description(self) -> dict[str, Any]:
        """Return the object "guest" of run.json."""
        if self.image is None:
            return {}
        return {
            "kernel": str(self.image.kernel),
            "initramfs": str(self.image.initramfs),
            "command_line": self.command_line,
            "checkpoint": str(self.checkpoint or ""),
            "disk": str(self.disk or ""),
            "disk_bytes": DISK_BYTES,
        }


def guest_image(options: Gem5Options, progress: Progress) -> GuestImage:
    """Return kernel and initramfs: the user's, or ours, which are built if need be.

    Raises:
        SpecError: A file of the user's is not there.
        BackendError: Building fails.
    """
    for name, path in (("kernel", options.kernel), ("initramfs", options.initramfs)):
        if path is not None and not path.is_file():
            raise SpecError(f"--{name} names no file", where=str(path))
    kernel, initramfs, symbols = options.kernel, options.initramfs, None
    if kernel is None or initramfs is None:
        from harness.run.guest.build import build_guest  # noqa: PLC0415 - full system only

        built = build_guest(progress)
        kernel, initramfs = kernel or built.kernel, initramfs or built.initramfs
        symbols = built.symbols if kernel == built.kernel else None
    if options.kernel is not None and (beside := kernel.with_name(SYMBOLS_NAME)).is_file():
        symbols = beside
    hashes = {"kernel": file_sha256(kernel), "initramfs": file_sha256(initramfs)}
    return GuestImage(kernel.absolute(), initramfs.absolute(), symbols, hashes)


def command_line(clock_hz: int, program: Program) -> str:
    """Return the kernel's command line for a CPU clock and a program.

    The time-stamp counter counts the CPU clock, so that its frequency is known and not measured;
    `idle=halt` because gem5's mwait wakes up late.
    """
    khz = clock_hz // 1000
    windows = sum(window.size_bytes for window in program.windows) + RING_BYTES
    contiguous = LEAST_CONTIGUOUS_BYTES
    while contiguous < windows:
        contiguous *= 2
    return (
        f"console=ttyS0 no_timer_check lpj={khz * 1000 // _JIFFIES_PER_SECOND} tsc=reliable"
        f" tsc_early_khz={khz} mitigations=off pci=nomsi cpu_init_udelay=0 idle=halt"
        f" cma={contiguous // MIB}M"
    )
